// SPDX-License-Identifier: Apache-2.0
// Later: the answer to a command that may wait for something.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

namespace siskin::qmp {

// Handed to the handler of a command that the schema marks `may-wait`, which keeps it and answers
// when it can. Copies are the same answer. Thread: VM loop.
class Later {
public:
    // What the dispatcher shares with it; empty once it was answered or nobody wants it any more.
    struct Desk {
        std::function<void(Result<std::string>)> answer;
    };
    explicit Later(std::shared_ptr<Desk> desk) : desk_(std::move(desk)) {}

    // Once, inside the handler or at any time after it; anything more has no effect.
    void finish(const Result<>& result) const {
        if (const auto answer = std::exchange(desk_->answer, nullptr)) {
            answer(result ? Result<std::string>("{}") : Result<std::string>(fail(result.error())));
        }
    }
    // False once the client has gone, or it was answered.
    [[nodiscard]] bool is_wanted() const { return desk_->answer != nullptr; }

private:
    std::shared_ptr<Desk> desk_;
};

}  // namespace siskin::qmp
