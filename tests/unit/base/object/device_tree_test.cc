// SPDX-License-Identifier: Apache-2.0
// Proves base/object/device_tree.
#include "base/object/device_tree.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/base/object/example_device.h"

namespace siskin {
namespace {

// Writes its name down when it goes.
class ExampleDevice final : public Device {
public:
    ExampleDevice(std::string id, std::vector<std::string>& gone)
        : Device(kExampleType, std::move(id), make_config<ExampleConfig>()), gone_(gone) {}
    ~ExampleDevice() override { gone_.push_back(id()); }
    ExampleDevice(const ExampleDevice&) = delete;
    ExampleDevice& operator=(const ExampleDevice&) = delete;

private:
    std::vector<std::string>& gone_;
};

}  // namespace

TEST_SUITE("base/object/device_tree") {
    TEST_CASE("a device is found by its id and by its path") {
        std::vector<std::string> gone;
        DeviceTree tree;
        Device& device = tree.add(std::make_unique<ExampleDevice>("disk0", gone));

        REQUIRE(tree.find("disk0") != nullptr);
        CHECK(tree.find("disk0")->device.get() == &device);
        CHECK(tree.find("/machine/peripheral/disk0") == tree.find("disk0"));
        CHECK(tree.find("disk1") == nullptr);
        CHECK(tree.find("/machine/peripheral/") == nullptr);
        CHECK(tree.find("/") == nullptr);
    }

    TEST_CASE("a device that is taken out is the caller's, and its name is free") {
        std::vector<std::string> gone;
        DeviceTree tree;
        tree.add(std::make_unique<ExampleDevice>("disk0", gone), true);
        CHECK(tree.find("disk0")->hot_plugged);

        CHECK(tree.take("disk0") == nullptr);
        std::unique_ptr<Device> taken = tree.take("/machine/peripheral/disk0");

        REQUIRE(taken != nullptr);
        CHECK(tree.entries().empty());
        CHECK(tree.check_id("disk0").has_value());
        CHECK(gone.empty());
        taken.reset();
        CHECK(gone == std::vector<std::string>{"disk0"});
    }

    TEST_CASE("devices without an id are numbered and have no name to be found by") {
        std::vector<std::string> gone;
        DeviceTree tree;

        tree.add(std::make_unique<ExampleDevice>("", gone));
        tree.add(std::make_unique<ExampleDevice>("", gone));

        CHECK(tree.find("/machine/peripheral-anon/device[0]") == &tree.entries()[0]);
        CHECK(tree.find("/machine/peripheral-anon/device[1]") == &tree.entries()[1]);
        CHECK(tree.find("") == nullptr);
    }

    TEST_CASE("an id is a letter, then letters, digits and a few marks") {
        for (const std::string_view good : {"a", "Z9", "a-b.c_d0"}) {
            CAPTURE(good);
            CHECK(is_identifier(good));
        }
        for (const std::string_view bad : {"", "9a", "-a", "a b", "a/b", "a\xc3\xa9", "_a", "#a"}) {
            CAPTURE(bad);
            CHECK_FALSE(is_identifier(bad));
        }
        CHECK_FALSE(is_identifier(std::string_view("a\0", 2)));
    }

    TEST_CASE("an id that is none or taken is an error that quotes it") {
        std::vector<std::string> gone;
        DeviceTree tree;
        tree.add(std::make_unique<ExampleDevice>("disk0", gone));

        CHECK(tree.check_id("disk1").has_value());
        REQUIRE_FALSE(tree.check_id("disk0").has_value());
        CHECK(tree.check_id("disk0").error().message == "Duplicate device ID 'disk0'");
        REQUIRE_FALSE(tree.check_id("0\n").has_value());
        CHECK(tree.check_id("0\n").error().message ==
              "Parameter 'id' expects an identifier, not '0\\x0a': a letter, then letters, digits, "
              "'-', '.', '_'");
    }

    TEST_CASE("devices go in the reverse order of their creation") {
        std::vector<std::string> gone;
        {
            DeviceTree tree;
            tree.add(std::make_unique<ExampleDevice>("a", gone));
            tree.add(std::make_unique<ExampleDevice>("b", gone));
            tree.add(std::make_unique<ExampleDevice>("c", gone));
        }

        CHECK(gone == std::vector<std::string>{"c", "b", "a"});
    }

    TEST_CASE("a device that keeps nothing behind is reset and paused at once") {
        std::vector<std::string> gone;
        ExampleDevice device("a", gone);
        int done = 0;

        device.reset([&] { ++done; });
        device.pause([&] { ++done; });
        device.resume();

        CHECK(done == 2);
        CHECK(&device.type() == &kExampleType);
        CHECK(device.config() != nullptr);
    }
}

}  // namespace siskin
