// SPDX-License-Identifier: Apache-2.0
// OptionRom: the bytes behind a function's expansion ROM register.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bus/io_handler.h"
#include "base/result.h"
#include "base/units.h"
#include "pci/properties.h"

namespace siskin {

// Read-only; bytes past the file's end are 0. Thread: any, the bytes do not change.
class OptionRom final : public IoHandler {
public:
    static constexpr std::uint64_t kSizeMin = 2 * kKiB;  // PCIe 5.0 §7.5.1.2.4: bits 31:11
    // A file is kept in memory as a whole.
    static constexpr std::uint64_t kSizeMax = 16 * kMiB;

    // What the properties romfile, romsize and rombar ask for; null for no ROM. Errors in QEMU's
    // words: the file is missing, empty or larger than romsize; romsize is no power of two.
    [[nodiscard]] static Result<std::shared_ptr<OptionRom>> load(const PciProperties& properties);
    // The same, but for a read that fails: the file is looked at and not read, nothing of it is
    // kept, and all bytes are 0.
    [[nodiscard]] static Result<std::shared_ptr<OptionRom>> measure(
        const PciProperties& properties);

    // Of the register: a power of two.
    [[nodiscard]] ByteCount size() const { return size_; }
    // How much memory it takes.
    [[nodiscard]] ByteCount kept() const { return ByteCount{bytes_.size()}; }

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess /*access*/, std::uint64_t /*value*/) override {}

private:
    OptionRom(std::vector<std::uint8_t> bytes, ByteCount size)
        : bytes_(std::move(bytes)), size_(size) {}

    std::vector<std::uint8_t> bytes_;
    ByteCount size_;
};

}  // namespace siskin
