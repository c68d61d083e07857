// SPDX-License-Identifier: Apache-2.0
// siskin-vga-test: a function that owns the legacy VGA ranges and does nothing with them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bus/io_handler.h"
#include "base/object/device.h"
#include "pci/function.h"
#include "pci/properties.h"

namespace siskin {

struct VgaProbeConfig {
    PciProperties pci;
    std::uint8_t mark = 0x56;
};

extern const DeviceType kVgaProbeType;  // siskin-vga-test

// Memory a0000..bffff is plain memory. Each port keeps the last byte written to it; they start with
// the property `mark`, so that a guest sees whose ports it reads.
// Thread: under MachineLock.
class VgaProbe final : public Device, public PciFunction {
public:
    [[nodiscard]] static Result<std::unique_ptr<VgaProbe>> create(PciPlace place,
                                                                  std::shared_ptr<void> config);
    ~VgaProbe() override;

    using Device::id;
    using PciFunction::config;

    void reset(std::function<void()> done) override;
    void on_reset() override;

private:
    VgaProbe(const PciPlace& place, std::shared_ptr<void> config);

    class Bytes : public IoHandler {
    public:
        explicit Bytes(std::size_t size) : bytes_(size) {}
        void fill(std::uint8_t value) { std::fill(bytes_.begin(), bytes_.end(), value); }
        [[nodiscard]] std::uint64_t read(IoAccess access) override;
        void write(IoAccess access, std::uint64_t value) override;

    private:
        std::vector<std::uint8_t> bytes_;
    };

    std::uint8_t mark_;
    Bytes memory_{kVgaMemorySize};
    Bytes ports_{kVgaPortsSize};
    Bytes more_ports_{kVgaMorePortsSize};
};

}  // namespace siskin
