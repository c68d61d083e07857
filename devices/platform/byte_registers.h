// SPDX-License-Identifier: Apache-2.0
// ByteRegisters: an IoHandler whose registers are one byte wide.
#pragma once

#include <cstdint>

#include "base/bus/io_handler.h"

namespace siskin {

// A wider access is as many byte accesses at rising ports, as the ISA bus does it for 8-bit
// devices. Thread: any vCPU, under MachineLock.
class ByteRegisters : public IoHandler {
public:
    [[nodiscard]] std::uint64_t read(IoAccess access) final {
        std::uint64_t value = 0;
        for (unsigned index = 0; index < access.width; ++index) {
            value |= std::uint64_t{read_byte(access.offset + index)} << (8 * index);
        }
        return value;
    }
    void write(IoAccess access, std::uint64_t value) final {
        for (unsigned index = 0; index < access.width; ++index) {
            write_byte(access.offset + index, static_cast<std::uint8_t>(value >> (8 * index)));
        }
    }

protected:
    [[nodiscard]] virtual std::uint8_t read_byte(std::uint64_t offset) = 0;
    virtual void write_byte(std::uint64_t offset, std::uint8_t value) = 0;
};

}  // namespace siskin
