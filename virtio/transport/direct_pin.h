// SPDX-License-Identifier: Apache-2.0
// DirectPin: an INTx pin that any thread asserts by an EventFd, without a lock or a thread of ours.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bus/binding.h"
#include "base/fd.h"
#include "base/result.h"
#include "pci/intx_routing.h"
#include "virtio/transport/line_ends.h"

namespace siskin {

// Binds the event to the line that the pin is routed to (IrqLine::bind), and to another one as soon
// as it is routed anew. The line goes down at each end of interrupt; who still wants the pin then
// has it raised again from the VM loop. The descriptor exists from the first open() on.
// Thread: under MachineLock, but for signals of event(); made, and routed anew, on the VM loop.
class DirectPin {
public:
    // `wanted` tells whether the device has a cause. `lost` is called when the pin was routed to a
    // line that refuses. All outlive this.
    DirectPin(IntxRouter& router, IntxInput input, LineEnds& ends, std::function<bool()> wanted,
              std::function<void(std::string_view)> lost);
    DirectPin(const DirectPin&) = delete;
    DirectPin& operator=(const DirectPin&) = delete;

    // Error: the line has no such way, no descriptor left; nothing has changed then.
    [[nodiscard]] Result<> open();
    // The line is let go.
    void close();
    [[nodiscard]] bool is_open() const { return open_; }
    // Never to be opened again; close() is left to the caller.
    void give_up() { given_up_ = true; }
    [[nodiscard]] bool given_up() const { return given_up_; }

    // What asserts the pin: the same object from the first successful open() on.
    [[nodiscard]] const EventFd& event() const { return *event_; }

private:
    [[nodiscard]] Result<> bind_to(IrqLine* line);
    void unbind();
    void prepare(IrqLine* line);
    void on_routed(IrqLine* line);

    IntxRouter& router_;
    const IntxInput input_;
    LineEnds& ends_;
    const std::function<bool()> wanted_;
    const std::function<void(std::string_view)> lost_;
    std::optional<EventFd> event_;
    std::unique_ptr<LineEnds::Share> share_;
    std::unique_ptr<Binding> line_;  // goes before the share
    std::unique_ptr<Binding> routing_watch_;
    bool open_ = false;
    bool given_up_ = false;
};

}  // namespace siskin
