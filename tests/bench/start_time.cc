// SPDX-License-Identifier: Apache-2.0
// Start time, memory and idle processor time of siskin beside QEMU's microvm and q35, in one run,
// turn by turn. Prints medians and ratios; gates nothing. Usage: bench_start [rounds].
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "base/text.h"
#include "tests/harness/child_process.h"
#include "tests/harness/qmp_client.h"
#include "tests/harness/temporary_directory.h"
#include "tests/kvm/machine_under_test.h"

namespace siskin::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kGuestMiB = 128;
constexpr Milliseconds kIdleWindow{2000};

struct Contender {
    std::string name;
    std::string binary;
    std::string board;
};

// Milliseconds, MiB, per cent.
using Samples = std::map<std::string, std::vector<double>>;

constexpr const char* kGreeting = "exec to QMP greeting, ms";
constexpr const char* kFirstByte = "exec to first guest byte, ms";
constexpr const char* kMemory = "PSS above guest RAM, MiB";
constexpr const char* kIdle = "idle processor time, %";
constexpr const char* const kRows[] = {kGreeting, kFirstByte, kMemory, kIdle};

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> samples) {
    if (samples.empty()) {
        return 0;
    }
    std::sort(samples.begin(), samples.end());
    const std::size_t middle = samples.size() / 2;
    return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

// "Pss: 123 kB" of a smaps file, in MiB.
double pss_of_line(const std::string& line) {
    std::istringstream words(line);
    std::string name;
    double kib = 0;
    words >> name >> kib;
    return name == "Pss:" ? kib / 1024 : 0;
}

// The PSS of everything but the mappings of exactly the guest's RAM size.
double pss_above_guest_ram(pid_t pid) {
    std::ifstream maps(concat("/proc/", pid, "/smaps"));
    double sum = 0;
    bool guest_ram = false;
    for (std::string line; std::getline(maps, line);) {
        const std::size_t dash = line.find('-');
        const std::size_t space = line.find(' ');
        if (dash != std::string::npos && dash < space) {
            const auto first = parse_unsigned(line.substr(0, dash), 16);
            const auto last = parse_unsigned(line.substr(dash + 1, space - dash - 1), 16);
            if (first && last) {
                guest_ram = *last - *first == std::uint64_t{kGuestMiB} << 20;
                continue;
            }
        }
        sum += guest_ram ? 0 : pss_of_line(line);
    }
    return sum;
}

std::vector<std::string> command_of(const Contender& contender, const std::string& guest) {
    return {
        contender.binary,  "-M",          contender.board, "-accel", "kvm",     "-m",
        concat(kGuestMiB), "-nodefaults", "-display",      "none",   "-kernel", guest_file(guest),
        "-debugcon",       "stdio"};
}

void measure_greeting(const Contender& contender, Samples& samples) {
    TemporaryDirectory directory;
    std::vector<std::string> command = command_of(contender, "hello");
    command.insert(command.end(),
                   {"-S", "-qmp", concat("unix:", directory.path("qmp"), ",server=on,wait=off")});
    const auto start = Clock::now();
    Result<ChildProcess> process = ChildProcess::start(command);
    if (process && QmpClient::connect(directory.path("qmp"), *process)) {
        samples[kGreeting].push_back(milliseconds_since(start));
    }
}

void measure_first_byte(const Contender& contender, Samples& samples) {
    const auto start = Clock::now();
    Result<ChildProcess> process = ChildProcess::start(command_of(contender, "hello"));
    if (process && process->wait_for_output("h")) {
        samples[kFirstByte].push_back(milliseconds_since(start));
    }
}

void measure_idle(const Contender& contender, Samples& samples) {
    Result<ChildProcess> process = ChildProcess::start(command_of(contender, "idle"));
    if (!process || !process->wait_for_output("idle\n")) {
        return;
    }
    process->observe(Milliseconds(200));  // what start-up leaves to do
    const std::chrono::nanoseconds before = process->processor_time();
    const auto start = Clock::now();
    process->observe(kIdleWindow);
    const double used =
        std::chrono::duration<double, std::milli>(process->processor_time() - before).count();
    samples[kIdle].push_back(100 * used / milliseconds_since(start));
    samples[kMemory].push_back(pss_above_guest_ram(process->pid()));
}

void print_table(const std::vector<Contender>& contenders,
                 std::map<std::string, Samples>& samples) {
    std::cout << std::left << std::setw(32) << "median";
    for (const Contender& contender : contenders) {
        std::cout << std::right << std::setw(22) << contender.name;
    }
    std::cout << "\n" << std::fixed << std::setprecision(2);
    const std::string& first = contenders.front().name;
    for (const char* const row : kRows) {
        std::cout << std::left << std::setw(32) << row << std::right;
        const double ours = median(samples[first][row]);
        for (const Contender& contender : contenders) {
            const std::vector<double>& measured = samples[contender.name][row];
            const double theirs = median(measured);
            std::ostringstream cell;
            if (measured.empty()) {
                std::cout << std::setw(22) << "not in time";
                continue;
            }
            cell << std::fixed << std::setprecision(2) << theirs;
            if (contender.name != first && ours > 0) {
                cell << " (" << std::setprecision(1) << theirs / ours << "x)";
            }
            std::cout << std::setw(22) << cell.str();
        }
        std::cout << "\n";
    }
}

int run_rounds(unsigned rounds) {
    const std::string qemu = "/usr/bin/qemu-system-x86_64";
    std::vector<Contender> contenders{{"siskin", binary_under_test(), "q35"}};
    if (::access(qemu.c_str(), X_OK) == 0) {
        contenders.push_back({"qemu microvm", qemu, "microvm"});
        contenders.push_back({"qemu q35", qemu, "q35"});
    } else {
        std::cout << "bench: QEMU skipped (" << qemu << " is not installed)\n";
    }
    std::map<std::string, Samples> samples;
    for (unsigned round = 0; round < rounds; ++round) {
        for (const Contender& contender : contenders) {
            measure_greeting(contender, samples[contender.name]);
            measure_first_byte(contender, samples[contender.name]);
        }
    }
    for (const Contender& contender : contenders) {
        measure_idle(contender, samples[contender.name]);
    }
    std::cout << "bench: " << rounds << " rounds, guest RAM " << kGuestMiB
              << " MiB, ratios are to siskin\n";
    print_table(contenders, samples);
    return samples["siskin"][kFirstByte].empty() ? 1 : 0;
}

}  // namespace
}  // namespace siskin::test

int main(int argc, char** argv) {
    constexpr unsigned kRoundsDefault = 7;
    const auto asked = argc > 1 ? siskin::parse_unsigned(argv[1]) : std::optional<std::uint64_t>();
    const auto rounds = static_cast<unsigned>(asked.value_or(kRoundsDefault));
    if (::access("/dev/kvm", R_OK | W_OK) != 0) {
        std::cout << "bench: skipped (no /dev/kvm)\n";
        return 77;
    }
    return siskin::test::run_rounds(rounds);
}
