// SPDX-License-Identifier: Apache-2.0
// A conversation written down once, held against several servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "tests/qmp/client.h"

namespace siskin::qmp_test {

// A transcript's lines, by their first characters:
//   #   a remark
//   >   send what follows; \n, \r, \t, \\, \xNN and \" stand for bytes, nothing is added
//   >!  end the sending half
//   <   the next message, compared by structure: members in any order; the string "@any" stands
//       for any value, "@int" for any whole number, the member "@more" for any further members
//   <!  the end of the stream
//   <.  nothing comes
//   ~   why siskin and QEMU differ here; then any of
//   <s  as <, of siskin alone
//   <q  as <, of QEMU alone
//   =   hang up and connect again
// In what is sent or expected "@folder" is the folder of the socket, which holds nothing else.
struct Line {
    std::size_t number = 0;
    std::string mark;
    std::string text;
};

[[nodiscard]] Result<std::vector<Line>> read_transcript(const std::string& path);

// Plays it to whoever listens at `socket_path`. An error names the line, what was expected, and
// what came. Returns the number of messages compared.
[[nodiscard]] Result<std::size_t> play(const std::vector<Line>& lines,
                                       const std::string& socket_path, bool is_siskin);

// `text` with `folder` for each "@folder".
[[nodiscard]] std::string with_folder(std::string text, std::string_view folder);

[[nodiscard]] bool matches(const Value& expected, const Value& actual);

}  // namespace siskin::qmp_test
