// SPDX-License-Identifier: Apache-2.0
// IntxRouter.
#include "pci/intx_routing.h"

#include "base/result.h"

namespace siskin {

void IntxRouter::connect(IntxInput input, IrqLine* line) {
    Input& entry = inputs_[index_of(input)];
    const std::size_t before = entry.line;
    entry.line = line == nullptr ? kNoLine : line_index(line);
    if (entry.line == before) {
        return;
    }
    take_from_line(before, entry.sources);
    add_to_line(entry.line, entry.sources);
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
