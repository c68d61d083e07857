// SPDX-License-Identifier: Apache-2.0
// BackingFile: the open file behind a memory back end, with its size and pages checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "devices/memory/memory_config.h"

namespace siskin {

struct BackingFile {
    std::shared_ptr<const Fd> fd;
    std::uint64_t page_size = 0;  // the file's: a huge page's, or the usual one
    std::string created_path;     // the file was made here; empty: it was there, or has no name
};

// An anonymous file of config.size bytes. Errors: no such huge pages, or less than the limit on
// file sizes (RLIMIT_FSIZE) allows.
[[nodiscard]] Result<BackingFile> open_memfd(const std::string& name,
                                             const MemoryBackendConfig& config);

// The file at config.mem_path: as it is where it is long enough, grown where it is empty or new; in
// a folder, a file without a name. Errors: it cannot be opened, is no regular file, is shorter than
// the size, or the size is no multiple of its pages. A file that was made is removed on an error.
[[nodiscard]] Result<BackingFile> open_backing_file(const MemoryBackendConfig& config);

}  // namespace siskin
