// SPDX-License-Identifier: Apache-2.0
// Fuzzes qmp/framer: every way to cut the stream gives the same frames, within the limits.
#include "qmp/framer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace {

using siskin::qmp::Frame;
using siskin::qmp::Framer;

constexpr Framer::Limits kLimits{64, 8, 24};

std::vector<std::string> frames(std::string_view bytes, std::size_t chunk) {
    Framer framer(kLimits);
    std::vector<std::string> out;
    while (!bytes.empty()) {
        std::string_view part = bytes.substr(0, chunk);
        bytes.remove_prefix(part.size());
        while (!part.empty()) {
            std::optional<Frame> frame;
            const std::size_t taken = framer.feed(part, frame);
            SISKIN_ASSERT(taken > 0 || frame);
            part.remove_prefix(taken);
            if (frame) {
                SISKIN_ASSERT(frame->is_error || frame->text.size() <= kLimits.message_size);
                out.push_back((frame->is_error ? 'E' : 'M') + frame->text);
            }
        }
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) {
        return 0;
    }
    const std::string bytes(data + 1, data + size);
    const std::size_t chunk = std::size_t{data[0]} % 16 + 1;
    SISKIN_ASSERT(frames(bytes, chunk) == frames(bytes, std::max<std::size_t>(bytes.size(), 1)));
    return 0;
}
