// SPDX-License-Identifier: Apache-2.0
// From a command line to its answer.
#include "vmm/hmp/interpreter.h"

#include <cctype>

#include "base/text.h"
#include "vmm/hmp/command_table.h"

namespace siskin::hmp {
namespace {

bool is_space(char character) {
    return std::isspace(static_cast<unsigned char>(character)) != 0;
}

// The next word; it ends before a '/', too, as in "x/4xb".
std::string_view take_name(std::string_view& text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    std::size_t length = 0;
    while (length < text.size() && text[length] != '/' && !is_space(text[length])) {
        ++length;
    }
    const std::string_view name = text.substr(0, length);
    text.remove_prefix(length);
    return name;
}

// A line's command: "x", or "info status".
struct Found {
    const CommandRow* row = nullptr;
    std::string typed;
    bool lists_info = false;  // "info" alone
};

Found find_command(std::string_view& text) {
    Found found;
    found.typed = std::string(take_name(text));
    found.row = find_row(command_table(), found.typed);
    if (found.row == nullptr || found.row->run != nullptr) {
        return found;
    }
    const std::string_view topic = take_name(text);
    if (topic.empty()) {
        found.lists_info = true;
        return found;
    }
    found.typed += concat(' ', topic);
    found.row = find_row(info_table(), topic);
    return found;
}

std::string with_crlf(const std::string& text) {
    std::string out;
    out.reserve(text.size() + text.size() / 16);
    for (const char character : text) {
        if (character == '\n') {
            out += '\r';
        }
        out += character;
    }
    return out;
}

void limit(std::string& text) {
    const std::string notice = concat("the answer is longer than ", Interpreter::kOutputMax,
                                      " bytes; the rest is left out\r\n");
    if (text.size() > Interpreter::kOutputMax) {
        const std::size_t end = text.rfind('\n', Interpreter::kOutputMax - notice.size() - 1);
        text.resize(end == std::string::npos ? 0 : end + 1);
        text += notice;
    }
}

}  // namespace

std::string Interpreter::run(MonitorState& state, std::string_view line) {
    if (line.size() > kLineMax) {
        return concat("a command line has at most ", kLineMax, " bytes\r\n");
    }
    const Found found = find_command(line);
    if (found.typed.empty() && line.empty()) {
        return "";
    }
    if (found.row == nullptr) {
        return concat("unknown command: '", found.typed, "'\r\n");
    }
    if (found.lists_info) {
        return with_crlf(help_lines("info ", info_table()));
    }
    std::string out;
    Arguments arguments(full_name(*found.row), line);
    Call call{services_, state, arguments, out};
    if (const auto done = found.row->run(call); !done) {
        out +=
            concat(done.error().message, "\nTry \"help ", found.typed, "\" for more information\n");
    }
    out = with_crlf(out);
    limit(out);
    return out;
}

Result<> Interpreter::check_cpu(std::int64_t index) {
    const auto cpus = SISKIN_TRY(services_.machine.query_cpus_fast());
    if (index < 0 || static_cast<std::uint64_t>(index) >= cpus.size()) {
        return fail("Parameter 'cpu-index' expects a CPU number");
    }
    return {};
}

}  // namespace siskin::hmp
