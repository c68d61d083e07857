// SPDX-License-Identifier: Apache-2.0
// CommandRecord: the log's line of one command (`-d qmp`).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "qmp/request.h"

namespace siskin::qmp {

// Eight hexadecimal digits by which a client's own log and this one can be compared, "-" without an
// id: FNV-1a, 32 bits, of the id as the reply writes it. An id may hold anything, so it is not
// shown.
[[nodiscard]] std::string id_digest(const std::optional<Value>& id);

// "QMP monitor 0 client 3: query-status, id 6b9f3a10: ok in 14 us". The command's name where the
// schema has it, its error's class, never arguments or results. Nothing is done where the log's
// topic is off. Thread: the one that runs the command.
class CommandRecord {
public:
    // Begins to measure; what it is given outlives it.
    CommandRecord(std::size_t monitor, std::uint64_t session, const Request& request);
    CommandRecord(std::size_t monitor, std::uint64_t session, const std::optional<Value>& id,
                  std::string_view name);

    // The command has run.
    void done(const Result<std::string>& result) const;

private:
    bool is_on_;
    std::chrono::steady_clock::time_point begin_;
    std::string opening_;
};

}  // namespace siskin::qmp
