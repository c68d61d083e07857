// SPDX-License-Identifier: Apache-2.0
// Reading and playing transcripts.
#include "tests/qmp/transcript.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <utility>

#include "base/text.h"
#include "qmp/parser.h"

namespace siskin::qmp_test {
namespace {

constexpr std::array<std::string_view, 10> kMarks{"#",  ">!", ">", "<!", "<.",
                                                  "<s", "<q", "<", "~",  "="};

Result<std::string> unescape(std::string_view text) {
    static constexpr std::string_view kNames = "nrt\\";
    static constexpr std::string_view kMeanings = "\n\r\t\\";
    std::string out;
    while (!text.empty()) {
        const char first = text.front();
        text.remove_prefix(1);
        if (first != '\\' || text.empty()) {
            out += first;
            continue;
        }
        const auto index = kNames.find(text.front());
        if (index != std::string_view::npos) {
            out += kMeanings[index];
            text.remove_prefix(1);
        } else if (const auto byte = parse_unsigned(text.substr(1, 2), 16);
                   text.front() == 'x' && byte) {
            out += static_cast<char>(*byte);
            text.remove_prefix(3);
        } else {
            return fail("an unknown escape");
        }
    }
    return out;
}

bool dicts_match(const Value::Dict& expected, const Value::Dict& actual) {
    const bool more = expected.find("@more") != nullptr;
    const auto is_met = [&](const Value::Dict::Member& member) {
        const Value* const found = actual.find(member.first);
        return member.first == "@more" || (found != nullptr && matches(member.second, *found));
    };
    return (more || expected.size() == actual.size()) &&
           std::all_of(expected.begin(), expected.end(), is_met);
}

// The text with the test's own folder.
Line in_folder(Line line, const std::string& folder) {
    line.text = with_folder(std::move(line.text), folder);
    return line;
}

Result<> expect(const Line& line, const std::string& actual) {
    const auto expected = qmp::parse_json(line.text);
    const auto message = qmp::parse_json(actual);
    if (!expected) {
        return fail(concat("line ", line.number, " is not JSON: ", expected.error().message));
    }
    if (!message || !matches(*expected, *message)) {
        return fail(
            concat("line ", line.number, "\n  expected ", line.text, "\n  came     ", actual));
    }
    return {};
}

Result<> expect_text(const Line& line, std::string_view expected, const std::string& actual) {
    return actual == expected ? Result<>()
                              : Result<>(fail(concat("line ", line.number, "\n  expected ",
                                                     expected, "\n  came     ", actual)));
}

}  // namespace

std::string with_folder(std::string text, std::string_view folder) {
    static constexpr std::string_view kFolder = "@folder";
    for (auto at = text.find(kFolder); at != std::string::npos;
         at = text.find(kFolder, at + folder.size())) {
        text.replace(at, kFolder.size(), folder);
    }
    return text;
}

bool matches(const Value& expected, const Value& actual) {
    const auto* const text = expected.as_string();
    if (text != nullptr && *text == "@any") {
        return true;
    }
    if (text != nullptr && *text == "@int") {
        return actual.as_int() != nullptr;
    }
    if (const auto* const dict = expected.as_dict()) {
        return actual.as_dict() != nullptr && dicts_match(*dict, *actual.as_dict());
    }
    if (const auto* const list = expected.as_list()) {
        const auto* const other = actual.as_list();
        return other != nullptr &&
               std::equal(list->begin(), list->end(), other->begin(), other->end(), matches);
    }
    return expected == actual;
}

Result<std::vector<Line>> read_transcript(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        return fail(concat("could not open '", path, '\''));
    }
    std::vector<Line> lines;
    std::string text;
    bool explained = false;
    for (std::size_t number = 1; std::getline(file, text); ++number) {
        if (text.empty()) {
            continue;
        }
        const auto mark = std::find_if(kMarks.begin(), kMarks.end(),
                                       [&](std::string_view one) { return text.starts_with(one); });
        if (mark == kMarks.end()) {
            return fail(concat(path, ':', number, ": no mark that is known"));
        }
        const bool differs = *mark == "<s" || *mark == "<q";
        if (differs && !explained) {
            return fail(concat(path, ':', number, ": a difference without a reason"));
        }
        explained = *mark == "~" || differs;
        std::string rest = text.substr(mark->size());
        rest.erase(0, rest.starts_with(' ') ? 1 : 0);
        lines.push_back({number, std::string(*mark), std::move(rest)});
    }
    return lines;
}

Result<std::size_t> play(const std::vector<Line>& lines, const std::string& socket_path,
                         bool is_siskin) {
    const std::string folder = socket_path.substr(0, socket_path.rfind('/'));
    std::optional<Client> client(std::in_place, socket_path);
    std::size_t compared = 0;
    for (const Line& written : lines) {
        const Line line = in_folder(written, folder);
        if (line.mark == ">") {
            client->send(SISKIN_TRY_IN(concat("line ", line.number), unescape(line.text)));
        } else if (line.mark == ">!") {
            client->end_sending();
        } else if (line.mark == "=") {
            client.reset();
            client.emplace(socket_path);
        } else if (line.mark == "<!") {
            SISKIN_TRY(expect_text(line, "<eof>", client->receive()));
            ++compared;
        } else if (line.mark == "<.") {
            SISKIN_TRY(expect_text(line, "<silence>", client->receive(Client::kSilence)));
            ++compared;
        } else if (line.mark == "<" || line.mark == (is_siskin ? "<s" : "<q")) {
            SISKIN_TRY(expect(line, client->receive()));
            ++compared;
        }
    }
    return compared;
}

}  // namespace siskin::qmp_test
