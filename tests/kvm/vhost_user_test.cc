// SPDX-License-Identifier: Apache-2.0
// A guest's disk in a real qemu-storage-daemon, which is killed and started again under load.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

constexpr const char* kDaemon = "/usr/bin/qemu-storage-daemon";
constexpr const char* kQemuImg = "/usr/bin/qemu-img";
constexpr unsigned kSectors = 2048;
constexpr unsigned kChunks = 128;  // of blk_verify
constexpr unsigned kChunkSectors = 8;
constexpr unsigned kKills = 4;

bool has_tools() {
    for (const char* const tool : {kDaemon, kQemuImg}) {
        if (::access(tool, X_OK) != 0) {
            MESSAGE("skipped: there is no " << tool);
            return false;
        }
    }
    return true;
}

// SISKIN_KILLS asks for more.
unsigned kills() {
    const char* const wanted = std::getenv("SISKIN_KILLS");
    return wanted == nullptr ? kKills : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

// An image that a daemon serves.
class Served {
public:
    explicit Served(std::string format) : format_(std::move(format)) {
        const std::string raw = patterned_image(directory, "raw", kSectors);
        if (format_ == "raw") {
            std::filesystem::rename(raw, image());
        } else {
            convert("raw", raw, format_, image());
        }
        start_daemon();
    }

    // Returns at once: a daemon that starts takes its time, and whoever connects tries again.
    void start_daemon() {
        std::filesystem::remove(directory.path("pid"));
        auto started = ChildProcess::start(
            {kDaemon, "--blockdev", concat("driver=file,node-name=f,filename=", image()),
             "--blockdev", concat("driver=", format_, ",node-name=d,file=f"), "--export",
             concat("type=vhost-user-blk,id=e,node-name=d,writable=on,num-queues=2,addr.type=unix,"
                    "addr.path=",
                    socket()),
             "--pidfile", directory.path("pid")});
        REQUIRE(started.has_value());
        daemon.emplace(std::move(*started));
    }
    void wait_for_daemon() const {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!std::filesystem::exists(directory.path("pid"))) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    void kill_daemon() {
        daemon->send_signal(SIGKILL);
        REQUIRE(daemon->wait_for_end().has_value());
        daemon.reset();
    }
    // What is in the image, once nobody has it any more.
    std::string contents() {
        kill_daemon();
        convert(format_, image(), "raw", directory.path("contents"));
        return directory.path("contents");
    }
    std::string socket() const { return directory.path("vhost"); }

    TemporaryDirectory directory;
    std::optional<ChildProcess> daemon;

private:
    std::string image() const { return directory.path("image"); }
    static void convert(const std::string& from_format, const std::string& from,
                        const std::string& to_format, const std::string& to) {
        auto conversion = ChildProcess::start(
            {kQemuImg, "convert", "-f", from_format, "-O", to_format, from, to});
        REQUIRE(conversion.has_value());
        const auto status = conversion->wait_for_end();
        CAPTURE(conversion->errors());
        REQUIRE(status == 0);
    }

    std::string format_;
};

MachineArguments machine(const Served& served, const std::string& guest,
                         const std::string& device = ",num-queues=2") {
    MachineArguments arguments(guest);
    arguments
        .add({"-object", "memory-backend-memfd,id=ram,size=128M,share=on", "-machine",
              "memory-backend=ram", "-chardev",
              concat("socket,id=c0,path=", served.socket(), ",reconnect=1"), "-device",
              "pcie-root-port,id=rp,chassis=1"})
        .qmp(served.directory.path("qmp"));
    if (!device.empty()) {
        arguments.add({"-device", concat("vhost-user-blk-pci,chardev=c0,bus=rp,id=v0", device)});
    }
    return arguments;
}

unsigned version_at(const std::string& output, unsigned chunk) {
    constexpr std::string_view kWord = "versions ";
    const auto at = output.find(kWord);
    REQUIRE(at != std::string::npos);
    return static_cast<unsigned>(
        std::stoul(output.substr(at + kWord.size() + chunk * 2, 2), nullptr, 16));
}

std::chrono::milliseconds time_of(QmpClient& monitor, const std::string& command) {
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(monitor.execute(command).has_value());
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 begin);
}

}  // namespace

