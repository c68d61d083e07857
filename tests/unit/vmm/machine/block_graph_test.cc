// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/block_graph.
#include "vmm/machine/block_graph.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

// An image of 1 MiB, removed at the end.
struct Image {
    Image() {
        std::string pattern = (std::filesystem::temp_directory_path() / "siskin-XXXXXX").string();
        const int number = ::mkstemp(pattern.data());
        REQUIRE(number >= 0);
        const Fd owned(number);
        path = pattern;
        std::filesystem::resize_file(path, kMiB);
    }
    ~Image() { std::filesystem::remove(path); }

    std::string path;
};

}  // namespace

TEST_SUITE("vmm/machine/block_graph") {
    TEST_CASE("a raw node over a named file node, as libvirt makes them") {
        const Image image;
        BlockGraph graph;

        REQUIRE(graph
                    .add({{"driver", "file"},
                          {"filename", image.path},
                          {"node-name", "storage"},
                          {"auto-read-only", true},
                          {"discard", "unmap"}})
                    .has_value());
        const auto raw = graph.add(
            {{"driver", "raw"}, {"node-name", "format"}, {"file", "storage"}, {"read-only", true}});

        REQUIRE(raw.has_value());
        CHECK((*raw)->capacity() == ByteCount{kMiB});
        CHECK((*raw)->read_only());
        CHECK(graph.find("format")->filename == image.path);
    }

    TEST_CASE("a node and the child inside it cannot share a name, and nothing of them stays") {
        const Image image;
        BlockGraph graph;

        const auto raw = graph.add(
            {{"driver", "raw"},
             {"node-name", "x"},
             {"file",
              Value::Dict{{"driver", "file"}, {"node-name", "x"}, {"filename", image.path}}}});

        REQUIRE_FALSE(raw.has_value());
        CHECK(raw.error().message == "Duplicate nodes with node-name='x'");
        CHECK(graph.entries().empty());
    }

    TEST_CASE("machines that read one image through a raw node share it") {
        const Image image;
        const auto add_reader = [&](BlockGraph& graph) {
            REQUIRE(graph.add({{"driver", "file"}, {"filename", image.path}, {"node-name", "file"}})
                        .has_value());
            const auto raw = graph.add(
                {{"driver", "raw"}, {"node-name", "disk"}, {"file", "file"}, {"read-only", true}});
            REQUIRE(raw.has_value());
            return *raw;
        };
        BlockGraph first;
        BlockGraph second;
        BlockNode* const disk = add_reader(first);
        BlockNode* const same = add_reader(second);

        CHECK(disk->claim(ImageUse{!disk->read_only(), false}).has_value());
        CHECK(same->claim(ImageUse{!same->read_only(), false}).has_value());
    }

    TEST_CASE("a raw node with its file inside") {
        const Image image;
        BlockGraph graph;

        const auto raw =
            graph.add({{"driver", "raw"},
                       {"node-name", "d"},
                       {"file", Value::Dict{{"driver", "file"}, {"filename", image.path}}}});

        REQUIRE(raw.has_value());
        CHECK_FALSE((*raw)->read_only());
    }

    TEST_CASE("a node below another one is no disk, and has one parent") {
        const Image image;
        BlockGraph graph;
        REQUIRE(graph.add({{"driver", "file"}, {"filename", image.path}, {"node-name", "d"}})
                    .has_value());
        REQUIRE(graph.add({{"driver", "raw"}, {"node-name", "r"}, {"file", "d"}}).has_value());

        const auto disk = graph.disk("d");
        const auto none = graph.disk("e");
        const auto second = graph.add({{"driver", "raw"}, {"node-name", "s"}, {"file", "d"}});

        CHECK(graph.disk("r").has_value());
        REQUIRE_FALSE(disk.has_value());
        CHECK(disk.error().message == "Node 'd' is busy: it is below node 'r'");
        REQUIRE_FALSE(none.has_value());
        CHECK(none.error().message == "Property 'drive' can't find value 'e'");
        CHECK_FALSE(second.has_value());
    }

    TEST_CASE("a drive's id is a second name of its node") {
        const Image image;
        BlockGraph graph;

        const auto node = graph.add_drive(
            "disk0", {{"driver", "raw"},
                      {"file", Value::Dict{{"driver", "file"}, {"filename", image.path}}}});

        REQUIRE(node.has_value());
        CHECK(graph.find("disk0")->node.get() == *node);
        CHECK_FALSE(graph.add_drive("disk0", {{"driver", "file"}}).has_value());
    }

    TEST_CASE("a name twice, an unknown driver and unknown members are refused") {
        const Image image;
        BlockGraph graph;
        REQUIRE(graph.add({{"driver", "file"}, {"filename", image.path}, {"node-name", "d"}})
                    .has_value());

        CHECK(graph.add({{"driver", "file"}, {"filename", image.path}, {"node-name", "d"}})
                  .error()
                  .message == "Duplicate nodes with node-name='d'");
        CHECK(graph.add({{"driver", "qcow2"}, {"node-name", "e"}}).error().message ==
              "Parameter 'driver' does not accept value 'qcow2', allowed are raw, file, "
              "host_device");
        CHECK(graph.add({{"driver", "file"}, {"filename", image.path}, {"bogus", 1}})
                  .error()
                  .message.starts_with("Invalid parameter 'bogus', allowed are driver"));
        CHECK(graph.add({{"node-name", "e"}})
                  .error()
                  .message.starts_with("Parameter 'driver' is missing"));
    }

    TEST_CASE("a file that is not there is named") {
        BlockGraph graph;

        const auto node = graph.add({{"driver", "file"}, {"filename", "/nonexistent"}});

        REQUIRE_FALSE(node.has_value());
        CHECK(node.error().message.find("'/nonexistent': No such file or directory") !=
              std::string::npos);
        CHECK(graph.entries().empty());
    }
}
