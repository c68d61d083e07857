// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/ram_faults.
#include "vmm/machine/ram_faults.h"

#include <doctest/doctest.h>

#include <csignal>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mapping.h"

namespace siskin {
namespace {

constexpr std::size_t kPage = 4096;

// Four pages of a file that has one.
struct CutShort {
    Fd file{::memfd_create("ram_faults_test", MFD_CLOEXEC)};
    Mapping memory = [this] {
        REQUIRE(::ftruncate(file.get(), 4 * kPage) == 0);
        auto mapping = Mapping::shared(file, 4 * kPage);
        REQUIRE(mapping.has_value());
        return std::move(*mapping);
    }();

    void cut() const { REQUIRE(::ftruncate(file.get(), kPage) == 0); }
};

std::byte read_once(const std::byte* at) {
    return *static_cast<const volatile std::byte*>(at);
}

}  // namespace

TEST_SUITE("vmm/machine/ram_faults") {
    TEST_CASE("a page that is gone reads as zeroes, and whoever listens hears of it (X07)") {
        const CutShort ram;
        ram.memory.data()[0] = std::byte{1};
        ram.memory.data()[2 * kPage + 5] = std::byte{2};
        auto faults = RamFaults::install({{ram.memory.data(), ram.memory.size(), kPage}});
        REQUIRE(faults.has_value());
        CHECK_FALSE((*faults)->event().readable());
        ram.cut();

        CHECK(read_once(ram.memory.data() + 2 * kPage + 5) == std::byte{0});

        CHECK((*faults)->event().readable());
        CHECK((*faults)->take() == ram.memory.data() + 2 * kPage);
        CHECK_FALSE((*faults)->take().has_value());
        CHECK(read_once(ram.memory.data()) == std::byte{1});
        ram.memory.data()[3 * kPage] = std::byte{7};  // a write goes on as well
        CHECK(read_once(ram.memory.data() + 3 * kPage) == std::byte{7});
        CHECK((*faults)->take().has_value());
    }

    TEST_CASE("any other SIGBUS ends the process as ever") {
        const CutShort ram;
        auto faults = RamFaults::install({{ram.memory.data(), kPage, kPage}});
        REQUIRE(faults.has_value());
        ram.cut();

        const pid_t child = ::fork();
        if (child == 0) {
            static_cast<void>(read_once(ram.memory.data() + 2 * kPage));
            ::_exit(0);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);

        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGBUS);
    }
}

}  // namespace siskin
