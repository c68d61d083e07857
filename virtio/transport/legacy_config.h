// SPDX-License-Identifier: Apache-2.0
// LegacyConfig: the legacy interface of a transitional device, as BAR 0 (virtio 1.2 §4.1.4.10).
#pragma once

#include <cstdint>
#include <functional>

#include "base/bus/io_handler.h"
#include "virtio/device.h"
#include "virtio/transport/common_config.h"
#include "virtio/transport/isr.h"
#include "virtio/transport/notify_region.h"

namespace siskin {

// The header, and behind it the device's configuration, whose place moves with MSI-X. It keeps
// nothing itself: the registers are those of CommonConfig, seen another way. Any read is defined,
// byte by byte. A write of the header counts when it is of one whole register; one of the device's
// configuration may have any width, and goes on byte by byte (§4.1.4.10).
// Left out: VIRTIO_F_NOTIFY_ON_EMPTY. Thread: any vCPU, under MachineLock.
class LegacyConfig final : public IoHandler {
public:
    // What the header and the device's configuration need, as a BAR's size.
    [[nodiscard]] static std::uint64_t bar_size(const VirtioDevice& device, bool has_msix);

    // All outlive it. `msix_enabled`: whether it is at the moment.
    LegacyConfig(VirtioDevice& device, CommonConfig& common, IsrStatus& isr, NotifyRegion& notify,
                 std::function<void()> before_access, std::function<bool()> msix_enabled);

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess access, std::uint64_t value) override;

private:
    [[nodiscard]] std::uint64_t header_size() const;
    [[nodiscard]] std::uint64_t read_register(std::uint64_t offset);
    void write_register(std::uint64_t offset, std::uint64_t value);
    void notify(std::uint64_t queue);

    VirtioDevice& device_;
    CommonConfig& common_;
    IsrStatus& isr_;
    NotifyRegion& notify_;
    std::function<void()> before_access_;
    std::function<bool()> msix_enabled_;
};

}  // namespace siskin
