// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/direct_io.
#include "devices/block/direct_io.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/mapping.h"
#include "tests/unit/devices/block/temporary_file.h"

namespace siskin {

TEST_SUITE("devices/block/direct_io") {
    TEST_CASE("a read of the alignment that was found works") {
        const TemporaryFile file(1 << 20);
        const Fd fd(::open(file.path().c_str(), O_RDWR | O_DIRECT | O_CLOEXEC));
        if (!fd.valid()) {
            MESSAGE("skipped: the file system of /tmp has no direct I/O");
            return;
        }

        const auto alignment = find_direct_alignment(fd, file.path());

        REQUIRE(alignment.has_value());
        const Mapping memory = *Mapping::anonymous(1 << 20);
        const auto size = alignment->request;
        CHECK(::pread(fd.get(), memory.data() + alignment->memory, size, size) == size);
        CHECK(size >= 512);
    }

    TEST_CASE("a pipe takes no direct I/O") {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        const Fd reading(ends[0]);
        const Fd writing(ends[1]);

        CHECK(find_direct_alignment(writing, "pipe").error().message ==
              "Could not open 'pipe': its file system does not support O_DIRECT");
    }
}

}  // namespace siskin
