// SPDX-License-Identifier: Apache-2.0
// What a guest's read of configuration space through ECAM costs in user space, without KVM, for
// trees of several sizes. Prints; gates nothing. Usage: bench_pci [reads].
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ctime>

#include "base/text.h"
#include "pci/allocator.h"
#include "pci/express_port.h"
#include "tests/harness/driver_pci.h"

namespace siskin {
namespace {

constexpr std::size_t kReadsDefault = 1'000'000;
constexpr unsigned kRounds = 5;
constexpr std::size_t kOrder = 1024;  // addresses that are read in turn
constexpr unsigned kFunctionsMax = 8;
constexpr double kTarget = 0.25;  // us

// `count` functions; beyond the first, eight behind each root port.
class Tree {
public:
    explicit Tree(std::size_t count) {
        unsigned slot = 1;
        while (probes_.size() < count) {
            PciBus* bus = &machine.host.root();
            if (count > 1) {
                const DevFn devfn = DevFn::of(slot / kFunctionsMax + 1, slot % kFunctionsMax);
                ports_.push_back(make_port(machine, kRootPortType, machine.host.root(), devfn,
                                           concat("rp", slot)));
                bus = &ports_.back()->secondary();
                ++slot;
            }
            const std::size_t here = std::min<std::size_t>(count - probes_.size(), kFunctionsMax);
            for (unsigned function = 0; function < here; ++function) {
                const unsigned device = count > 1 ? 0 : 1;
                probes_.push_back(std::make_unique<ProbeFunction>(
                    machine.place(*bus, DevFn::of(device, function), here > 1), std::uint8_t{1}));
                probes_.back()->plug();
            }
        }
        const AllocatorApertures apertures{
            {0xc0000000, 0x10000000}, {0x8'00000000, 0x8'00000000}, {0x1000, 0xf000}};
        SISKIN_ASSERT(assign_resources(machine.host, apertures, [](IntxInput input) {
                          return input.device;
                      }).has_value());
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree() {
        probes_.clear();
        ports_.clear();
    }

    // Vendor and device of each function, in an order without a pattern.
    [[nodiscard]] std::vector<std::uint64_t> addresses() const {
        std::vector<std::uint64_t> out(kOrder);
        std::uint32_t state = 1;
        for (std::uint64_t& address : out) {
            state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator
            const Bdf bdf = probes_[(state >> 8U) % probes_.size()]->bdf();
            address = PciMachine::kEcamBase + (std::uint64_t{bdf.bus} << 20U) +
                      (std::uint64_t{bdf.devfn.value()} << 12U);
        }
        return out;
    }

    PciMachine machine;

private:
    std::vector<std::unique_ptr<ExpressPort>> ports_;
    std::vector<std::unique_ptr<ProbeFunction>> probes_;
};

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The best of the rounds, in microseconds a read; nothing when a function did not answer.
std::optional<double> cost_of_read(std::size_t functions, std::size_t reads) {
    Tree tree(functions);
    const std::vector<std::uint64_t> addresses = tree.addresses();
    double best = 0;
    for (unsigned round = 0; round < kRounds; ++round) {
        std::uint64_t absent = 0;
        const double start = cpu_seconds();
        for (std::size_t read = 0; read < reads; ++read) {
            const std::uint64_t address = addresses[read % kOrder];
            absent += tree.machine.memory_reader.read(address, 4) == 0xffffffff ? 1 : 0;
        }
        const double cost = (cpu_seconds() - start) / static_cast<double>(reads) * 1e6;
        if (absent != 0) {
            return std::nullopt;
        }
        best = round == 0 ? cost : std::min(best, cost);
    }
    return best;
}

int run(std::size_t reads) {
    std::cout << "bench: reads of a dword through ECAM, CPU time, best of " << kRounds
              << " rounds of " << reads << '\n'
              << std::fixed << std::setprecision(3);
    for (const std::size_t functions : {1U, 32U, 256U}) {
        const auto cost = cost_of_read(functions, reads);
        if (!cost) {
            std::cout << functions << " functions: one did not answer\n";
            return 1;
        }
        std::cout << std::setw(4) << functions << " functions" << std::setw(9) << *cost
                  << " us a read (target " << kTarget << ")\n";
    }
    return 0;
}

}  // namespace
}  // namespace siskin

int main(int argc, char** argv) {
    const auto asked = argc > 1 ? siskin::parse_unsigned(argv[1]) : std::optional<std::uint64_t>();
    return siskin::run(asked.value_or(siskin::kReadsDefault));
}
