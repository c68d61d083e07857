// SPDX-License-Identifier: Apache-2.0
// DirectPin.
#include "virtio/transport/direct_pin.h"

#include <utility>

namespace siskin {

DirectPin::DirectPin(IntxRouter& router, IntxInput input, LineEnds& ends,
                     std::function<bool()> wanted, std::function<void(std::string_view)> lost)
    : router_(router),
      input_(input),
      ends_(ends),
      wanted_(std::move(wanted)),
      lost_(std::move(lost)),
      routing_watch_(router.watch(input, [this](IrqLine* line) { on_routed(line); })) {
    prepare(router.line_of(input));
}

// What fails here is told when the line is to be shared.
void DirectPin::prepare(IrqLine* line) {
    if (line != nullptr) {
        [[maybe_unused]] const auto prepared = ends_.prepare(*line);
    }
}

Result<> DirectPin::open() {
    if (!event_) {
        event_.emplace(SISKIN_TRY(EventFd::create()));
    }
    SISKIN_TRY(bind_to(router_.line_of(input_)));
    open_ = true;
    return {};
}

void DirectPin::close() {
    open_ = false;
    unbind();
}

void DirectPin::unbind() {
    line_.reset();
    share_.reset();
}

Result<> DirectPin::bind_to(IrqLine* line) {
    // Of signals from before, the owner looks for their cause, so none is lost with the count.
    static_cast<void>(event_->take());
    if (line == nullptr) {
        return {};
    }
    // The end of interrupt lets the line go for all who share it. A level that still has its cause
    // comes back (PCI Local Bus 3.0 §2.2.6).
    auto share = SISKIN_TRY(ends_.share(*line, [this] {
        if (wanted_()) {
            event_->signal();
        }
    }));
    line_ = SISKIN_TRY(line->bind(*event_, share->event()));
    share_ = std::move(share);
    return {};
}

void DirectPin::on_routed(IrqLine* line) {
    prepare(line);
    if (!open_) {
        return;
    }
    unbind();
    if (const auto bound = bind_to(line); !bound) {
        lost_(bound.error().message);
    } else if (wanted_()) {
        event_->signal();
    }
}

}  // namespace siskin
