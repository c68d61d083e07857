// SPDX-License-Identifier: Apache-2.0
// IntxRouter.
#include "pci/intx_routing.h"

#include <algorithm>
#include <utility>

#include "base/result.h"

namespace siskin {

class IntxRouter::Watch : public Binding {
public:
    Watch(std::vector<Watch*>& all, Changed changed) : changed_(std::move(changed)), all_(all) {
        all_.push_back(this);
    }
    ~Watch() override { std::erase(all_, this); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void tell(IrqLine* line) const { changed_(line); }

private:
    Changed changed_;
    std::vector<Watch*>& all_;
};

std::unique_ptr<Binding> IntxRouter::watch(IntxInput input, Changed changed) {
    return std::make_unique<Watch>(watches_[index_of(input)], std::move(changed));
}

IrqLine* IntxRouter::line_of(IntxInput input) const {
    const std::size_t line = inputs_[index_of(input)].line;
    return line == kNoLine ? nullptr : lines_[line].line;
}

void IntxRouter::tell(IntxInput input) {
    untold_.push_back(input);
    if (telling_) {
        return;
    }
    telling_ = true;
    while (!untold_.empty()) {
        const IntxInput next = untold_.front();
        untold_.pop_front();
        // A callback may end watches, its own too, and begin others, which hear of the next change.
        const std::vector<Watch*> told = watches_[index_of(next)];
        for (Watch* const watch : told) {
            const std::vector<Watch*>& present = watches_[index_of(next)];
            if (std::find(present.begin(), present.end(), watch) != present.end()) {
                watch->tell(line_of(next));
            }
        }
    }
    telling_ = false;
}

void IntxRouter::connect(IntxInput input, IrqLine* line) {
    Input& entry = inputs_[index_of(input)];
    const std::size_t before = entry.line;
    entry.line = line == nullptr ? kNoLine : line_index(line);
    if (entry.line == before) {
        return;
    }
    take_from_line(before, entry.sources);
    add_to_line(entry.line, entry.sources);
    tell(input);
}

void IntxRouter::raise(IntxInput input) {
    Input& entry = inputs_[index_of(input)];
    ++entry.sources;
    add_to_line(entry.line, 1);
}

void IntxRouter::lower(IntxInput input) {
    Input& entry = inputs_[index_of(input)];
    SISKIN_ASSERT(entry.sources > 0);
    --entry.sources;
    take_from_line(entry.line, 1);
}

std::size_t IntxRouter::index_of(IntxInput input) {
    SISKIN_ASSERT(input.device < DevFn::kDeviceCount && input.pin < kIntxPinCount);
    return std::size_t{input.device} * kIntxPinCount + input.pin;
}

std::uint32_t IntxRouter::sources_of(IntxInput input) const {
    return inputs_[index_of(input)].sources;
}

std::size_t IntxRouter::line_index(IrqLine* line) {
    for (std::size_t index = 0; index < lines_.size(); ++index) {
        if (lines_[index].line == line) {
            return index;
        }
    }
    lines_.push_back(Line{line, 0});
    return lines_.size() - 1;
}

void IntxRouter::add_to_line(std::size_t index, std::uint32_t sources) {
    if (index == kNoLine || sources == 0) {
        return;
    }
    Line& entry = lines_[index];
    const bool rises = entry.sources == 0;
    entry.sources += sources;
    if (rises) {
        entry.line->set(true);
    }
}

void IntxRouter::take_from_line(std::size_t index, std::uint32_t sources) {
    if (index == kNoLine || sources == 0) {
        return;
    }
    Line& entry = lines_[index];
    entry.sources -= sources;
    if (entry.sources == 0) {
        entry.line->set(false);
    }
}

}  // namespace siskin
