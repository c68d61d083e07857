// SPDX-License-Identifier: Apache-2.0
// Disks that come and go on the real program, with a reset in the guest's stead.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include <sys/resource.h>

#include "base/text.h"
#include "base/units.h"
#include "qmp/value_json.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

constexpr unsigned kSectors = 256;
// A count taken at once may differ by one either way: other threads still close what they had.
constexpr Milliseconds kSettled{300};

std::size_t entries_of(const std::string& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) {
        ++count;
    }
    return count;
}

// From now on the process may have no descriptor with that number or above.
void set_descriptor_limit(pid_t process, std::size_t count) {
    rlimit limit{};
    REQUIRE(::prlimit(process, RLIMIT_NOFILE, nullptr, &limit) == 0);
    limit.rlim_cur = count;
    REQUIRE(::prlimit(process, RLIMIT_NOFILE, &limit, nullptr) == 0);
}

// A guest with an empty port, and an image for what comes there.
struct PluggingMachine {
    explicit PluggingMachine(const std::string& guest, const std::vector<std::string>& more = {})
        : image(patterned_image(directory, "disk", kSectors)),
          process(start(MachineArguments(guest)
                            .add({"-device", "pcie-root-port,id=rp1,chassis=1", "-blockdev",
                                  concat("driver=file,node-name=d0,filename=", image)})
                            .add(more)
                            .qmp(directory.path("qmp")))),
          monitor(connect(directory.path("qmp"), process)) {}

    std::string execute(const std::string& command, const std::string& arguments = "") {
        const auto reply = monitor.execute(command, arguments);
        return reply ? "" : reply.error().message;
    }
    std::string plug() {
        return execute("device_add",
                       R"({"driver":"virtio-blk-pci","id":"n0","bus":"rp1","drive":"d0"})");
    }
    std::string unplug() { return execute("device_del", R"({"id":"n0"})"); }
    // The path of the next DEVICE_DELETED.
    std::string deleted() {
        const auto event = monitor.wait_for_event("DEVICE_DELETED");
        return event ? text_at(member_at(*event, "data"), "path") : event.error().message;
    }
    std::size_t count(const std::string& what) {
        return entries_of(concat("/proc/", process.pid(), '/', what));
    }

    TemporaryDirectory directory;
    std::string image;
    ChildProcess process;
    QmpClient monitor;
};

// The guest is told of a removal, and the client, who asked for such events, of that.
bool is_told(QmpClient& client) {
    for (;;) {
        const auto event = client.wait_for_event("X_SISKIN_HOTPLUG_STEP");
        if (!event) {
            return false;
        }
        if (text_at(member_at(*event, "data"), "step") == "guest-told") {
            return true;
        }
    }
}

}  // namespace

