// SPDX-License-Identifier: Apache-2.0
// The line that `-d qmp` writes of a command.
#include "qmp/command_record.h"

#include "base/log.h"
#include "base/text.h"
#include "qmp/value_json.h"

namespace siskin::qmp {
namespace {

// Of what could not be decoded, so that a client cannot write the log.
constexpr std::string_view kNoCommand = "(no command)";

}  // namespace

// FNV-1a (Fowler, Noll, Vo).
std::string id_digest(const std::optional<Value>& id) {
    if (!id) {
        return "-";
    }
    static constexpr std::uint32_t kOffsetBasis = 0x811c9dc5;
    static constexpr std::uint32_t kPrime = 0x01000193;
    std::uint32_t digest = kOffsetBasis;
    for (const char character : to_json(*id)) {
        digest = (digest ^ static_cast<unsigned char>(character)) * kPrime;
    }
    static constexpr int kDigits = 8;
    return hex(digest, kDigits).substr(2);
}

CommandRecord::CommandRecord(std::size_t monitor, std::uint64_t session, const Request& request)
    : CommandRecord(monitor, session, request.id, request.name) {}

CommandRecord::CommandRecord(std::size_t monitor, std::uint64_t session,
                             const std::optional<Value>& id, std::string_view name)
    : is_on_(log::is_enabled(log::Topic::Qmp)) {
    if (is_on_) {
        opening_ = concat("QMP monitor ", monitor, " client ", session, ": ",
                          name.empty() ? kNoCommand : name, ", id ", id_digest(id), ": ");
        begin_ = std::chrono::steady_clock::now();
    }
}

void CommandRecord::done(const Result<std::string>& result) const {
    if (!is_on_) {
        return;
    }
    const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin_);
    log::line(concat(opening_,
                     result ? std::string_view("ok") : error_class_name(result.error().error_class),
                     " in ", spent.count(), " us"));
}

}  // namespace siskin::qmp
