// SPDX-License-Identifier: Apache-2.0
// A guest writes self-describing sectors while siskin is killed under it, again and again on the
// same image (bug classes D01, D05).
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/harness/sector_verifier.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSectors = 2048;
constexpr unsigned kKills = 100;

// SISKIN_KILLS asks for more.
unsigned kills() {
    const char* const wanted = std::getenv("SISKIN_KILLS");
    return wanted == nullptr ? kKills : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

// One of those that take turns.
struct Setup {
    const char* aio;
    const char* direct;
    const char* line;  // of the guest
};
constexpr std::array kSetups{
    Setup{"io_uring", "off", ""},        Setup{"threads", "off", "switched"},
    Setup{"io_uring", "off", "through"}, Setup{"threads", "on", ""},
    Setup{"io_uring", "on", "switched"}, Setup{"threads", "off", "through"},
};

// An image, and the guest that writes it; all runs together.
class Writer {
public:
    Writer() {
        std::ofstream(image(), std::ios::binary).close();
        REQUIRE(write_sectors(image(), 0, disk_));
    }

    ChildProcess start_run(const Setup& setup, const std::string& more = "") {
        ++run_;
        std::filesystem::remove(memory());
        MachineArguments arguments("blk_writer");
        arguments.command_line(concat("run=", run_, " seed=", run_, " ", setup.line, " ", more));
        arguments.add(
            {"-object", concat("memory-backend-file,id=ram,size=128M,share=on,mem-path=", memory()),
             "-machine", "memory-backend=ram", "-blockdev",
             concat("driver=raw,node-name=d,discard=unmap,file.driver=file,file.discard=unmap,"
                    "file.filename=",
                    image(), ",file.aio=", setup.aio, ",cache.direct=", setup.direct),
             "-device", "pcie-root-port,id=rp,chassis=1", "-device",
             "virtio-blk-pci,drive=d,bus=rp"});
        return start(arguments);
    }

    // The machine of the last run has ended. What the disk is now is what the next run begins with.
    std::vector<DamagedSector> verify(const std::string& output) {
        const auto log = log_of(output);
        const std::span<const guest::WriterRecord> records(log->records, log->count);
        const WriterCounts counts = count_requests(records);
        completed += counts.completed;
        flushed += counts.flushed;
        failed += counts.failed;
        SectorImage now = read_sectors(image(), 0, kSectors);
        auto damaged = SectorVerifier(disk_, run_).verify(records, now, Survivors::Completed);
        disk_ = std::move(now);
        return damaged;
    }
    [[nodiscard]] std::string image() const { return directory_.path("disk"); }

    std::uint64_t completed = 0;
    std::uint64_t flushed = 0;
    std::uint64_t failed = 0;

private:
    [[nodiscard]] std::string memory() const { return directory_.path("memory"); }
    // From the guest's memory. Its address is told by the first run: a later one may be killed
    // before it says anything, and then it may be empty.
    [[nodiscard]] std::unique_ptr<guest::WriterLog> log_of(const std::string& output) {
        constexpr std::string_view kWord = "log at ";
        const auto at = output.find(kWord);
        if (log_address_ == 0) {
            REQUIRE(at != std::string::npos);
            log_address_ = std::stoll(output.substr(at + kWord.size()), nullptr, 16);
        }
        auto log = std::make_unique<guest::WriterLog>();
        std::ifstream file(memory(), std::ios::binary);
        file.seekg(log_address_);
        file.read(reinterpret_cast<char*>(log.get()), sizeof(*log));
        if (!file) {
            log->count = 0;  // there was no memory yet
        }
        REQUIRE(log->count <= guest::WriterLog::kRecordsMax);
        return log;
    }

    TemporaryDirectory directory_;
    SectorImage disk_ = fresh_sectors(kSectors);
    std::uint32_t run_ = 0;
    std::streamoff log_address_ = 0;
};

// How long an image stays locked after its process has been reaped.
class LockTimes {
public:
    void measure(const std::string& image) {
        const auto begin = Clock::now();
        wait_for_locks(image);
        times_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    }
    [[nodiscard]] double quantile(double part) {
        std::sort(times_.begin(), times_.end());
        return times_.at(static_cast<std::size_t>(part * static_cast<double>(times_.size() - 1)));
    }

private:
    std::vector<double> times_;
};

// At a mark of the guest's that was counted, at any time behind its first one, or at any time at
// all.
void wait_for_moment(ChildProcess& process, std::mt19937& random, unsigned kill) {
    constexpr unsigned kMarksMax = 4;
    constexpr unsigned kWindowMs = 40;
    const auto chance = static_cast<unsigned>(random());
    switch (kill % 4) {
        case 1:
            REQUIRE(process.wait_for_output("+"));
            process.observe(Milliseconds(chance % kWindowMs));
            break;
        case 3: process.observe(Milliseconds(chance % (4 * kWindowMs))); break;
        default: REQUIRE(process.wait_for_output("+", 1 + chance % kMarksMax));
    }
}

}  // namespace

TEST_SUITE("kvm/kill_points") {
    TEST_CASE("the writer that is not killed leaves what its log says (D05)") {
        for (const Setup& setup : kSetups) {
            CAPTURE(setup.aio);
            CAPTURE(setup.direct);
            CAPTURE(setup.line);
            Writer writer;
            ChildProcess process = writer.start_run(setup, "count=64");
            const auto status = process.wait_for_end();
            CAPTURE(process.output());
            CAPTURE(process.errors());
            REQUIRE(status == kGuestPassed);

            const auto damaged = writer.verify(process.output());

            CHECK(damaged.empty());
            CHECK(writer.completed == 64);
        }
    }

    TEST_CASE("siskin killed at any time loses nothing that the guest was told is there (D01)") {
        Writer writer;
        LockTimes times;
        std::mt19937 random(1);
        std::uint64_t mismatches = 0;
        std::string first;
        for (unsigned kill = 0; kill < kills(); ++kill) {
            CAPTURE(kill);
            ChildProcess process = writer.start_run(kSetups[kill % kSetups.size()]);
            wait_for_moment(process, random, kill);
            process.send_signal(SIGKILL);
            CAPTURE(process.errors());
            REQUIRE(process.wait_for_end() == 128 + SIGKILL);
            times.measure(writer.image());

            const auto damaged = writer.verify(process.output());

            mismatches += damaged.size();
            first = first.empty() && !damaged.empty() ? describe(damaged.front()) : first;
        }

        MESSAGE(kills() << " kills, " << writer.completed << " requests completed, "
                        << writer.flushed << " of them flushes, " << kills() * kSectors
                        << " sectors verified, " << mismatches
                        << " mismatches; the image was locked for " << times.quantile(0.5)
                        << " ms more (median), " << times.quantile(1) << " ms at most");
        CAPTURE(first);
        CHECK(mismatches == 0);
        CHECK(writer.failed == 0);
        CHECK(writer.completed >= 8 * kills());
        CHECK(writer.flushed >= kills() / 2);
    }
}

}  // namespace siskin::test
