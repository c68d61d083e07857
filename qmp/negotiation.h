// SPDX-License-Identifier: Apache-2.0
// The first phase of a session: the greeting, and qmp_capabilities.
#pragma once

#include <string>

#include "base/result.h"
#include "qmp/generated/types.h"
#include "qmp/request.h"

namespace siskin::qmp {

// The line a client is greeted with, without its end (QMP spec §2.2).
[[nodiscard]] std::string greeting(const VersionInfo& version);

// QMP spec §4. Thread: QMP.
class Negotiation {
public:
    [[nodiscard]] bool is_complete() const { return complete_; }
    // Whether the client has switched out-of-band commands on.
    [[nodiscard]] bool oob() const { return oob_; }

    // Answers a command before completion. Every command but qmp_capabilities is an error, and one
    // with bad arguments changes nothing, so that the client may try again.
    [[nodiscard]] Result<> answer(const CommandObject& object);

private:
    bool complete_ = false;
    bool oob_ = false;
};

}  // namespace siskin::qmp
