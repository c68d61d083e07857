// SPDX-License-Identifier: Apache-2.0
// ringbuf_read and ringbuf_write.
#include <array>
#include <cstdio>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

// Line ends and tabs as they are, other control characters and the backslash so that they can be
// told apart.
std::string shown(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        const auto code = static_cast<unsigned char>(byte);
        const bool is_control = (code < 0x20 && byte != '\n' && byte != '\t') || code == 0x7f;
        if (is_control) {
            std::array<char, sizeof("\\u0000")> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04X", unsigned{code});
            text += escape.data();
        } else {
            text += byte;
            text += byte == '\\' ? "\\" : "";
        }
    }
    return text;
}

}  // namespace

Result<> run_ringbuf_read(Call& call) {
    std::string device = SISKIN_TRY(call.arguments.take_text());
    const std::uint32_t size =
        SISKIN_TRY(call.arguments.take_index("ringbuf_read", register_lookup(call)));
    SISKIN_TRY(call.arguments.finish());
    const auto bytes = call.services.chardev.ringbuf_read({std::move(device), size, std::nullopt});
    if (bytes) {
        call.out += concat(shown(*bytes), '\n');
    } else {
        print_error(call, bytes.error());
    }
    return {};
}

Result<> run_ringbuf_write(Call& call) {
    std::string device = SISKIN_TRY(call.arguments.take_text());
    std::string data = SISKIN_TRY(call.arguments.take_text());
    SISKIN_TRY(call.arguments.finish());
    const auto written =
        call.services.chardev.ringbuf_write({std::move(device), std::move(data), std::nullopt});
    if (!written) {
        print_error(call, written.error());
    }
    return {};
}

}  // namespace siskin::hmp
