// SPDX-License-Identifier: Apache-2.0
// MsiCapability.
#include "pci/msi.h"

#include "base/bits.h"
#include "base/result.h"

namespace siskin {

using namespace pci_spec;

namespace {

// Where the fields behind the address lie: §7.7.1, figures 7-47 to 7-50.
unsigned data_at(const MsiOptions& options) {
    return options.is_64_bit ? 0x0c : 0x08;
}
unsigned masks_at(const MsiOptions& options) {
    return data_at(options) + 4;
}
unsigned size_of(const MsiOptions& options) {
    return options.has_masks ? masks_at(options) + 8 : data_at(options) + 2;
}

unsigned log2_of(unsigned power) {
    unsigned bits = 0;
    while (power >> bits > 1) {
        ++bits;
    }
    return bits;
}

}  // namespace

MsiCapability::MsiCapability(ConfigSpace& config, MsiTarget& target, const MsiOptions& options)
    : config_(config), target_(target), options_(options) {
    SISKIN_ASSERT(is_power_of_two(options.vectors) && options.vectors <= 32);
    at_ = config.add_capability(kCapabilityMsi, size_of(options), options.offset);
    const unsigned capable = log2_of(options.vectors);
    config.set16(at_ + kMsiControl,
                 static_cast<std::uint16_t>(capable << 1 | (options.is_64_bit ? kMsi64Bit : 0U) |
                                            (options.has_masks ? kMsiMasking : 0U)));
    RegisterBlock& registers = config.registers();
    // Multiple Message Enable takes as many bits as its largest value needs.
    const unsigned enable_bits = capable == 0 ? 0 : (capable == 1 ? 1U : capable <= 3 ? 3U : 7U);
    registers.set_writable(at_ + kMsiControl, 2, kMsiEnable | enable_bits << 4);
    registers.set_writable(at_ + kMsiAddress, 4, 0xfffffffc);
    if (options.is_64_bit) {
        registers.set_writable(at_ + kMsiAddress + 4, 4, 0xffffffff);
    }
    registers.set_writable(at_ + data_at(options), 2, 0xffff);
    if (options.has_masks) {
        const std::uint64_t all = (std::uint64_t{1} << options.vectors) - 1;
        registers.set_writable(at_ + masks_at(options), 4, all);
    }
}

bool MsiCapability::enabled() const {
    return (config_.get16(at_ + kMsiControl) & kMsiEnable) != 0;
}

unsigned MsiCapability::allocated() const {
    const unsigned wanted = (config_.get16(at_ + kMsiControl) & kMsiMultipleEnable) >> 4;
    const unsigned count = 1U << wanted;
    // §7.7.1.2: software does not allocate more than was asked for; if it does, that is the most.
    return !enabled() ? 1 : (count < options_.vectors ? count : options_.vectors);
}

void MsiCapability::raise(unsigned number) {
    if (!enabled()) {
        return;
    }
    number %= allocated();
    const std::uint32_t bit = std::uint32_t{1} << number;
    if ((masks() & bit) != 0) {
        config_.set32(at_ + masks_at(options_) + 4, pending() | bit);
    } else if (bus_master_) {
        target_.send(message(number));
    }
}

void MsiCapability::update(bool bus_master) {
    bus_master_ = bus_master;
    if (!options_.has_masks || !enabled() || !bus_master) {
        return;
    }
    const std::uint32_t ready = pending() & ~masks();
    if (ready == 0) {
        return;
    }
    config_.set32(at_ + masks_at(options_) + 4, pending() & ~ready);
    for (unsigned number = 0; number < options_.vectors; ++number) {
        if ((ready >> number & 1) != 0) {
            target_.send(message(number));
        }
    }
}

std::uint32_t MsiCapability::masks() const {
    return options_.has_masks ? config_.get32(at_ + masks_at(options_)) : 0;
}

std::uint32_t MsiCapability::pending() const {
    return options_.has_masks ? config_.get32(at_ + masks_at(options_) + 4) : 0;
}

// §7.7.1.3: the low bits of the data say which of the vectors it is.
MsiMessage MsiCapability::message(unsigned number) const {
    const std::uint64_t high =
        options_.is_64_bit ? std::uint64_t{config_.get32(at_ + kMsiAddress + 4)} << 32 : 0;
    const std::uint32_t data = config_.get16(at_ + data_at(options_));
    return MsiMessage{high | config_.get32(at_ + kMsiAddress),
                      (data & ~(allocated() - 1)) | number};
}

}  // namespace siskin
