// SPDX-License-Identifier: Apache-2.0
// MsixTable: which vectors are bound, and what happens to signals of those that are not.
#include "pci/msix.h"

#include "base/bits.h"
#include "base/text.h"
#include "pci/spec.h"

namespace siskin {

using namespace pci_spec;

MsixTable::MsixTable(std::uint16_t vector_count, MsiTarget& target, std::string name)
    : vector_count_(vector_count),
      target_(target),
      log_(std::move(name)),
      entries_(std::size_t{vector_count} * kMsixEntrySize),
      vectors_(vector_count) {
    SISKIN_ASSERT(vector_count >= 1 && vector_count <= kMsixVectorMax);
    for (std::size_t at = 0; at < entries_.size(); at += kMsixEntrySize) {
        // PCIe 5.0 §7.7.2.2: messages are aligned to 4 bytes, so the low bits stay 0.
        entries_.set_writable(at + kMsixEntryAddress, 8, ~std::uint64_t{3});
        entries_.set_writable(at + kMsixEntryData, 4, 0xffffffff);
        entries_.set_writable(at + kMsixEntryControl, 4, kMsixEntryMasked);
    }
    set_power_on_entries();
}

MsixTable::~MsixTable() = default;

Result<std::shared_ptr<const EventFd>> MsixTable::event(std::uint16_t vector) {
    if (!is_vector(vector)) {
        return fail(concat("MSI-X vector is ", vector, ", the most is ", vector_count_ - 1));
    }
    Vector& entry = vectors_[vector];
    if (entry.event == nullptr) {
        entry.event = std::make_shared<const EventFd>(SISKIN_TRY(EventFd::create()));
        update(vector);
    }
    return entry.event;
}

std::uint64_t MsixTable::table_size() const {
    return entries_.size();
}

std::uint64_t MsixTable::pending_bits_size() const {
    return align_up(vector_count_, 64) / 8;
}

void MsixTable::set_gate(Gate gate) {
    if (gate == gate_) {
        return;
    }
    gate_ = gate;
    for (std::uint16_t vector = 0; vector < vector_count_; ++vector) {
        update(vector);
    }
}

void MsixTable::reset() {
    gate_ = Gate{};
    set_power_on_entries();
    for (Vector& vector : vectors_) {
        vector.binding.reset();
        if (vector.event != nullptr) {
            static_cast<void>(vector.event->take());  // nothing is pending after a reset
        }
    }
}

bool MsixTable::pending(std::uint16_t vector) const {
    const Vector& entry = vectors_.at(vector);
    return entry.binding == nullptr && entry.event != nullptr && entry.event->readable();
}

bool MsixTable::bound(std::uint16_t vector) const {
    return vectors_.at(vector).binding != nullptr;
}

MsiMessage MsixTable::message(std::uint16_t vector) const {
    const std::size_t at = std::size_t{vector} * kMsixEntrySize;
    return MsiMessage{entries_.get(at + kMsixEntryAddress, 8),
                      static_cast<std::uint32_t>(entries_.get(at + kMsixEntryData, 4))};
}

bool MsixTable::may_send(std::uint16_t vector) const {
    const std::size_t at = std::size_t{vector} * kMsixEntrySize + kMsixEntryControl;
    return gate_.enabled && !gate_.function_masked && gate_.bus_master &&
           (entries_.get(at, 4) & kMsixEntryMasked) == 0;
}

void MsixTable::update(std::uint16_t vector) {
    Vector& entry = vectors_[vector];
    if (entry.event == nullptr) {
        return;
    }
    const bool wanted = may_send(vector);
    const MsiMessage now = message(vector);
    if (entry.binding != nullptr && (!wanted || entry.message != now)) {
        entry.binding.reset();
    }
    if (!wanted || entry.binding != nullptr) {
        return;
    }
    // What is already counted is taken before, and once more after, for a signal that came in
    // between, as not every kernel looks at the count when it binds. PCIe 5.0 §6.1.4.5: what is
    // pending goes out once; a signal in just that moment may, where the kernel does look, go out
    // twice, which drivers of a shared vector meet anyway.
    std::uint64_t count = entry.event->take();
    auto binding = target_.bind(*entry.event, now);
    if (!binding) {
        ++bind_failures_;
        log_.report(concat("MSI-X vector ", vector,
                           " cannot be delivered and stays pending: ", binding.error().message));
        if (count != 0) {
            entry.event->signal();
        }
        return;
    }
    entry.binding = std::move(*binding);
    entry.message = now;
    count += entry.event->take();
    if (count != 0) {
        target_.send(now);
    }
}

void MsixTable::set_power_on_entries() {
    for (std::size_t at = 0; at < entries_.size(); at += kMsixEntrySize) {
        entries_.set(at + kMsixEntryAddress, 8, 0);
        entries_.set(at + kMsixEntryData, 4, 0);
        entries_.set(at + kMsixEntryControl, 4, kMsixEntryMasked);
    }
}

std::uint64_t MsixTable::TableRegion::read(IoAccess access) {
    return owner_.entries_.read(access.offset, access.width);
}

void MsixTable::TableRegion::write(IoAccess access, std::uint64_t value) {
    owner_.entries_.write(access.offset, access.width, value);
    // An access of 8 bytes at an odd place may touch two entries.
    const std::uint64_t first = access.offset / kMsixEntrySize;
    const std::uint64_t last = (access.offset + access.width - 1) / kMsixEntrySize;
    for (std::uint64_t vector = first; vector <= last && vector < owner_.vector_count_; ++vector) {
        owner_.update(static_cast<std::uint16_t>(vector));
    }
}

std::uint64_t MsixTable::PendingRegion::read(IoAccess access) {
    std::uint64_t value = 0;
    for (unsigned bit = 0; bit < access.width * 8; ++bit) {
        const std::uint64_t vector = access.offset * 8 + bit;
        const bool is_set =
            vector < owner_.vector_count_ && owner_.pending(static_cast<std::uint16_t>(vector));
        value |= std::uint64_t{is_set} << bit;
    }
    return value;
}

// PCIe 5.0 §7.7.2.10: software does not write pending bits; what it tries is dropped.
void MsixTable::PendingRegion::write(IoAccess /*access*/, std::uint64_t /*value*/) {}

}  // namespace siskin
