// SPDX-License-Identifier: Apache-2.0
// Bar: one base address register; BarRegions: several register regions in one BAR.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bus/io_handler.h"
#include "base/units.h"
#include "pci/config_space.h"

namespace siskin {

// Rom: the expansion ROM register, 32 bits, with an enable bit of its own.
enum class BarKind { Memory32, Memory64, Io, Rom };

// What a device asks for. Memory64 takes two registers.
struct BarSpec {
    BarKind kind = BarKind::Memory32;
    bool prefetchable = false;
    ByteCount size;  // a power of two; at least 16 for memory, 4..256 for I/O
    IoHandler* handler = nullptr;
};

// One BAR of one function: its registers in configuration space (PCIe 5.0 §7.5.1.2.1) and where it
// is decoded now. Thread: under MachineLock.
class Bar {
public:
    // Prepares the registers of BAR `index` (of kind Rom: of any index); a broken spec is our own
    // bug (asserted).
    Bar(ConfigSpace& config, unsigned index, const BarSpec& spec);

    [[nodiscard]] unsigned index() const { return index_; }
    [[nodiscard]] const BarSpec& spec() const { return spec_; }
    [[nodiscard]] bool is_io() const { return spec_.kind == BarKind::Io; }
    // The registers' address bits as they stand.
    [[nodiscard]] std::uint64_t programmed(const ConfigSpace& config) const;

    // Takes note of a guest's write to [offset, offset + width) of configuration space. While one
    // half of a 64-bit BAR holds a new value and the other half was not written since (ones, which
    // ask for the size, do not count), the BAR is undecoded: an address made of an old and a new
    // half is never decoded. The old address restored, or a write to any register outside the pair,
    // ends that.
    void note_write(const ConfigSpace& config, std::size_t offset, unsigned width);
    // Where the BAR asks to be decoded, the command register aside. Nothing: the address is 0, all
    // ones (a driver is sizing it) or half-written, or a ROM is not enabled.
    [[nodiscard]] std::optional<std::uint64_t> wanted(const ConfigSpace& config) const;
    // Takes the registers as they stand for a whole address.
    void settle(const ConfigSpace& config);

    // Where the whole BAR is reachable for the guest at this moment; set by Topology.
    [[nodiscard]] std::optional<GuestAddress> mapped() const { return mapped_; }
    void set_mapped(std::optional<GuestAddress> address) { mapped_ = address; }

    // Programs the address (which is aligned), as firmware does.
    void program(ConfigSpace& config, std::uint64_t address);

private:
    [[nodiscard]] std::uint64_t address_mask() const;
    [[nodiscard]] std::size_t offset() const { return offset_; }

    unsigned index_;
    std::size_t offset_;
    BarSpec spec_;
    std::uint64_t settled_ = 0;  // the last address that was not half-written
    bool half_written_ = false;
    bool low_written_ = false;
    bool high_written_ = false;
    std::optional<GuestAddress> mapped_;
};

// An IoHandler that hands each access to the region it lies in, with the offset inside it. An
// access that lies in no region, or not wholly in one, reads ones and writes nothing.
class BarRegions : public IoHandler {
public:
    // Regions do not meet (asserted). `handler` outlives this.
    void add(std::uint64_t offset, std::uint64_t size, IoHandler& handler);

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess access, std::uint64_t value) override;

private:
    struct Region {
        std::uint64_t offset;
        std::uint64_t size;
        IoHandler* handler;
    };
    [[nodiscard]] const Region* find(IoAccess access) const;

    std::vector<Region> regions_;
};

}  // namespace siskin
