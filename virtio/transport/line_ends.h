// SPDX-License-Identifier: Apache-2.0
// LineEnds: the ends of interrupt of a line, told to all who share it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/bus/irq_line.h"
#include "base/fd.h"
#include "base/result.h"
#include "virtio/transport/interrupt_relay.h"

namespace siskin {

// One event a line, for IrqLine::bind, and one look at it an end of interrupt, however many share
// the line. Both stay until LineEnds goes: watches are the VM loop's alone, and who shares a line
// changes on any thread. Thread: VM loop or any vCPU, under MachineLock; prepare() and the
// destructor: VM loop.
class LineEnds {
public:
    // `relay` outlives this.
    explicit LineEnds(InterruptRelay& relay) : relay_(relay) {}
    LineEnds(const LineEnds&) = delete;
    LineEnds& operator=(const LineEnds&) = delete;

    // To be called before a line is shared. Error: no descriptor left.
    [[nodiscard]] Result<> prepare(IrqLine& line);

    // While it lives, its function is called soon after each end of interrupt. Goes before LineEnds
    // and the line, and not from inside such a call.
    class Share {
    public:
        Share(LineEnds& all, IrqLine& line, std::function<void()> ended);
        ~Share();
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        [[nodiscard]] const EventFd& event() const;

    private:
        friend class LineEnds;
        LineEnds& all_;
        IrqLine& line_;
        const std::function<void()> ended_;
    };
    // Error: the line is not prepared.
    [[nodiscard]] Result<std::unique_ptr<Share>> share(IrqLine& line, std::function<void()> ended);

private:
    struct Line {
        EventFd event;
        std::vector<const Share*> shares;
        std::unique_ptr<Binding> watch;  // goes before the event
    };

    InterruptRelay& relay_;
    std::map<const IrqLine*, std::unique_ptr<Line>> lines_;
};

}  // namespace siskin
