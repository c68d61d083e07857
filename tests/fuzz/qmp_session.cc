// SPDX-License-Identifier: Apache-2.0
// Fuzzes qmp/session with the real command table: any chunking gives the same replies, each line
// is one JSON object, and no more requests are under way than allowed.
#include "qmp/session.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "base/result.h"
#include "qmp/generated/commands.h"
#include "qmp/parser.h"
#include "qmp/protocol_handlers.h"

namespace {

namespace qmp = siskin::qmp;
using siskin::fail;
using siskin::Result;

// Feeds a session and answers its requests when it stops taking bytes, or at the end.
std::string replies(std::string_view bytes, std::size_t chunk) {
    std::deque<qmp::Request> waiting;
    qmp::Session session(
        qmp::version_info("fuzz"), qmp::command_table(),
        {[&](qmp::Request request) { waiting.push_back(std::move(request)); },
         [](const auto&, const qmp::CommandCall&) -> Result<std::string> { return "{}"; }});
    std::string out;
    const auto answer_all = [&] {
        SISKIN_ASSERT(waiting.size() <= qmp::Session::kInFlightMax);
        for (; !waiting.empty(); waiting.pop_front()) {
            Result<std::string> result("{}");
            if (!waiting.front().call) {
                result = fail(waiting.front().call.error());
            }
            session.reply(qmp::Reply{waiting.front().id, result});
        }
        out += session.output();
        session.sent(session.output().size());
    };
    while (!bytes.empty()) {
        bytes.remove_prefix(session.receive(bytes.substr(0, chunk)));
        if (!session.may_receive()) {
            answer_all();
        }
    }
    answer_all();
    return out;
}

void check_lines(std::string_view out) {
    while (!out.empty()) {
        const std::size_t end = out.find("\r\n");
        SISKIN_ASSERT(end != std::string_view::npos);
        const auto line = qmp::parse_json(out.substr(0, end));
        SISKIN_ASSERT(line.has_value() && line->as_dict() != nullptr);
        out.remove_prefix(end + 2);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    std::string bytes = (data[1] & 1U) != 0 ? "{\"execute\":\"qmp_capabilities\"}" : "";
    bytes.append(data + 2, data + size);
    const std::size_t chunk = std::size_t{data[0]} % 16 + 1;
    const std::string whole = replies(bytes, std::max<std::size_t>(bytes.size(), 1));
    check_lines(whole);
    SISKIN_ASSERT(whole == replies(bytes, chunk));
    return 0;
}
