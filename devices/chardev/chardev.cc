// SPDX-License-Identifier: Apache-2.0
// What all character back ends share.
#include "devices/chardev/chardev.h"

#include "base/text.h"

namespace siskin {

Result<> Chardev::attach(ChardevFrontEnd& front_end) {
    if (in_use()) {
        return fail(concat("Device '", id_, "' is in use"));
    }
    front_end_ = &front_end;
    accept_input();
    return {};
}

void Chardev::detach() {
    front_end_ = nullptr;
}

}  // namespace siskin
