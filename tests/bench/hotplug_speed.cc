// SPDX-License-Identifier: Apache-2.0
// The host's half of hot-plug beside QEMU's in one run: how long device_add and device_del of a
// virtio disk take until their replies, client and VMM on one core, the guest not started. A reset
// stands for the guest that lets go. Prints; gates nothing. Usage: bench_hotplug [cycles].
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "base/text.h"
#include "tests/bench/one_core.h"
#include "tests/harness/child_process.h"
#include "tests/harness/qmp_client.h"
#include "tests/harness/temporary_directory.h"
#include "tests/kvm/machine_under_test.h"

namespace siskin::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kRounds = 5;
constexpr std::size_t kCyclesDefault = 200;
constexpr const char* kQemu = "/usr/bin/qemu-system-x86_64";

struct Times {
    std::vector<double> add;   // us
    std::vector<double> del;   // us
    std::vector<double> both;  // us
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

// Microseconds until the reply.
Result<double> time_of(QmpClient& client, std::string_view command, std::string_view arguments) {
    const auto start = Clock::now();
    SISKIN_TRY(client.execute(command, arguments));
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

Result<Times> cycles_of(QmpClient& client, std::size_t cycles) {
    Times times;
    for (std::size_t cycle = 0; cycle < cycles; ++cycle) {
        const double add =
            SISKIN_TRY(time_of(client, "device_add",
                               "{\"driver\":\"virtio-blk-pci\",\"id\":\"vd\",\"bus\":\"rp\","
                               "\"drive\":\"node\"}"));
        const double del = SISKIN_TRY(time_of(client, "device_del", "{\"id\":\"vd\"}"));
        times.add.push_back(add);
        times.del.push_back(del);
        times.both.push_back(add + del);
        SISKIN_TRY(client.execute("system_reset"));
        Value gone;
        do {
            gone = SISKIN_TRY(client.wait_for_event("DEVICE_DELETED"));
        } while (text_at(member_at(gone, "data"), "device") != "vd");
    }
    return times;
}

Result<Times> measure(const std::string& binary, std::size_t cycles) {
    const TemporaryDirectory directory;
    const std::string socket = directory.path("qmp");
    const std::string image = directory.path("disk");
    std::ofstream(image) << std::string(std::size_t{1} << 20U, '\0');
    auto process = SISKIN_TRY(ChildProcess::start(
        {binary, "-M", "q35", "-accel", "kvm", "-nodefaults", "-display", "none", "-S", "-kernel",
         guest_file("hello"), "-device", "pcie-root-port,id=rp", "-blockdev",
         concat("driver=raw,node-name=node,file.driver=file,file.filename=", image), "-qmp",
         concat("unix:", socket, ",server=on,wait=off")}));
    auto client = SISKIN_TRY(QmpClient::connect(socket, process));
    return cycles_of(client, cycles);
}

void print_row(const char* what, const std::vector<double>& ours,
               const std::vector<double>& theirs) {
    std::cout << std::left << std::setw(32) << what << std::right << std::setw(10) << median(ours)
              << std::setw(10) << median(theirs) << std::setw(8)
              << (ours.empty() ? 0 : median(theirs) / median(ours)) << '\n';
}

int run(std::size_t cycles) {
    Times medians[2];  // of the rounds
    for (unsigned round = 0; round < kRounds; ++round) {
        for (const bool ours : {true, false}) {
            const auto times = measure(ours ? binary_under_test() : kQemu, cycles);
            if (!times) {
                std::cout << "bench: " << (ours ? "siskin: " : "qemu: ") << times.error().message
                          << '\n';
                return 1;
            }
            Times& into = medians[ours ? 0 : 1];
            into.add.push_back(median(times->add));
            into.del.push_back(median(times->del));
            into.both.push_back(median(times->both));
        }
    }
    std::cout << "bench: " << kRounds << " rounds of " << cycles
              << " cycles, medians in us until the reply\n"
              << std::left << std::setw(32) << "" << std::right << std::setw(10) << "siskin"
              << std::setw(10) << "qemu" << std::setw(9) << "ratio\n"
              << std::fixed << std::setprecision(1);
    print_row("device_add", medians[0].add, medians[1].add);
    print_row("device_del", medians[0].del, medians[1].del);
    print_row("both (target: a ratio of 3)", medians[0].both, medians[1].both);
    return 0;
}

}  // namespace
}  // namespace siskin::test

int main(int argc, char** argv) {
    const auto asked = argc > 1 ? siskin::parse_unsigned(argv[1]) : std::optional<std::uint64_t>();
    if (::access("/dev/kvm", R_OK | W_OK) != 0) {
        std::cout << "bench: skipped (no /dev/kvm)\n";
        return 77;
    }
    siskin::test::pin_to_one_core();
    return siskin::test::run(asked.value_or(siskin::test::kCyclesDefault));
}
