// SPDX-License-Identifier: Apache-2.0
// LineEnds.
#include "virtio/transport/line_ends.h"

#include <utility>

namespace siskin {

LineEnds::Share::Share(LineEnds& all, IrqLine& line, std::function<void()> ended)
    : all_(all), line_(line), ended_(std::move(ended)) {
    all_.lines_.at(&line_)->shares.push_back(this);
}

LineEnds::Share::~Share() {
    Line& line = *all_.lines_.at(&line_);
    std::erase(line.shares, this);
}

const EventFd& LineEnds::Share::event() const {
    return all_.lines_.at(&line_)->event;
}

Result<> LineEnds::prepare(IrqLine& line) {
    if (lines_.contains(&line)) {
        return {};
    }
    auto fresh = std::make_unique<Line>(Line{SISKIN_TRY(EventFd::create()), {}, nullptr});
    fresh->watch = SISKIN_TRY(relay_.watch(fresh->event, [&shares = fresh->shares] {
        for (const Share* const share : shares) {
            share->ended_();
        }
    }));
    lines_.emplace(&line, std::move(fresh));
    return {};
}

Result<std::unique_ptr<LineEnds::Share>> LineEnds::share(IrqLine& line,
                                                         std::function<void()> ended) {
    if (!lines_.contains(&line)) {
        return fail("the ends of its interrupts cannot be told");
    }
    return std::make_unique<Share>(*this, line, std::move(ended));
}

}  // namespace siskin
