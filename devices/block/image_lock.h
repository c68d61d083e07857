// SPDX-License-Identifier: Apache-2.0
// Locks that keep two processes from using one disk image in ways that exclude each other.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// What we do with the image, and what we let others do meanwhile.
struct ImageUse {
    bool writes = false;
    bool others_may_write = false;
};

enum class LockNeed {
    IfPossible,  // file systems without such locks are used unlocked
    Always,      // they are an error
};

// Takes open-file-description locks (fcntl(2), F_OFD_SETLK), which go with the descriptor, and
// lets go of those that this use does not need. They are on the same bytes as QEMU's, so siskin and
// QEMU exclude each other, too. Error: `Failed to get "write" lock on 'disk.img': is another
// process using the image?`; then nothing is held.
[[nodiscard]] Result<> lock_image(const Fd& file, const std::string& path, ImageUse use,
                                  LockNeed need = LockNeed::IfPossible);
// Lets go of all of them.
void unlock_image(const Fd& file);

}  // namespace siskin
