// SPDX-License-Identifier: Apache-2.0
// QMP beside QEMU's in one run, client and VMM on one core: round trips of query-status and of
// qom-get with 64 disks, the time of query-qmp-schema, a crowd of which one does not read, and the
// memory that commands leave behind. Prints; gates nothing. Usage: bench_qmp [commands].
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "tests/bench/one_core.h"
#include "tests/harness/child_process.h"
#include "tests/harness/qmp_client.h"
#include "tests/harness/temporary_directory.h"
#include "tests/kvm/machine_under_test.h"

namespace siskin::test {
namespace {

using Clock = std::chrono::steady_clock;
using Row = std::map<std::string, double>;

constexpr unsigned kRounds = 3;
constexpr unsigned kSchemas = 20;
constexpr const char* kHalf = "query-status p50, us";
constexpr const char* kMost = "query-status p99, us";
constexpr const char* kCrowd = "p99 in a crowd of 64, us";
constexpr const char* kSchema = "query-qmp-schema p50, us";
constexpr const char* kObject = "qom-get, 64 disks, p50, us";
constexpr const char* kGrowth = "RSS growth, KiB";
constexpr const char* const kRows[] = {kHalf, kMost, kCrowd, kSchema, kObject, kGrowth};

double resident_kib(pid_t pid) {
    std::ifstream status(concat("/proc/", pid, "/status"));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) {
            std::istringstream words(line.substr(6));
            double kib = 0;
            words >> kib;
            return kib;
        }
    }
    return 0;
}

