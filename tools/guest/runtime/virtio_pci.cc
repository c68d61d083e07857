// SPDX-License-Identifier: Apache-2.0
// The driver's side of virtio over modern PCI.
#include "tools/guest/runtime/virtio_pci.h"

#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/page_map.h"
#include "tools/guest/runtime/pm_timer.h"

namespace siskin::guest {

bool VirtioPci::open(Bdf bdf) {
    bdf_ = bdf;
    common_ = notify_ = interrupt_status_ = device_ = 0;
    const auto command = static_cast<std::uint16_t>(config_read16(bdf, kPciCommand) |
                                                    kCommandMemory | kCommandBusMaster);
    config_write16(bdf, kPciCommand, command);
    for (std::uint8_t at = find_capability(bdf, kCapabilityVendor); at != 0;
         at = find_capability(bdf, kCapabilityVendor, at)) {
        const auto offset_of = [at](unsigned field) {  // §4.1.4: struct virtio_pci_cap
            return static_cast<std::uint16_t>(at + field);
        };
        const std::uint8_t type = config_read8(bdf, offset_of(3));
        const std::uint8_t bar = config_read8(bdf, offset_of(4));
        if (type < 1 || type > 4 || bar > 5) {
            continue;
        }
        const std::uint64_t address = bar_address(bdf, bar) + config_read32(bdf, offset_of(8));
        map_device(address, config_read32(bdf, offset_of(12)));
        std::uint64_t* const places[] = {&common_, &notify_, &interrupt_status_, &device_};
        if (*places[type - 1] == 0) {  // §4.1.4.1: the first of a type is the one to use
            *places[type - 1] = address;
            if (type == 2) {
                notify_multiplier_ = config_read32(bdf, offset_of(16));
            }
        }
    }
    return common_ != 0 && notify_ != 0 && interrupt_status_ != 0 && device_ != 0;
}

bool VirtioPci::reset() {
    write8(kCommonStatus, 0);
    return wait_until([this] { return status() == 0; });
}

void VirtioPci::add_status(std::uint8_t bits) {
    write8(kCommonStatus, static_cast<std::uint8_t>(status() | bits));
}

std::uint64_t VirtioPci::device_features() const {
    write32(kCommonDeviceFeatureSelect, 0);
    const std::uint64_t low = read32(kCommonDeviceFeature);
    write32(kCommonDeviceFeatureSelect, 1);
    return low | std::uint64_t{read32(kCommonDeviceFeature)} << 32;
}

bool VirtioPci::negotiate(std::uint64_t wanted) {
    add_status(kStatusAcknowledge);
    add_status(kStatusDriver);
    write32(kCommonDriverFeatureSelect, 0);
    write32(kCommonDriverFeature, static_cast<std::uint32_t>(wanted));
    write32(kCommonDriverFeatureSelect, 1);
    write32(kCommonDriverFeature, static_cast<std::uint32_t>(wanted >> 32));
    add_status(kStatusFeaturesOk);
    return (status() & kStatusFeaturesOk) != 0;
}

bool VirtioPci::start_queue(std::uint16_t index, std::uint16_t size, Virtqueue::Options options,
                            std::uint16_t vector, Virtqueue& queue) {
    write16(kCommonQueueSelect, index);
    const std::uint16_t offered = read16(kCommonQueueSize);
    if (offered == 0 || index >= kQueuesMax) {
        return false;
    }
    const std::uint16_t chosen = size < offered ? size : offered;
    write16(kCommonQueueSize, chosen);
    queue.set_up(chosen, options);
    write64(kCommonQueueDescriptors, queue.descriptors_address());
    write64(kCommonQueueDriver, queue.available_address());
    write64(kCommonQueueDevice, queue.used_address());
    write16(kCommonQueueVector, vector);
    if (read16(kCommonQueueVector) != vector) {  // §4.1.5.1.2.2: NO_VECTOR is a refusal
        return false;
    }
    notify_offsets_[index] = read16(kCommonQueueNotifyOffset);
    write16(kCommonQueueEnable, 1);
    return read16(kCommonQueueEnable) == 1;
}

void VirtioPci::notify(std::uint16_t index) const {
    mmio_write(notify_place(notify_offsets_[index]), index);
}

std::uint8_t VirtioPci::read_interrupt_status() const {
    return mmio_read<std::uint8_t>(interrupt_status_);
}

std::uint8_t VirtioPci::read8(std::uint16_t offset) const {
    return mmio_read<std::uint8_t>(common_ + offset);
}
std::uint16_t VirtioPci::read16(std::uint16_t offset) const {
    return mmio_read<std::uint16_t>(common_ + offset);
}
std::uint32_t VirtioPci::read32(std::uint16_t offset) const {
    return mmio_read<std::uint32_t>(common_ + offset);
}
void VirtioPci::write8(std::uint16_t offset, std::uint8_t value) const {
    mmio_write(common_ + offset, value);
}
void VirtioPci::write16(std::uint16_t offset, std::uint16_t value) const {
    mmio_write(common_ + offset, value);
}
void VirtioPci::write32(std::uint16_t offset, std::uint32_t value) const {
    mmio_write(common_ + offset, value);
}
void VirtioPci::write64(std::uint16_t offset, std::uint64_t value) const {
    // §4.1.3.1: 64-bit fields are written by two 32-bit accesses.
    write32(offset, static_cast<std::uint32_t>(value));
    write32(static_cast<std::uint16_t>(offset + 4), static_cast<std::uint32_t>(value >> 32));
}

}  // namespace siskin::guest
