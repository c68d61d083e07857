// SPDX-License-Identifier: Apache-2.0
// Guests that attack a disk of the real program, class by class (docs/testing.md): each says what
// became of it; what only the host sees is looked at all the while.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kSectors = 256;
constexpr unsigned kScratch = 128;              // guests that write do it from here on
constexpr std::uint64_t kGrowthMax = 32 << 10;  // KiB of resident memory
constexpr std::size_t kDescriptorsMax = 16;     // more than before the guest began
// Of the log: what comes at once, and in each second (base/log.h).
constexpr std::uint64_t kLinesMax = 60;
constexpr std::uint64_t kLinesASecond = 2;
constexpr std::chrono::hours kAttackMax{1};  // however many are asked for

std::uint64_t resident_kib(pid_t pid) {
    std::ifstream file(concat("/proc/", pid, "/status"));
    for (std::string word; file >> word;) {
        std::uint64_t size = 0;
        if (word == "VmHWM:" && file >> size) {
            return size;
        }
    }
    return 0;
}

std::size_t open_descriptors(pid_t pid) {
    std::error_code gone;
    const std::filesystem::directory_iterator all(concat("/proc/", pid, "/fd"), gone);
    return gone ? 0 : static_cast<std::size_t>(std::distance(all, {}));
}

// The classes that lines of this beginning name: "ok V04 V18: a header there".
std::set<std::string> classes_of(const std::string& output, const std::string& beginning) {
    std::set<std::string> found;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (line.rfind(beginning, 0) == 0 && colon != std::string::npos) {
            std::istringstream words(line.substr(beginning.size(), colon - beginning.size()));
            for (std::string word; words >> word;) {
                found.insert(word);
            }
        }
    }
    return found;
}

std::set<std::string> words_of(const std::string& text) {
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
// With SISKIN_LONG=1 as much as the class asks for.
std::uint64_t amount(std::uint64_t usual, std::uint64_t all) {
    return std::getenv("SISKIN_LONG") == nullptr ? usual : all;
}

// The whole of guest memory is there from the start, so that what grows is the program's own.
MachineArguments attacked(const std::string& guest, const std::string& line) {
    MachineArguments arguments(guest);
    arguments.command_line(line).add(
        {"-S", "-no-reboot", "-M", "memory-backend=ram", "-object",
         "memory-backend-memfd,id=ram,size=128M,share=on,prealloc=on"});
    return arguments;
}

// What the host sees of an attack.
struct Attack {
    explicit Attack(MachineArguments arguments)
        : process(start(arguments.qmp(directory.path("qmp")))),
          monitor(connect(directory.path("qmp"), process)),
          resident_before(resident_kib(process.pid())),
          descriptors_before(open_descriptors(process.pid())) {
        REQUIRE(monitor.execute("cont").has_value());
    }

    // Asks for the status again and again, to the end.
    void watch() {
        const Clock::time_point begun = Clock::now();
        while (process.running() && Clock::now() - begun < kAttackMax) {
            const Clock::time_point asked = Clock::now();
            if (!monitor.execute("query-status")) {
                break;
            }
            slowest = std::max(slowest, Clock::now() - asked);
            resident = std::max(resident, resident_kib(process.pid()));
            descriptors = std::max(descriptors, open_descriptors(process.pid()));
            process.observe(Milliseconds(20));
        }
        status = process.wait_for_end();
        seconds = static_cast<std::uint64_t>((Clock::now() - begun) / std::chrono::seconds(1));
    }
    void check(const std::string& classes) {
        watch();
        CAPTURE(process.output());
        CAPTURE(process.errors());
        CHECK(status == kGuestPassed);
        CHECK(classes_of(process.output(), "FAILED ").empty());
        const auto proven = classes_of(process.output(), "ok ");
        for (const std::string& wanted : words_of(classes)) {
            CAPTURE(wanted);
            CHECK(proven.count(wanted) == 1);
        }
        CHECK(resident <= resident_before + kGrowthMax);
        CHECK(descriptors <= descriptors_before + kDescriptorsMax);
        CHECK(count_of(process.errors(), "\n") <= kLinesMax + kLinesASecond * seconds);
        CHECK(slowest < std::chrono::seconds(5));
        MESSAGE("resident memory grew by "
                << resident - std::min(resident, resident_before) << " KiB, descriptors by "
                << descriptors - std::min(descriptors, descriptors_before) << ", "
                << count_of(process.errors(), "\n") << " lines of log, slowest answer "
                << slowest / std::chrono::milliseconds(1) << " ms");
    }

    TemporaryDirectory directory;
    ChildProcess process;
    QmpClient monitor;
    std::uint64_t resident_before;
    std::size_t descriptors_before;
    std::uint64_t resident = 0;
    std::size_t descriptors = 0;
    Clock::duration slowest{};
    std::uint64_t seconds = 0;
    std::optional<int> status;
};

}  // namespace