TEST_SUITE("kvm/vhost_user") {
    TEST_CASE("a guest's disk in another process does all that a disk does") {
        if (!has_tools()) {
            return;
        }
        for (const std::string format : {"raw", "qcow2"}) {
            CAPTURE(format);
            Served served(format);
            served.wait_for_daemon();
            MachineArguments arguments = machine(served, "blk_poll");
            arguments.command_line("queues=2 prefilled ranges");

            const GuestRun result = run(arguments);

            CAPTURE(result.output);
            CAPTURE(result.errors);
            CHECK(result.status == kGuestPassed);
            const std::string contents = served.contents();
            CHECK(file_has_pattern(contents, 0, 8, 0));
            CHECK(file_has_pattern(contents, 24, kSectors - 24, 0));
        }
    }

    TEST_CASE("a daemon that is killed again and again under load loses and undoes nothing") {
        if (!has_tools()) {
            return;
        }
        for (const std::string format : {"raw", "qcow2"}) {
            CAPTURE(format);
            Served served(format);
            served.wait_for_daemon();
            ChildProcess process = start(machine(served, "blk_verify"));
            QmpClient monitor = connect(served.directory.path("qmp"), process);
            unsigned marks = 0;
            for (unsigned kill = 0; kill < kills(); ++kill) {
                CAPTURE(kill);
                marks = count_of(process.output(), "+") + 1 + kill % 3;
                REQUIRE(process.wait_for_output("+", marks));
                served.kill_daemon();
                served.start_daemon();
            }
            REQUIRE(process.wait_for_output("+", marks + 8));
            REQUIRE(monitor.execute("system_powerdown").has_value());

            const auto status = process.wait_for_end();

            CAPTURE(process.output());
            CAPTURE(process.errors());
            REQUIRE(status == kGuestPassed);
            CHECK(count_of(process.errors(), "back end is there again") == kills());
            const std::string contents = served.contents();
            unsigned wrong = 0;
            for (unsigned chunk = 0; chunk < kChunks; ++chunk) {
                wrong += file_has_pattern(contents, chunk * kChunkSectors, kChunkSectors,
                                          version_at(process.output(), chunk))
                             ? 0
                             : 1;
            }
            CHECK(wrong == 0);
        }
    }

    TEST_CASE("a daemon that stands still delays neither stop, nor reset, nor quit for long") {
        if (!has_tools()) {
            return;
        }
        Served served("raw");
        served.wait_for_daemon();
        ChildProcess process = start(machine(served, "blk_verify"));
        QmpClient monitor = connect(served.directory.path("qmp"), process);
        REQUIRE(process.wait_for_output("+", 2));
        served.daemon->send_signal(SIGSTOP);

        CHECK(time_of(monitor, "query-status") < std::chrono::seconds(1));
        CHECK(time_of(monitor, "stop") < std::chrono::seconds(5));
        CHECK(time_of(monitor, "cont") < std::chrono::seconds(5));
        CHECK(time_of(monitor, "system_reset") < std::chrono::seconds(5));
        REQUIRE(monitor.execute("quit").has_value());
        CHECK(process.wait_for_end(Milliseconds(10000)).has_value());
    }

    TEST_CASE(
        "a stop and a reset without a daemon end at once, and the guest begins anew with one") {
        if (!has_tools()) {
            return;
        }
        Served served("raw");
        served.wait_for_daemon();
        ChildProcess process = start(machine(served, "blk_verify"));
        QmpClient monitor = connect(served.directory.path("qmp"), process);
        REQUIRE(process.wait_for_output("+", 2));
        served.kill_daemon();
        REQUIRE(process.wait_for_errors("back end is lost"));

        CHECK(time_of(monitor, "stop") < std::chrono::seconds(1));
        CHECK(time_of(monitor, "cont") < std::chrono::seconds(1));
        CHECK(time_of(monitor, "system_reset") < std::chrono::seconds(1));
        served.start_daemon();

        REQUIRE(process.wait_for_output("+", count_of(process.output(), "+") + 4));
        REQUIRE(monitor.execute("system_powerdown").has_value());
        CHECK(process.wait_for_end() == kGuestPassed);
    }

    TEST_CASE("device_add greets the back end, says why there is none, and holds up nobody") {
        if (!has_tools()) {
            return;
        }
        Served served("raw");
        served.wait_for_daemon();
        ChildProcess process = start(machine(served, "idle", ""));
        QmpClient monitor = connect(served.directory.path("qmp"), process);
        const std::string add =
            R"({"driver": "vhost-user-blk-pci", "id": "v0", "bus": "rp", "chardev": "c0"})";
        REQUIRE(monitor.execute("device_add", add).has_value());
        const Result<Value> again = monitor.execute("device_add", add);
        REQUIRE_FALSE(again.has_value());
        CHECK(again.error().message == "GenericError: Device 'c0' is in use");
        // The guest never answers; a reset lets it go.
        REQUIRE(monitor.execute("device_del", R"({"id": "v0"})").has_value());
        REQUIRE(monitor.execute("system_reset").has_value());
        REQUIRE(monitor.wait_for_event("DEVICE_DELETED").has_value());

        served.daemon->send_signal(SIGSTOP);
        const Result<Value> silent = monitor.execute("device_add", add);
        REQUIRE_FALSE(silent.has_value());
        CHECK(silent.error().message ==
              "GenericError: chardev 'c0', its vhost-user back end: it did not answer within 2000 "
              "ms");
        served.kill_daemon();
        const Result<Value> absent = monitor.execute("device_add", add);
        REQUIRE_FALSE(absent.has_value());
        CHECK(monitor.execute("chardev-remove", R"({"id": "c0"})").has_value());
    }

    TEST_CASE("memory that is not shared is refused, and so is a daemon that is not there") {
        if (!has_tools()) {
            return;
        }
        Served served("raw");
        served.wait_for_daemon();
        MachineArguments unshared("idle");
        unshared.add({"-chardev", concat("socket,id=c0,path=", served.socket(), ",reconnect=1"),
                      "-device", "vhost-user-blk-pci,chardev=c0"});
        const GuestRun refused = run(unshared);
        CHECK(refused.status == 1);
        CHECK(refused.errors.find("memory-backend-memfd,share=on") != std::string::npos);

        served.kill_daemon();
        std::filesystem::remove(served.socket());
        const GuestRun absent = run(machine(served, "idle"));
        CHECK(absent.status == 1);
        CHECK(absent.errors.find("chardev 'c0' is not connected") != std::string::npos);
    }
}

}  // namespace siskin::test
