// SPDX-License-Identifier: Apache-2.0
// Debug console (isa-debugcon): each byte written to one port goes to a Chardev.
// Models: the port of Bochs and QEMU: write a byte; reading tells by a fixed value that it is
// there. Left out: nothing.  Follows: QEMU's isa-debugcon (port 0xe9, read back 0xe9). Thread: any
// vCPU, under MachineLock.
#pragma once

#include <cstdint>
#include <span>

#include "devices/chardev/chardev.h"
#include "devices/platform/byte_registers.h"

namespace siskin {

class DebugPort final : public ByteRegisters, private ChardevFrontEnd {
public:
    static constexpr std::uint64_t kPortCount = 1;

    // `readback`: what a read gives.
    explicit DebugPort(std::uint8_t readback) : readback_(readback) {}
    ~DebugPort() override {
        if (chardev_ != nullptr) {
            chardev_->detach();
        }
    }
    DebugPort(const DebugPort&) = delete;
    DebugPort& operator=(const DebugPort&) = delete;

    // `chardev` outlives it. Error: the chardev is in use.
    [[nodiscard]] Result<> connect(Chardev& chardev) {
        SISKIN_TRY(chardev.attach(*this));
        chardev_ = &chardev;
        return {};
    }

private:
    [[nodiscard]] std::uint8_t read_byte(std::uint64_t) override { return readback_; }
    void write_byte(std::uint64_t, std::uint8_t value) override {
        if (chardev_ != nullptr) {
            chardev_->write(std::span(&value, 1));
        }
    }
    // It has no input: whatever the host types is thrown away.
    [[nodiscard]] std::size_t can_receive() const override { return SIZE_MAX; }
    void receive(std::span<const std::uint8_t>) override {}

    std::uint8_t readback_;
    Chardev* chardev_ = nullptr;
};

}  // namespace siskin
