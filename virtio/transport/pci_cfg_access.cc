// SPDX-License-Identifier: Apache-2.0
// PciCfgAccess.
#include "virtio/transport/pci_cfg_access.h"

#include "base/bits.h"
#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

PciCfgAccess::PciCfgAccess(ConfigSpace& config, unsigned bar, std::uint64_t bar_size,
                           IoHandler& registers)
    : config_(config),
      bar_(bar),
      bar_size_(bar_size),
      registers_(registers),
      capability_(
          config.add_capability(pci_spec::kCapabilityVendor, spec::kCapabilityExtendedSize)) {
    config_.set8(capability_ + spec::kCapabilityLengthOffset, spec::kCapabilityExtendedSize);
    config_.set8(capability_ + spec::kCapabilityTypeOffset, spec::kCapabilityPciCfg);
    RegisterBlock& masks = config_.registers();
    masks.set_writable(capability_ + spec::kCapabilityBarOffset, 1, 0xff);
    masks.set_writable(capability_ + spec::kCapabilityRegionOffset, 4, 0xffffffff);
    masks.set_writable(capability_ + spec::kCapabilityRegionLength, 4, 0xffffffff);
    masks.set_writable(capability_ + spec::kCapabilityExtra, 4, 0xffffffff);
}

bool PciCfgAccess::touches_data(std::uint64_t offset, unsigned width) const {
    const std::uint64_t data = capability_ + spec::kCapabilityExtra;
    return offset < data + 4 && offset + width > data;
}

IoAccess PciCfgAccess::wanted() const {
    const std::uint8_t bar = config_.get8(capability_ + spec::kCapabilityBarOffset);
    const std::uint32_t offset = config_.get32(capability_ + spec::kCapabilityRegionOffset);
    const std::uint32_t length = config_.get32(capability_ + spec::kCapabilityRegionLength);
    const bool legal = bar == bar_ && (length == 1 || length == 2 || length == 4) &&
                       is_aligned(offset, length) && offset < bar_size_ &&
                       length <= bar_size_ - offset;
    return legal ? IoAccess{offset, length} : IoAccess{0, 0};
}

void PciCfgAccess::before_read(std::uint64_t offset, unsigned width) {
    if (!touches_data(offset, width)) {
        return;
    }
    if (const IoAccess access = wanted(); access.width != 0) {
        const auto value = static_cast<std::uint32_t>(registers_.read(access));
        config_.set32(capability_ + spec::kCapabilityExtra, value);
    }
}

void PciCfgAccess::after_write(std::uint64_t offset, unsigned width) {
    if (!touches_data(offset, width)) {
        return;
    }
    if (const IoAccess access = wanted(); access.width != 0) {
        const std::uint32_t value = config_.get32(capability_ + spec::kCapabilityExtra);
        registers_.write(access, value & all_ones(access.width));
    }
}

}  // namespace siskin
