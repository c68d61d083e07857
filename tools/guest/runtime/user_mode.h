// SPDX-License-Identifier: Apache-2.0
// Leaves ring 0: for loads whose own instructions should cost little where a KVM interprets ring 0.
#pragma once

namespace siskin::guest {

// The caller goes on in ring 3, on the same stack, with all of memory and every port, and without
// interrupts. There is no way back.
void enter_user_mode();

}  // namespace siskin::guest
