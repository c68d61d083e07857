// SPDX-License-Identifier: Apache-2.0
// AccessHold.
#include "base/bus/access_hold.h"

namespace siskin {

AccessHold::AccessHold() : state_(std::make_shared<State>()) {}

AccessHold::~AccessHold() {
    if (of_this_thread() == state_) {
        of_this_thread().reset();
    }
}

void AccessHold::attach() {
    of_this_thread() = state_;
}

std::function<void()> AccessHold::begin() {
    const std::shared_ptr<State> state = of_this_thread();
    if (state == nullptr) {
        return [] {};
    }
    state->holds.fetch_add(1);
    return [state] {
        state->holds.fetch_sub(1);
        state->next_turn();
    };
}

std::shared_ptr<AccessHold::State>& AccessHold::of_this_thread() {
    thread_local std::shared_ptr<State> state;
    return state;
}

}  // namespace siskin
