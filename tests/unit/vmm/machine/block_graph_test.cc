// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/block_graph.
#include "vmm/machine/block_graph.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "vmm/machine/block_options.h"

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

qmp::BlockdevOptions options(Value::Dict members) {
    auto read = read_node_options(members, OptionForm::Json);
    REQUIRE(read.has_value());
    return *read;
}

Value::Dict file_options(const Image& image, const std::string& name) {
    return {{"driver", "file"}, {"filename", image.path}, {"node-name", name}};
}

void add(BlockGraph& graph, Value::Dict members) {
    REQUIRE(graph.add(options(std::move(members))).has_value());
}

std::string refusal(BlockGraph& graph, Value::Dict members) {
    const auto added = graph.add(options(std::move(members)));
    return added ? "" : added.error().message;
}

std::string removal(BlockGraph& graph, const std::string& name) {
    const auto removed = graph.remove(name);
    return removed ? "gone" : removed.error().message;
}

std::string sole_user(const BlockGraph& graph, const std::string& name) {
    const auto alone = graph.check_sole_user(*graph.find(name));
    return alone ? "yes" : alone.error().message;
}

constexpr ImageUse kWrites{true, false};
constexpr ImageUse kWritesShared{true, true};

}  // namespace

TEST_SUITE("vmm/machine/block_graph") {
    TEST_CASE("a raw node over a named file node comes and goes as libvirt has it") {
        const Image image;
        BlockGraph graph;
        add(graph, {{"driver", "file"},
                    {"filename", image.path},
                    {"node-name", "storage"},
                    {"auto-read-only", true},
                    {"discard", "unmap"}});
        const auto raw = graph.add(options({{"driver", "raw"},
                                            {"node-name", "format"},
                                            {"file", "storage"},
                                            {"read-only", true}}));

        REQUIRE(raw.has_value());
        CHECK((*raw)->capacity() == ByteCount{kMiB});
        CHECK((*raw)->read_only());
        CHECK(graph.find("format")->filename == image.path);
        CHECK(removal(graph, "storage") == "Block device storage is in use");
        CHECK(removal(graph, "format") == "gone");
        CHECK(removal(graph, "storage") == "gone");
        CHECK(graph.entries().empty());
    }

    TEST_CASE("a node that a device has stays, and its name is told") {
        const Image image;
        BlockGraph graph;
        add(graph, file_options(image, "d"));
        BlockNode* const node = *graph.disk("d");
        REQUIRE(node->claim(kWrites).has_value());

        CHECK(removal(graph, "d") == "Node d is in use");

        node->release();
        CHECK(removal(graph, "d") == "gone");
        CHECK(removal(graph, "d") == "Failed to find node with node-name='d'");
    }

    TEST_CASE("nodes made inside a node go with it, those beside it do not") {
        const Image image;
        BlockGraph graph;
        Value::Dict inner = file_options(image, "inner");
        add(graph, {{"driver", "raw"}, {"node-name", "a"}, {"file", inner}});
        add(graph, {{"driver", "raw"},
                    {"node-name", "b"},
                    {"file", Value::Dict{{"driver", "raw"}, {"file", "inner"}}}});

        CHECK(removal(graph, "inner") == "Node inner is not owned by the monitor");
        CHECK(removal(graph, "a") == "gone");
        CHECK(graph.find("inner") != nullptr);
        CHECK(removal(graph, "b") == "gone");

        CHECK(graph.entries().empty());
    }

    TEST_CASE("a node and the child inside it cannot share a name, and nothing of them stays") {
        const Image image;
        BlockGraph graph;

        CHECK(
            refusal(graph,
                    {{"driver", "raw"}, {"node-name", "x"}, {"file", file_options(image, "x")}}) ==
            "Duplicate nodes with node-name='x'");
        CHECK(graph.entries().empty());
    }

    TEST_CASE("a throttle node has a group, which is in use until the node goes") {
        ThrottleGroups groups;
        REQUIRE(groups.add("slow", {}).has_value());
        BlockGraph graph(&groups);
        add(graph, {{"driver", "null-co"}, {"node-name", "n"}, {"size", kMiB}});

        add(graph, {{"driver", "throttle"},
                    {"node-name", "t"},
                    {"throttle-group", "slow"},
                    {"file", "n"}});

        CHECK(groups.is_used("slow"));
        CHECK(graph.find("t")->driver == "throttle");
        CHECK(graph.find("t")->filename ==
              "json:{\"throttle-group\": \"slow\", \"driver\": \"throttle\", \"file\": "
              "{\"driver\": \"null-co\", \"size\": 1048576}}");
        CHECK(graph.find("t")->child == "n");
        CHECK((*graph.disk("t"))->capacity() == ByteCount{kMiB});
        CHECK(removal(graph, "n") == "Block device n is in use");
        CHECK(removal(graph, "t") == "gone");
        CHECK_FALSE(groups.is_used("slow"));
        CHECK(removal(graph, "n") == "gone");
    }

    TEST_CASE("a throttle node of a group that is not there is refused, and nothing of it stays") {
        ThrottleGroups groups;
        BlockGraph graph(&groups);

        CHECK(refusal(graph, {{"driver", "throttle"},
                              {"node-name", "t"},
                              {"throttle-group", "nope"},
                              {"file", Value::Dict{{"driver", "null-co"}}}}) ==
              "Throttle group 'nope' does not exist");
        CHECK(graph.entries().empty());
    }

    TEST_CASE("machines that read one image through a raw node share it (B13)") {
        const Image image;
        const auto add_reader = [&](BlockGraph& graph) {
            add(graph, file_options(image, "file"));
            add(graph,
                {{"driver", "raw"}, {"node-name", "disk"}, {"file", "file"}, {"read-only", true}});
            return *graph.disk("disk");
        };
        BlockGraph first;
        BlockGraph second;
        BlockNode* const disk = add_reader(first);
        BlockNode* const same = add_reader(second);

        CHECK(disk->claim(ImageUse{!disk->read_only(), false}).has_value());
        CHECK(same->claim(ImageUse{!same->read_only(), false}).has_value());
    }

    TEST_CASE("several nodes may stand on one, and devices of theirs exclude each other (B13)") {
        const Image image;
        BlockGraph graph;
        add(graph, file_options(image, "d"));
        add(graph, {{"driver", "raw"}, {"node-name", "r"}, {"file", "d"}});
        add(graph, {{"driver", "raw"}, {"node-name", "s"}, {"file", "d"}});
        REQUIRE((*graph.disk("r"))->claim(kWrites).has_value());

        CHECK((*graph.disk("s"))->claim(kWrites).error().message ==
              "node 'd' is written by node 's', which node 'r' does not allow (share-rw of a "
              "device does)");
        CHECK_FALSE((*graph.disk("d"))->claim(kWrites).has_value());
        CHECK(graph.disk("e").error().message == "Property 'drive' can't find value 'e'");
    }

    TEST_CASE("a part of a node says so where its file is named") {
        const Image image;
        BlockGraph graph;
        add(graph, file_options(image, "d"));
        add(graph, {{"driver", "raw"}, {"node-name", "p"}, {"file", "d"}, {"offset", 512}});

        CHECK(graph.find("p")->filename ==
              "json:{\"driver\": \"raw\", \"offset\": 512, \"file\": \"" + image.path + "\"}");
        CHECK((*graph.disk("p"))->capacity() == ByteCount{kMiB - 512});
        CHECK(refusal(graph, {{"driver", "raw"}, {"node-name", "q"}, {"file", "d"}, {"size", 1}}) ==
              "Specified size is not multiple of 512");
        CHECK(refusal(graph, {{"driver", "raw"}, {"node-name", "q"}, {"file", "zz"}}) ==
              "Cannot find device='zz' nor node-name='zz'");
    }

    TEST_CASE("a drive's id is a second name of its node, whose own is made up") {
        const Image image;
        BlockGraph graph;
        const auto node = graph.add_drive(
            "disk0",
            options({{"driver", "raw"},
                     {"file", Value::Dict{{"driver", "file"}, {"filename", image.path}}}}));

        REQUIRE(node.has_value());
        CHECK(graph.find("disk0")->node.get() == *node);
        CHECK((*node)->name().starts_with("#block"));
        CHECK_FALSE(graph.add_drive("disk0", options({{"driver", "null-co"}})).has_value());
        CHECK(graph.add_drive("0x", options({{"driver", "null-co"}})).error().message ==
              "Parameter 'id' expects an identifier, not '0x'");
        CHECK(removal(graph, (*node)->name()).ends_with("is not owned by the monitor"));
    }

    TEST_CASE("names that are taken, too long or no identifiers are refused") {
        BlockGraph graph;
        add(graph, {{"driver", "null-co"}, {"node-name", "d"}});

        CHECK(refusal(graph, {{"driver", "null-co"}, {"node-name", "d"}}) ==
              "Duplicate nodes with node-name='d'");
        CHECK(refusal(graph, {{"driver", "null-co"}, {"node-name", "0"}}) ==
              "Invalid node-name: '0'");
        CHECK(refusal(graph, {{"driver", "null-co"}, {"node-name", std::string(31, 'x')}}).empty());
        CHECK(refusal(graph, {{"driver", "null-co"}, {"node-name", std::string(32, 'y')}}) ==
              "Node name too long: '" + std::string(32, 'y') + "', the most is 31 bytes");
        CHECK(graph.entries().size() == 2);
    }

    TEST_CASE("there are no more nodes than the graph's limit") {
        BlockGraph graph;
        for (std::size_t count = 0; count < BlockGraph::kNodesMax; ++count) {
            REQUIRE(graph.add(options({{"driver", "null-co"}})).has_value());
        }

        CHECK(refusal(graph, {{"driver", "null-co"}}) ==
              "there are 1024 block nodes, the most is 1024");
    }

    TEST_CASE("a file that is not there is named") {
        BlockGraph graph;

        CHECK(refusal(graph, {{"driver", "file"}, {"filename", "/nonexistent"}}) ==
              "Could not open '/nonexistent': No such file or directory");
        CHECK(graph.entries().empty());
    }

    TEST_CASE("an image with a qcow2 header and a backing file is bytes like any others (B12)") {
        const Image image;
        {
            std::fstream file(image.path, std::ios::in | std::ios::out | std::ios::binary);
            file.write("QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\x68\0\0\0\x0b/etc/passwd", 31);
        }
        BlockGraph graph;
        add(graph, {{"driver", "raw"}, {"node-name", "r"}, {"file", file_options(image, "f")}});

        CHECK((*graph.disk("r"))->capacity() == ByteCount{kMiB});
        CHECK(graph.entries().size() == 2);
    }

    TEST_CASE("a node has one user as long as nobody else sees what is below it (B14)") {
        const Image image;
        BlockGraph graph;
        add(graph, file_options(image, "storage"));
        add(graph, {{"driver", "raw"}, {"node-name", "first"}, {"file", "storage"}});
        CHECK(sole_user(graph, "first") == "yes");
        CHECK(sole_user(graph, "storage") == "Node 'storage' is busy: it is below node 'first'");

        REQUIRE(graph.find("storage")->node->claim(kWritesShared).has_value());
        CHECK(sole_user(graph, "first") == "Node 'storage' is busy: a device uses it, too");
        graph.find("storage")->node->release();
        CHECK(sole_user(graph, "first") == "yes");

        add(graph, {{"driver", "raw"}, {"node-name", "second"}, {"file", "storage"}});
        CHECK(sole_user(graph, "first") == "Node 'storage' is busy: it is below node 'second'");
    }
}
