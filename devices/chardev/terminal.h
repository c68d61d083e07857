// SPDX-License-Identifier: Apache-2.0
// Terminal: standard input and output made ready for a guest's console, and put back as they were.
#pragma once

#include "base/result.h"

namespace siskin {

// What a terminal on descriptor 0 does with keys.
enum class Keys {
    Raw,        // each is passed at once, without echo: the guest's terminal does all that
    Signal,     // as Raw, but ^C and the like reach the process
    WholeLines  // untouched: people see and correct what they type
};

// While it lives, descriptors 0 and 1 do not block, and a terminal on 0 treats keys as told. The
// old state returns with destruction and, if that is left out, with exit(3).
// Thread: VM loop's. One at a time.
class Terminal {
public:
    // Error: "cannot use stdio by multiple character devices".
    [[nodiscard]] static Result<> take(Keys keys);
    static void give_back();
};

// The same for handlers of fatal signals: async-signal-safe, does nothing when nothing was changed.
void restore_terminal_now();

}  // namespace siskin
