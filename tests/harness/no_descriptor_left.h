// SPDX-License-Identifier: Apache-2.0
// A process at its limit of descriptors (EMFILE), as long as an object lives.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include "base/fd.h"

namespace siskin::test {

class NoDescriptorLeft {
public:
    NoDescriptorLeft() {
        ::getrlimit(RLIMIT_NOFILE, &old_);
        const Fd lowest(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        rlimit none = old_;
        none.rlim_cur = static_cast<rlim_t>(lowest.get());
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &old_); }
    NoDescriptorLeft(const NoDescriptorLeft&) = delete;
    NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;

private:
    rlimit old_{};
};

}  // namespace siskin::test
