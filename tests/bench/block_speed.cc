// SPDX-License-Identifier: Apache-2.0
// virtio-blk beside QEMU in one run, turn by turn: the same guest, the same file in the host's page
// cache, io_uring and an I/O thread on both sides; the driver runs in ring 3, which no KVM
// interprets. Both sides' threads look for work for up to 32768 ns by default; "sleeping" rows have
// siskin's not do it. Prints; gates nothing. Usage: bench_block [rounds].
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "base/text.h"
#include "tests/harness/child_process.h"
#include "tests/harness/temporary_directory.h"
#include "tests/kvm/machine_under_test.h"

namespace siskin::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRoundsDefault = 3;
constexpr const char* kQemu = "/usr/bin/qemu-system-x86_64";
constexpr std::size_t kImageMiB = 64;

struct Shape {
    const char* name;
    const char* load;
    double reads;
    double size;  // bytes
    const char* thread;
};
constexpr const char* kThread = "iothread,id=io";
constexpr const char* kSleepingThread = "iothread,id=io,poll-max-ns=0";
constexpr Shape kShapes[] = {
    {"4 KiB, one at a time", "size=4096 depth=1 count=200000 user", 200000, 4096, kThread},
    {"4 KiB, 16 under way", "size=4096 depth=16 count=400000 user", 400000, 4096, kThread},
    {"64 KiB, 16 under way", "size=65536 depth=16 count=200000 user", 200000, 65536, kThread},
    {"sleeping, 4 KiB, one at a time", "size=4096 depth=1 count=200000 user", 200000, 4096,
     kSleepingThread},
    {"sleeping, 4 KiB, 16 under way", "size=4096 depth=16 count=400000 user", 400000, 4096,
     kSleepingThread},
    {"sleeping, 64 KiB, 16 under way", "size=65536 depth=16 count=200000 user", 200000, 65536,
     kSleepingThread},
};
constexpr std::chrono::seconds kIdleWindow{5};

struct Samples {
    std::vector<double> user_us;  // processor time in user mode, a read, without the vCPU's
    std::vector<double> all_us;   // that and the kernel's
    std::vector<double> rate;     // reads a second
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

// Seconds in user mode and in all, of the process's threads but its vCPU so far: proc(5), stat,
// fields 14 and 15. The vCPU's has what the guest itself did.
struct Times {
    double user = 0;
    double all = 0;
};
Times times_of(pid_t pid) {
    Times times;
    for (const auto& task : std::filesystem::directory_iterator(concat("/proc/", pid, "/task"))) {
        std::ifstream file(task.path() / "stat");
        std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        if (text.find("(CPU ") != std::string::npos) {
            continue;
        }
        std::istringstream fields(text.substr(text.rfind(')') + 1));
        std::string skipped;
        for (int field = 3; field < 14; ++field) {
            fields >> skipped;
        }
        double user = 0;
        double system = 0;
        fields >> user >> system;
        const auto hertz = static_cast<double>(::sysconf(_SC_CLK_TCK));
        times.user += user / hertz;
        times.all += (user + system) / hertz;
    }
    return times;
}

// How often its threads stopped running so far, all together; a vCPU that halts stays in KVM.
std::uint64_t wake_ups_of(pid_t pid) {
    std::uint64_t sum = 0;
    for (const auto& task : std::filesystem::directory_iterator(concat("/proc/", pid, "/task"))) {
        std::ifstream file(task.path() / "status");
        for (std::string word; file >> word;) {
            std::uint64_t count = 0;
            if (word.ends_with("voluntary_ctxt_switches:") && file >> count) {
                sum += count;
            }
        }
    }
    return sum;
}

auto start(const std::string& binary, const std::string& image, const std::string& load,
           const std::string& thread) {
    return ChildProcess::start(
        {binary,      "-M",
         "q35",       "-accel",
         "kvm",       "-m",
         "128",       "-nodefaults",
         "-display",  "none",
         "-kernel",   guest_file("blk_load"),
         "-append",   load,
         "-debugcon", "stdio",
         "-device",   "isa-debug-exit",
         "-name",     "bench,debug-threads=on",
         "-object",   thread,
         "-device",   "pcie-root-port,id=rp",
         "-drive",    concat("if=none,id=disk,format=raw,aio=io_uring,file=", image),
         "-device",   "virtio-blk-pci,drive=disk,bus=rp,iothread=io"});
}

// Wake-ups a second of a machine whose disk is set up and not asked for anything.
std::optional<double> idle_wake_ups(const std::string& binary, const std::string& image,
                                    const char* thread) {
    auto process = start(binary, image, "idle", thread);
    if (!process || !process->wait_for_output("loaded\n")) {
        return std::nullopt;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));  // what starting up left over
    const std::uint64_t before = wake_ups_of(process->pid());
    std::this_thread::sleep_for(kIdleWindow);
    return static_cast<double>(wake_ups_of(process->pid()) - before) / kIdleWindow.count();
}