TEST_SUITE("kvm/hostile") {
    TEST_CASE("rings: loops, indices, cuts, tables (V01, V03, V07, V08, V09, V10, V11, V19)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        // As QEMU likes it.
        const bool gentle = std::getenv("SISKIN_GENTLE") != nullptr;
        Attack attack(attacked("hostile_ring", gentle ? "gentle" : "all").disk(image));

        attack.check("V01 V03 V06 V07 V08 V09 V10 V11 V19 T06");

        CHECK(file_has_pattern(image, 0, kSectors, 0));
    }

    TEST_CASE("memory that is none, or not lent for that (V04, V05, V06, V16, V17, V18, V20)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        const std::string other = patterned_image(directory, "other", kSectors);
        Attack attack(attacked("hostile_dma", "disks=2").disk(image).disk(other));

        attack.check("V04 V05 V06 V16 V17 V18 V20");

        CHECK(file_has_pattern(image, 0, kSectors, 0));
        CHECK(file_has_pattern(other, 0, kSectors, 0));
    }

    TEST_CASE("what a disk with direct I/O buffered stays on the host (V20)") {
        constexpr std::uintmax_t kSize = 8 << 20;
        constexpr std::uintmax_t kCut = 1000 * 512 + 100;
        // Of the heap, too: glibc fills what it gives out with the complement, 0xa5.
        REQUIRE(::setenv("MALLOC_PERTURB_", "90", 1) == 0);
        for (const char* const aio : {"threads", "io_uring"}) {
            CAPTURE(aio);
            TemporaryDirectory directory;
            const std::string image = patterned_image(directory, "disk", kSectors);
            std::filesystem::resize_file(image, kSize);
            Attack attack(
                attacked("hostile_leak", "").disk(image, concat(",cache.direct=on,aio=", aio)));
            REQUIRE(attack.process.wait_for_output("cut\n"));
            std::filesystem::resize_file(image, kCut);

            attack.check("V20");
        }
        ::unsetenv("MALLOC_PERTURB_");
    }

    TEST_CASE("a queue's registers and notifications (T01, T02, T03, T04, T08, T14, V14, V17)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        Attack attack(attacked("hostile_registers", "").disk(image));

        attack.check("T01 T02 T03 T04 T08 T14 V14 V17");

        CHECK(file_has_pattern(image, 0, kSectors, 0));
    }

    TEST_CASE(
        "status, features, accesses, the window in configuration space (T05, T06, T12, T13)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        Attack attack(attacked("hostile_state", "steps=3000").disk(image));

        attack.check("T05 T06 T12 T13");

        CHECK(file_has_pattern(image, 0, kSectors, 0));
    }

    TEST_CASE("requests that must be refused (B01, B02, B03, B04, B05, B10, T07, T15)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        const std::string fixed = patterned_image(directory, "fixed", kSectors);
        Attack attack(attacked("hostile_disk", concat("disks=2 toggles=", amount(20'000, 100'000)))
                          .disk(image, ",discard=unmap")
                          .disk(fixed, ",readonly=on"));

        attack.check("B01 B02 B03 B04 B05 B10 T07 T15");

        CHECK(file_has_pattern(image, 0, kScratch, 0));
        CHECK(std::filesystem::file_size(image) == kSectors * 512);
        CHECK(file_has_pattern(fixed, 0, kSectors, 0));
    }

    TEST_CASE("kicks without end, in every state, and another disk beside them (V14)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        const std::string other = patterned_image(directory, "other", kSectors);
        Attack attack(attacked("hostile_kicks", concat("disks=2 kicks=", amount(10'000, 1'000'000)))
                          .add({"-smp", "2"})
                          .disk(image)
                          .disk(other));

        attack.check("V14");

        CHECK(file_has_pattern(image, 0, kSectors, 0));
    }

    TEST_CASE("as much as can be asked for, resets under way (V13, T08)") {
        TemporaryDirectory directory;
        const std::string large = patterned_image(directory, "large", kSectors);
        std::filesystem::resize_file(large, 4 << 20);
        const std::string slow = patterned_image(directory, "slow", kSectors);
        Attack attack(attacked("hostile_load", "disks=2")
                          .disk(large, "", ",num-queues=4")
                          .disk(slow, ",throttling.iops-total=50"));

        attack.check("V13 T08");

        CHECK(file_has_pattern(slow, 0, kSectors, 0));
    }

    TEST_CASE("a second processor that changes what the first one asks for (V12, T14)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        const std::uint64_t seed = from_environment("SISKIN_SEED", std::random_device{}());
        MESSAGE("SISKIN_SEED=" << seed);
        Attack attack(
            attacked("hostile_race",
                     concat("ms=", from_environment("SISKIN_ATTACKS", amount(500, 10'000)),
                            " seed=", seed))
                .add({"-smp", "2"})
                .disk(image, "", ",serial=abcdefghijklmnopqrst"));

        attack.check("V12 T01 T02 T03 T05 T14");

        CHECK(file_has_pattern(image, 0, kScratch, 0));
    }

    TEST_CASE("a size that changes while it is read is never made of two (T12)") {
        // The upper halves differ, too.
        constexpr std::uint64_t kSmall = 0xfffffff8;
        constexpr std::uint64_t kLarge = 0x100000008;
        constexpr unsigned kRounds = 100;
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        std::error_code too_large;
        std::filesystem::resize_file(image, kLarge * 512, too_large);
        REQUIRE_FALSE(too_large);
        Attack attack(attacked("hostile_config",
                               concat("small=", kSmall, " large=", kLarge, " rounds=", kRounds))
                          .disk(image));
        REQUIRE(attack.process.wait_for_output("reading\n"));
        for (unsigned round = 0; attack.process.running(); ++round) {
            const std::uint64_t size = (round % 2 == 0 ? kSmall : kLarge) * 512;
            if (!attack.monitor.execute("block_resize",
                                        concat(R"({"device": "disk1", "size": )", size, "}"))) {
                break;
            }
            attack.process.observe(Milliseconds(1));
        }

        attack.check("T12");
    }

    TEST_CASE("attacks without a plan (V01, V04, V12, V18, T12)") {
        const std::uint64_t any = from_environment("SISKIN_SEED", std::random_device{}());
        for (const std::uint64_t seed : {std::uint64_t{1}, any}) {
            TemporaryDirectory directory;
            const std::string image = patterned_image(directory, "disk", kSectors);
            MESSAGE("SISKIN_SEED=" << seed);
            Attack attack(attacked("hostile_blind",
                                   concat("attacks=", from_environment("SISKIN_ATTACKS", 5'000),
                                          " seed=", seed))
                              .disk(image, "", ",serial=abcdefghijklmnopqrst"));

            attack.check("V01 V04 V12 V18 T12");

            CHECK(file_has_pattern(image, 0, kScratch, 0));
        }
    }
}

}  // namespace siskin::test
