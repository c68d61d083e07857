// SPDX-License-Identifier: Apache-2.0
// INTx: the swizzle through bridges, and the wired-OR of pins into interrupt lines.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/bus/binding.h"
#include "base/bus/irq_line.h"
#include "pci/bdf.h"

namespace siskin {

inline constexpr unsigned kIntxPinCount = 4;  // INTA# = 0 ... INTD# = 3

// The pin on the bridge's primary side for `pin` of `device` on its secondary side (PCI-to-PCI
// Bridge 1.2 §9.1, table 9-1; PCIe 5.0 §2.2.8.1).
[[nodiscard]] constexpr unsigned swizzled_pin(unsigned device, unsigned pin) {
    return (pin + device) % kIntxPinCount;
}

// A pin of a device on a root bus.
struct IntxInput {
    std::uint8_t device = 0;  // 0..31
    std::uint8_t pin = 0;     // 0..3

    friend bool operator==(const IntxInput&, const IntxInput&) = default;
};

// Counts the sources of each root pin and drives the board's lines: a line is asserted while any
// pin that is connected to it has a source. Thread: under MachineLock.
class IntxRouter {
public:
    IntxRouter() = default;
    IntxRouter(const IntxRouter&) = delete;
    IntxRouter& operator=(const IntxRouter&) = delete;

    // From now on `input` drives `line` (not owned; null: nothing). One line may serve many inputs.
    // Each watch of the input is told once, when the line is another one than before.
    // Thread: VM loop.
    void connect(IntxInput input, IrqLine* line);
    [[nodiscard]] IrqLine* line_of(IntxInput input) const;

    // While the watch lives, `changed` runs after each change of the input's line, whichever
    // bridges lie between: a pin's input is known when a function is made, so nobody walks the
    // tree. A change made by a callback is told when the one before was told to all, so callbacks
    // never nest. The watch is gone before the router.
    using Changed = std::function<void(IrqLine* line)>;
    [[nodiscard]] std::unique_ptr<Binding> watch(IntxInput input, Changed changed);

    // One source more or less; PciFunction calls it, once a change of its own level.
    void raise(IntxInput input);
    void lower(IntxInput input);
    [[nodiscard]] bool asserted(IntxInput input) const { return sources_of(input) != 0; }

private:
    struct Line {
        IrqLine* line;
        std::uint32_t sources;
    };
    static constexpr std::size_t kNoLine = ~std::size_t{0};

    [[nodiscard]] static std::size_t index_of(IntxInput input);
    [[nodiscard]] std::uint32_t sources_of(IntxInput input) const;
    [[nodiscard]] std::size_t line_index(IrqLine* line);
    void add_to_line(std::size_t index, std::uint32_t sources);
    void take_from_line(std::size_t index, std::uint32_t sources);

    struct Input {
        std::uint32_t sources = 0;
        std::size_t line = kNoLine;
    };
    class Watch;
    void tell(IntxInput input);

    std::array<std::vector<Watch*>, DevFn::kDeviceCount * kIntxPinCount> watches_{};
    std::deque<IntxInput> untold_;
    bool telling_ = false;
    std::array<Input, DevFn::kDeviceCount * kIntxPinCount> inputs_{};
    std::vector<Line> lines_;
};

}  // namespace siskin