bool measure(const std::string& binary, const std::string& image, const Shape& shape,
             Samples& into) {
    auto process = start(binary, image, shape.load, binary == kQemu ? kThread : shape.thread);
    if (!process || !process->wait_for_output("loaded\n")) {
        return false;
    }
    const Times before = times_of(process->pid());
    const auto start = Clock::now();
    if (!process->wait_for_output("done\n")) {
        return false;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const Times after = times_of(process->pid());
    into.user_us.push_back((after.user - before.user) / shape.reads * 1e6);
    into.all_us.push_back((after.all - before.all) / shape.reads * 1e6);
    into.rate.push_back(shape.reads / seconds);
    return process->wait_for_end() == kGuestPassed;
}

std::string make_image(const TemporaryDirectory& directory) {
    std::string image = directory.path("disk");
    std::ofstream file(image, std::ios::binary);
    const std::string mebibyte(std::size_t{1} << 20U, 's');
    for (std::size_t count = 0; count < kImageMiB; ++count) {
        file << mebibyte;
    }
    return image;
}

void print_row(const std::string& what, double ours, double theirs, double ratio) {
    std::cout << std::left << std::setw(52) << what << std::right << std::setw(12) << ours
              << std::setw(12) << theirs << std::setw(8) << ratio << '\n';
}

void print_shape(const Shape& shape, const Samples& ours, const Samples& theirs) {
    print_row(concat(shape.name, ": user CPU, us a read"), median(ours.user_us),
              median(theirs.user_us), median(theirs.user_us) / median(ours.user_us));
    print_row(concat(shape.name, ": user and system CPU, us a read"), median(ours.all_us),
              median(theirs.all_us), median(theirs.all_us) / median(ours.all_us));
    print_row(concat(shape.name, ": reads a second"), median(ours.rate), median(theirs.rate),
              median(ours.rate) / median(theirs.rate));
    print_row(concat(shape.name, ": MB/s"), median(ours.rate) * shape.size / 1e6,
              median(theirs.rate) * shape.size / 1e6, median(ours.rate) / median(theirs.rate));
}

int run(std::size_t rounds) {
    const TemporaryDirectory directory;
    const std::string image = make_image(directory);
    std::cout << "bench: random reads, medians of " << rounds
              << " rounds; a ratio above 1 is in siskin's favour\n"
              << std::left << std::setw(52) << "" << std::right << std::setw(12) << "siskin"
              << std::setw(12) << "qemu" << std::setw(9) << "ratio\n"
              << std::fixed << std::setprecision(2);
    for (const Shape& shape : kShapes) {
        Samples samples[2];
        for (std::size_t round = 0; round < rounds; ++round) {
            for (const bool ours : {true, false}) {
                if (!measure(ours ? binary_under_test() : kQemu, image, shape,
                             samples[ours ? 0 : 1])) {
                    std::cout << "bench: " << (ours ? "siskin" : "qemu") << " did not finish '"
                              << shape.load << "'\n";
                    return 1;
                }
            }
        }
        print_shape(shape, samples[0], samples[1]);
    }
    for (const char* const thread : {kThread, kSleepingThread}) {
        const auto ours = idle_wake_ups(binary_under_test(), image, thread);
        const auto theirs = idle_wake_ups(kQemu, image, thread);
        if (!ours || !theirs) {
            std::cout << "bench: an idle machine did not start\n";
            return 1;
        }
        std::cout << std::left << std::setw(52) << concat("idle, ", thread, ": wake-ups a second")
                  << std::right << std::setw(12) << *ours << std::setw(12) << *theirs << '\n';
    }
    return 0;
}

}  // namespace
}  // namespace siskin::test

int main(int argc, char** argv) {
    const auto asked = argc > 1 ? siskin::parse_unsigned(argv[1]) : std::optional<std::uint64_t>();
    return siskin::test::run(asked.value_or(siskin::test::kRoundsDefault));
}
