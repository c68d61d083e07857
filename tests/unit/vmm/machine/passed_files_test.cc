// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/passed_files.
#include "vmm/machine/passed_files.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>

#include "base/text.h"
#include "vmm/machine/command_line.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

std::string outcome(const std::string& argument, FdSets& sets) {
    const std::vector<std::string_view> words{"-add-fd", argument};
    auto parsed = parse_command_line(words);
    if (!parsed) {
        return parsed.error().message;
    }
    const auto taken = take_passed_files(std::get<MachineConfig>(*parsed), sets);
    return taken ? std::string("taken") : taken.error().message;
}

std::string outcome(const std::string& argument) {
    FdSets sets;
    return outcome(argument, sets);
}

}  // namespace

TEST_SUITE("vmm/machine/passed_files") {
    TEST_CASE("a passed descriptor moves into its set, with its text") {
        FdSets sets;
        const int number = ::memfd_create("siskin-test", 0);
        REQUIRE(number > 2);

        CHECK(outcome(concat("fd=", number, ",set=7,opaque=serial0,,log"), sets) == "taken");

        REQUIRE(sets.all().contains(7));
        CHECK(sets.all().at(7).front().opaque == "serial0,log");
        CHECK((::fcntl(sets.all().at(7).front().fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(::fcntl(number, F_GETFD) == -1);
    }

    TEST_CASE("what cannot have been passed is refused in QEMU's words") {
        const Fd own(::open("/dev/null", O_RDONLY | O_CLOEXEC));

        CHECK(outcome("fd=1,set=1").ends_with("fd cannot be a standard I/O stream"));
        CHECK(outcome("fd=999,set=1").ends_with("fd is not valid or already in use"));
        CHECK(outcome(concat("fd=", own.get(), ",set=1"))
                  .ends_with("fd is not valid or already in use"));
        CHECK(outcome("set=1").ends_with("fd option is required and must be non-negative"));
        CHECK(outcome("fd=3,set=1,foo=2").find("foo") != std::string::npos);
        CHECK(outcome("fd=-3,set=1").find("fd") != std::string::npos);
    }
}