TEST_SUITE("kvm/hotplug") {
    TEST_CASE("a disk that came before the guest ran is there as from the start") {
        PluggingMachine machine("blk_poll", {"-S", "-append", "plain prefilled"});

        REQUIRE(machine.plug().empty());
        REQUIRE(machine.execute("cont").empty());

        CHECK(machine.process.wait_for_end() == kGuestPassed);
        CHECK(file_has_pattern(machine.image, 8, 8, 1));
    }

    TEST_CASE("on a running machine a reset completes a removal; nothing stays behind (H01, H07)") {
        PluggingMachine machine("idle");
        REQUIRE(machine.plug().empty());
        REQUIRE(machine.unplug().empty());
        REQUIRE(machine.execute("system_reset").empty());
        REQUIRE(machine.deleted() == "/machine/peripheral/n0/virtio-backend");
        REQUIRE(machine.deleted() == "/machine/peripheral/n0");
        machine.process.observe(kSettled);
        const std::size_t descriptors = machine.count("fd");
        const std::size_t threads = machine.count("task");

        for (unsigned cycle = 0; cycle < 50; ++cycle) {
            REQUIRE(machine.plug().empty());
            CHECK(machine.plug() == "GenericError: Duplicate device ID 'n0'");
            REQUIRE(machine.unplug().empty());
            CHECK(machine.unplug() ==
                  "GenericError: Device n0 is already in the process of unplug");
            REQUIRE(machine.execute("system_reset").empty());
            REQUIRE(machine.deleted() == "/machine/peripheral/n0/virtio-backend");
            REQUIRE(machine.deleted() == "/machine/peripheral/n0");
        }

        machine.process.observe(kSettled);
        CHECK(machine.count("fd") == descriptors);
        CHECK(machine.count("task") == threads);
    }

    TEST_CASE("a plug that runs out of descriptors at any step leaves all as it was (H07)") {
        PluggingMachine machine("idle");
        REQUIRE(machine.plug().empty());
        REQUIRE(machine.unplug().empty());
        REQUIRE(machine.execute("system_reset").empty());
        REQUIRE(machine.deleted() == "/machine/peripheral/n0/virtio-backend");
        REQUIRE(machine.deleted() == "/machine/peripheral/n0");
        machine.process.observe(kSettled);
        const std::size_t descriptors = machine.count("fd");
        const std::size_t threads = machine.count("task");
        unsigned refused = 0;
        std::string failure = "none yet";
        for (std::size_t spare = 0; spare < 64 && !failure.empty(); ++spare) {
            CAPTURE(spare);
            set_descriptor_limit(machine.process.pid(), descriptors + spare);
            failure = machine.plug();
            refused += failure.empty() ? 0 : 1;
            CHECK((failure.empty() || machine.count("fd") <= descriptors));
            CHECK(machine.count("task") == threads);
        }

        CHECK(refused >= 3);
        CHECK(failure.empty());
        CHECK(machine.execute("query-pci").empty());
    }

    TEST_CASE("each client hears once, at one time, that a device has gone") {
        TemporaryDirectory directory;
        const std::string path = directory.path("other");
        PluggingMachine machine("idle", {"-qmp", concat("unix:", path, ",server=on,wait=off")});
        QmpClient other = connect(path, machine.process);
        REQUIRE(machine.plug().empty());
        REQUIRE(machine.unplug().empty());
        REQUIRE(machine.execute("system_reset").empty());

        for (int part = 0; part < 2; ++part) {
            const auto first = machine.monitor.wait_for_event("DEVICE_DELETED");
            const auto second = other.wait_for_event("DEVICE_DELETED");
            REQUIRE(first.has_value());
            REQUIRE(second.has_value());
            CHECK(qmp::to_json(*first) == qmp::to_json(*second));
        }

        CHECK(machine.execute("query-status").empty());
        CHECK(other.execute("query-status").has_value());
        for (const QmpClient* const client : {&machine.monitor, &other}) {
            const auto& names = client->event_names();
            CHECK(std::count(names.begin(), names.end(), "DEVICE_DELETED") == 2);
        }
    }

    TEST_CASE("an option ROM that cannot be is refused, and id and place are free after it (H07)") {
        PluggingMachine machine("idle");
        const auto plug_with = [&](std::string_view rom) {
            return machine.execute(
                "device_add",
                concat(R"({"driver":"virtio-blk-pci","id":"n0","bus":"rp1","drive":"d0",)",
                       "\"romfile\":\"", rom, "\"}"));
        };
        const std::string empty = machine.directory.write_file("empty", "");
        const std::string huge = machine.directory.write_file("huge", "x");
        std::filesystem::resize_file(huge, std::uintmax_t{16 * kMiB} + 1);

        CHECK(plug_with(empty) == concat("GenericError: romfile \"", empty, "\" is empty"));
        CHECK(plug_with("/nope.rom") == "GenericError: failed to find romfile \"/nope.rom\"");
        CHECK(plug_with(huge).ends_with("is too large, the most is 16777216"));
        for (const std::size_t size : {1U, 511U, 512U, 65537U}) {
            CAPTURE(size);
            REQUIRE(plug_with(machine.directory.write_file("rom", std::string(size, 'r'))).empty());
            REQUIRE(machine.unplug().empty());
            REQUIRE(machine.execute("system_reset").empty());
            CHECK(machine.deleted() == "/machine/peripheral/n0/virtio-backend");
            CHECK(machine.deleted() == "/machine/peripheral/n0");
        }
        CHECK(plug_with("").empty());
    }

    TEST_CASE("a slot that the guest never switched on lets go at once") {
        PluggingMachine machine("idle",
                                {"-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"});

        REQUIRE(machine.plug().empty());
        REQUIRE(machine.unplug().empty());

        CHECK(machine.deleted() == "/machine/peripheral/n0/virtio-backend");
        CHECK(machine.deleted() == "/machine/peripheral/n0");
        CHECK(machine.plug().empty());
    }

    TEST_CASE("who waits is answered at the step, and holds up no other client (H02)") {
        TemporaryDirectory directory;
        const std::string path = directory.path("other");
        PluggingMachine machine("idle", {"-qmp", concat("unix:", path, ",server=on,wait=off")});
        QmpClient other = connect(path, machine.process);

        // The guest looks at nothing: the plug is taken back, and the next one has its place.
        CHECK(machine.execute("device_add", R"({"driver":"virtio-blk-pci","id":"n0","bus":"rp1",
              "drive":"d0","x-siskin-wait":"driver-ok","x-siskin-timeout":100})") ==
              "GenericError: Device '/machine/peripheral/n0' got no further than 'slot' in time; "
              "the plug was taken back");
        CHECK(machine.deleted() == "/machine/peripheral/n0/virtio-backend");
        CHECK(machine.deleted() == "/machine/peripheral/n0");
        REQUIRE(machine.plug().empty());
        CHECK(machine.execute("device_del", R"({"id":"n0","x-siskin-wait":"released",
              "x-siskin-timeout":100})") ==
              "GenericError: Device '/machine/peripheral/n0' got no further than 'guest-told' in "
              "time; its removal stays asked for");
        REQUIRE(machine.execute("system_reset").empty());
        CHECK(machine.deleted() == "/machine/peripheral/n0/virtio-backend");
        CHECK(machine.deleted() == "/machine/peripheral/n0");

        REQUIRE(machine.plug().empty());
        REQUIRE(
            other.execute("x-siskin-events-subscribe", R"({"filter":["X_SISKIN_HOTPLUG_STEP"]})")
                .has_value());
        const auto deletions = [&machine] {
            const auto& names = machine.monitor.event_names();
            return std::count(names.begin(), names.end(), "DEVICE_DELETED");
        };
        const auto before = deletions();
        std::string answer = "none yet";
        std::thread waiting([&] {
            answer = machine.execute("device_del", R"({"id":"n0","x-siskin-wait":"released"})");
        });
        CHECK(is_told(other));
        CHECK(other.execute("query-status").has_value());
        CHECK(other.execute("system_reset").has_value());
        waiting.join();
        CHECK(answer.empty());
        CHECK(deletions() == before + 2);
    }

    TEST_CASE("a plan changes nothing") {
        PluggingMachine machine("idle");
        const auto state = [&] {
            std::string text;
            for (const char* const command : {"query-pci", "query-block", "query-iothreads"}) {
                text += qmp::to_json(machine.monitor.execute(command).value_or(Value()));
            }
            text += qmp::to_json(
                machine.monitor.execute("qom-list", R"({"path":"/machine/peripheral"})")
                    .value_or(Value()));
            return concat(text, ' ', machine.count("fd"), ' ', machine.count("task"));
        };
        machine.process.observe(kSettled);
        const std::string before = state();

        const auto plan = machine.monitor.execute("x-siskin-plan", R"({"devices":[
              {"driver":"virtio-blk-pci","id":"n0","bus":"rp1","drive":"d0"},
              {"driver":"virtio-blk-pci","id":"n1","bus":"rp1","drive":"d9","bogus":1}]})");

        REQUIRE(plan.has_value());
        const std::string text = qmp::to_json(*plan);
        CHECK(text.find("\"msix-vectors\": 2") != std::string::npos);
        CHECK(text.find("can't find value 'd9'") != std::string::npos);
        CHECK(text.find("virtio-blk-pci.bogus' not found") != std::string::npos);
        CHECK(text.find("no slot/function available") != std::string::npos);
        machine.process.observe(kSettled);
        CHECK(state() == before);
        CHECK(machine.monitor.event_names().empty());
        CHECK(machine.plug().empty());
    }

    TEST_CASE("a removal in the air does not keep a machine from pausing or ending (H02, H08)") {
        PluggingMachine machine("idle");
        REQUIRE(machine.plug().empty());
        REQUIRE(machine.unplug().empty());

        CHECK(machine.execute("stop").empty());
        CHECK(machine.execute("cont").empty());
        CHECK(machine.execute("quit").empty());

        CHECK(machine.process.wait_for_end() == 0);
    }
}

}  // namespace siskin::test