// The times of so many commands, sorted; empty when one failed. Microseconds.
std::vector<double> time_commands(QmpClient& client, std::string_view command, std::size_t count,
                                  std::string_view arguments = "") {
    std::vector<double> times;
    times.reserve(count);
    for (std::size_t number = 0; number < count; ++number) {
        const auto start = Clock::now();
        if (!client.execute(command, arguments)) {
            return {};
        }
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    return times;
}

// 64 clients: QEMU serves one on each socket, siskin up to 16.
constexpr std::size_t kCrowdSize = 64;
constexpr std::size_t kClientsPerSocket = 16;

struct Crowd {
    std::vector<std::string> options;
    std::vector<std::string> paths;  // one a client
};

Crowd crowd_for(const std::string& binary, const TemporaryDirectory& directory) {
    const bool several = binary == binary_under_test();
    const std::size_t per_socket = several ? kClientsPerSocket : 1;
    Crowd crowd;
    for (std::size_t client = 0; client < kCrowdSize; ++client) {
        const std::string path = directory.path(concat("qmp", client / per_socket));
        if (client % per_socket == 0) {
            crowd.options.insert(crowd.options.end(),
                                 {"-qmp", concat("unix:", path, ",server=on,wait=off",
                                                 several ? ",x-siskin-clients=16" : "")});
        }
        crowd.paths.push_back(path);
    }
    return crowd;
}

// Asks for more than a client's share of memory, and reads nothing. Bounded, as QEMU keeps it all.
constexpr unsigned kUnread = 64;

void stall(const std::string& path, std::vector<Fd>& stalled) {
    auto socket = connect_unix(path);
    if (!socket) {
        return;
    }
    std::string commands = "{\"execute\":\"qmp_capabilities\"}";
    for (unsigned count = 0; count < kUnread; ++count) {
        commands += "{\"execute\":\"query-qmp-schema\"}";
    }
    if (::send(socket->get(), commands.data(), commands.size(), MSG_NOSIGNAL) > 0) {
        stalled.push_back(std::move(*socket));
    }
}

// The clients take turns, while the one that does not read has all it can get under way.
std::optional<double> crowd_p99(const std::string& binary, std::size_t commands) {
    TemporaryDirectory directory;
    const Crowd crowd = crowd_for(binary, directory);
    std::vector<std::string> arguments{
        binary, "-M", "q35",     "-accel",           "kvm", "-nodefaults", "-display",
        "none", "-S", "-kernel", guest_file("hello")};
    arguments.insert(arguments.end(), crowd.options.begin(), crowd.options.end());
    auto process = ChildProcess::start(arguments);
    if (!process) {
        return std::nullopt;
    }
    std::vector<QmpClient> clients;
    for (std::size_t number = 1; number < kCrowdSize; ++number) {
        auto client = QmpClient::connect(crowd.paths[number], *process);
        if (!client) {
            return std::nullopt;
        }
        clients.push_back(std::move(*client));
    }
    std::vector<Fd> stalled;
    stall(crowd.paths.front(), stalled);
    std::vector<double> times;
    for (std::size_t turn = 0; turn < commands / clients.size() + 1; ++turn) {
        for (QmpClient& client : clients) {
            const auto time = time_commands(client, "query-status", 1);
            if (time.empty()) {
                return std::nullopt;
            }
            times.push_back(time.front());
        }
    }
    std::sort(times.begin(), times.end());
    return times[times.size() * 99 / 100];
}

constexpr unsigned kDisks = 64;
constexpr unsigned kFunctions = 8;  // in a slot

// One property of one of many disks.
std::optional<double> object_p50(const std::string& binary, std::size_t commands) {
    TemporaryDirectory directory;
    const std::string socket = directory.path("qmp");
    std::vector<std::string> arguments{binary,
                                       "-M",
                                       "q35",
                                       "-accel",
                                       "kvm",
                                       "-nodefaults",
                                       "-display",
                                       "none",
                                       "-S",
                                       "-kernel",
                                       guest_file("hello"),
                                       "-qmp",
                                       concat("unix:", socket, ",server=on,wait=off")};
    for (unsigned disk = 0; disk < kDisks; ++disk) {
        arguments.insert(
            arguments.end(),
            {"-blockdev", concat("null-co,read-zeroes=on,node-name=n", disk), "-device",
             concat("virtio-blk-pci,multifunction=on,id=d", disk, ",drive=n", disk,
                    ",addr=", 8 + disk / kFunctions, '.', disk % kFunctions)});
    }
    auto process = ChildProcess::start(arguments);
    if (!process) {
        return std::nullopt;
    }
    auto client = QmpClient::connect(socket, *process);
    const auto times = client ? time_commands(*client, "qom-get", commands,
                                              R"({"path": "/machine/peripheral/d40",)"
                                              R"( "property": "queue-size"})")
                              : std::vector<double>();
    return times.empty() ? std::nullopt : std::optional(times[times.size() / 2]);
}

std::optional<Row> measure(const std::string& binary, std::size_t commands) {
    TemporaryDirectory directory;
    const std::string socket = directory.path("qmp");
    auto process = ChildProcess::start({binary, "-M", "q35", "-accel", "kvm", "-nodefaults",
                                        "-display", "none", "-S", "-kernel", guest_file("hello"),
                                        "-qmp", concat("unix:", socket, ",server=on,wait=off")});
    if (!process) {
        return std::nullopt;
    }
    auto client = QmpClient::connect(socket, *process);
    if (!client || time_commands(*client, "query-status", 1000).empty()) {
        return std::nullopt;
    }
    const double before = resident_kib(process->pid());
    const std::vector<double> status = time_commands(*client, "query-status", commands);
    const double after = resident_kib(process->pid());
    const std::vector<double> schema = time_commands(*client, "query-qmp-schema", kSchemas);
    if (status.empty() || schema.empty()) {
        return std::nullopt;
    }
    return Row{{kHalf, status[status.size() / 2]},
               {kMost, status[status.size() * 99 / 100]},
               {kCrowd, crowd_p99(binary, commands).value_or(0)},
               {kSchema, schema[schema.size() / 2]},
               {kObject, object_p50(binary, commands).value_or(0)},
               {kGrowth, after - before}};
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

int run_rounds(std::size_t commands) {
    const std::vector<std::pair<std::string, std::string>> contenders{
        {"siskin", binary_under_test()}, {"qemu", "/usr/bin/qemu-system-x86_64"}};
    std::map<std::string, std::map<std::string, std::vector<double>>> samples;
    for (unsigned round = 0; round < kRounds; ++round) {
        for (const auto& [name, binary] : contenders) {
            const std::optional<Row> row = measure(binary, commands);
            for (const auto& [what, value] : row.value_or(Row())) {
                samples[name][what].push_back(value);
            }
        }
    }
    std::cout << "bench: " << kRounds << " rounds of " << commands
              << " commands, medians, client and VMM on one core\n"
              << std::left << std::setw(28) << "" << std::right << std::setw(12) << "siskin"
              << std::setw(12) << "qemu" << std::setw(10) << "ratio\n"
              << std::fixed << std::setprecision(1);
    for (const char* const what : kRows) {
        const double ours = median(samples["siskin"][what]);
        const double theirs = median(samples["qemu"][what]);
        std::cout << std::left << std::setw(28) << what << std::right << std::setw(12) << ours
                  << std::setw(12) << theirs << std::setw(9) << (ours > 0 ? theirs / ours : 0)
                  << "\n";
    }
    return samples["siskin"].empty() ? 1 : 0;
}

}  // namespace
}  // namespace siskin::test

int main(int argc, char** argv) {
    constexpr std::size_t kCommandsDefault = 10000;
    const auto asked = argc > 1 ? siskin::parse_unsigned(argv[1]) : std::optional<std::uint64_t>();
    if (::access("/dev/kvm", R_OK | W_OK) != 0) {
        std::cout << "bench: skipped (no /dev/kvm)\n";
        return 77;
    }
    siskin::test::pin_to_one_core();
    return siskin::test::run_rounds(asked.value_or(kCommandsDefault));
}
