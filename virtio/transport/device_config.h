// SPDX-License-Identifier: Apache-2.0
// DeviceConfigRegion: the device-specific configuration as a region of a BAR (virtio 1.2 §4.1.4.6).
#pragma once

#include <cstdint>

#include "base/bus/io_handler.h"
#include "virtio/device.h"

namespace siskin {

// Thread: any vCPU, under MachineLock.
class DeviceConfigRegion final : public IoHandler {
public:
    explicit DeviceConfigRegion(VirtioDevice& device) : device_(device) {}

    [[nodiscard]] std::uint64_t read(IoAccess access) override {
        return device_.read_config(access.offset, access.width);
    }
    void write(IoAccess access, std::uint64_t value) override {
        device_.write_config(access.offset, access.width, value);
    }

private:
    VirtioDevice& device_;
};

}  // namespace siskin
