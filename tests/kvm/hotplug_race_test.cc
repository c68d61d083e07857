// SPDX-License-Identifier: Apache-2.0
// Plugs, removals, stops, resets and the end of the machine in a random order, from two clients at
// a time. SISKIN_RACES=500 for a campaign, SISKIN_SEED for the same order again.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

constexpr unsigned kRacesDefault = 8;
constexpr unsigned kCommandsMax = 40;

unsigned number_from_environment(const char* name, unsigned otherwise) {
    const char* const text = std::getenv(name);
    const auto number = parse_unsigned(text == nullptr ? "" : text);
    return number ? static_cast<unsigned>(*number) : otherwise;
}

// Each may be refused, as the state is whatever the other client made of it; none may hang.
void run_one_of(QmpClient& monitor, std::mt19937& random) {
    static constexpr std::array<std::pair<const char*, const char*>, 10> kCommands{{
        {"device_add", R"({"driver":"virtio-blk-pci","id":"n0","bus":"rp0","drive":"d0"})"},
        {"device_add",
         R"({"driver":"virtio-blk-pci","id":"n1","bus":"rp1","drive":"d1","iothread":"io"})"},
        {"device_add", R"({"driver":"pcie-pci-bridge","id":"b","bus":"rp0"})"},
        {"device_del", R"({"id":"n0"})"},
        {"device_del", R"({"id":"n1"})"},
        {"device_del", R"({"id":"b"})"},
        {"stop", ""},
        {"cont", ""},
        {"system_reset", ""},
        {"query-pci", ""},
    }};
    const auto& [command, arguments] = kCommands.at(random() % kCommands.size());
    [[maybe_unused]] const auto reply = monitor.execute(command, arguments);
}

void run_some(QmpClient& monitor, unsigned seed) {
    std::mt19937 random(seed);
    for (std::size_t left = random() % kCommandsMax; left > 0; --left) {
        run_one_of(monitor, random);
    }
}

}  // namespace

TEST_SUITE("kvm/hotplug races") {
    TEST_CASE("whatever meets a plug or a removal, the machine answers and ends (H08, K07)") {
        const unsigned races = number_from_environment("SISKIN_RACES", kRacesDefault);
        const unsigned first_seed = number_from_environment("SISKIN_SEED", std::random_device()());
        for (unsigned race = 0; race < races; ++race) {
            const unsigned seed = first_seed + race;
            CAPTURE(seed);
            TemporaryDirectory directory;
            const std::string image = patterned_image(directory, "disk", 16);
            ChildProcess process = start(
                MachineArguments("idle")
                    .add({"-object", "iothread,id=io", "-device", "pcie-root-port,id=rp0,chassis=1",
                          "-device", "pcie-root-port,id=rp1,chassis=2", "-blockdev",
                          concat("driver=file,node-name=d0,read-only=on,filename=", image),
                          "-blockdev",
                          concat("driver=file,node-name=d1,read-only=on,filename=", image)})
                    .qmp(directory.path("qmp0"))
                    .qmp(directory.path("qmp1")));
            QmpClient monitor = connect(directory.path("qmp0"), process);
            QmpClient other = connect(directory.path("qmp1"), process);
            const bool by_quit = seed % 2 == 0;
            {
                std::jthread beside([&other, seed] { run_some(other, ~seed); });
                run_some(monitor, seed);
                if (by_quit) {
                    CHECK(monitor.execute("quit").has_value());
                } else {
                    process.send_signal(SIGTERM);
                }
            }

            CHECK(process.wait_for_end() == 0);
            CHECK(count_of(process.errors(), "\n") == (by_quit ? 0 : 1));  // tells of the signal
        }
    }
}

}  // namespace siskin::test
