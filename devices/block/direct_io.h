// SPDX-License-Identifier: Apache-2.0
// What the host asks of direct I/O on a file.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "devices/block/file_access.h"

namespace siskin {

// The file is open with O_DIRECT. Asks statx(2) where the kernel can tell (Linux 6.1), else a block
// device its sector size, else tries reads. Error: the file takes no direct I/O.
[[nodiscard]] Result<DirectAlignment> find_direct_alignment(const Fd& file,
                                                            const std::string& path);

}  // namespace siskin
