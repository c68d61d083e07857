// SPDX-License-Identifier: Apache-2.0
// Proves vmm/vcpu/exit_dispatch.
#include "vmm/vcpu/exit_dispatch.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

// Answers reads with 1, 2, 3, ... and keeps what is written.
class Recorder final : public IoHandler {
public:
    std::uint64_t read(IoAccess) override { return ++reads_; }
    void write(IoAccess, std::uint64_t value) override { written.push_back(value); }

    std::vector<std::uint64_t> written;

private:
    std::uint64_t reads_ = 0;
};

struct Bench {
    Bench() { REQUIRE(ports.add(IoRange{0x10, 4, &device, 0}).has_value()); }

    MachineLock lock;
    AddressSpace ports;
    AddressSpace memory;
    Recorder device;
    ExitDispatch dispatch{ports, memory, lock};
};

}  // namespace

TEST_SUITE("vmm/vcpu/exit_dispatch") {
    TEST_CASE("a string instruction's exit writes each of its elements to the port") {
        Bench bench;
        std::array<std::uint8_t, 6> data{1, 0, 2, 0, 3, 0};

        bench.dispatch.handle(PortExit{0x10, 2, 3, true, data});

        CHECK(bench.device.written == std::vector<std::uint64_t>{1, 2, 3});
    }

    TEST_CASE("a string instruction's exit reads each of its elements from the port") {
        Bench bench;
        std::array<std::uint8_t, 3> data{};

        bench.dispatch.handle(PortExit{0x10, 1, 3, false, data});

        CHECK(data == std::array<std::uint8_t, 3>{1, 2, 3});
    }

    TEST_CASE("where nobody answers, reads give ones and writes are dropped") {
        Bench bench;
        std::array<std::uint8_t, 8> data{};

        bench.dispatch.handle(MemoryExit{0xdead0000, false, data});
        bench.dispatch.handle(MemoryExit{0xdead0000, true, data});

        CHECK(data == std::array<std::uint8_t, 8>{255, 255, 255, 255, 255, 255, 255, 255});
    }

    TEST_CASE("an access of an odd length goes byte by byte") {
        Bench bench;
        REQUIRE(bench.memory.add(IoRange{0x1000, 16, &bench.device, 0}).has_value());
        std::array<std::uint8_t, 3> data{7, 8, 9};

        bench.dispatch.handle(MemoryExit{0x1000, true, data});

        CHECK(bench.device.written == std::vector<std::uint64_t>{7, 8, 9});
    }
}
