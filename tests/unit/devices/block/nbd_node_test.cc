// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/nbd_node and devices/block/nbd_engine, on servers of Debian's packages.
#include "devices/block/nbd_node.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/devices/block/nbd_bench.h"

namespace siskin {

namespace {

using nbd_test::Bench;
using nbd_test::kSize;
using nbd_test::Operation;
using nbd_test::RawServer;

std::vector<char> bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::vector<char>(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

TEST_SUITE("devices/block/nbd_node") {
    TEST_CASE("random requests in any pieces keep the server's disk equal to a model") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address());
        CHECK(bench.node->capacity() == ByteCount{kSize});
        std::mt19937 random(3);
        std::vector<char> model(kSize);
        unsigned wrong = 0;
        for (int round = 0; round < 200; ++round) {
            const std::size_t size = 512 * (1 + random() % 600);
            const std::size_t offset = random() % ((kSize - size) / 512) * 512;
            const auto place = model.begin() + static_cast<std::ptrdiff_t>(offset);
            const std::size_t piece = 1 + random() % size;
            if (random() % 2 == 0) {
                const char fill = static_cast<char>(random());
                std::fill_n(place, size, fill);
                wrong += bench.write(offset, fill, size, piece) == 0 ? 0 : 1;
            } else {
                const auto data = bench.read(offset, size, piece);
                wrong += data == std::vector<char>(place, place + static_cast<std::ptrdiff_t>(size))
                             ? 0
                             : 1;
            }
        }
        CHECK(wrong == 0);
        CHECK(bench.flush() == 0);
        CHECK(bytes_of(raw.folder.path("disk.raw")) == model);
    }

    TEST_CASE("discards and zeroes reach the server") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address());
        CHECK(bench.node->limits().unmap);
        REQUIRE(bench.write(0, 'x', 262144, 262144) == 0);
        Operation zeroes;
        zeroes.prepare_write_zeroes(65536, 65536, false, true);
        Operation discard;
        discard.prepare_discard(131072, 65536);

        CHECK(bench.run(zeroes) == 0);
        CHECK(bench.run(discard) == 0);

        CHECK(bench.read(65536, 65536) == std::vector<char>(65536, 0));
        const auto bytes = bytes_of(raw.folder.path("disk.raw"));
        CHECK(std::count(bytes.begin(), bytes.begin() + 65536, 'x') == 65536);
        CHECK(std::count(bytes.begin() + 196608, bytes.begin() + 262144, 'x') == 65536);
    }

    TEST_CASE("a qcow2 image with a backing file, served by qemu-nbd") {
        if (!has_program(kQemuNbd) || !has_program(kQemuImg)) {
            return;
        }
        const test::TemporaryDirectory folder;
        folder.write_file("base.raw", std::string(kSize, 'b'));
        REQUIRE(run_program({kQemuImg, "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                             folder.path("base.raw"), folder.path("top.qcow2")}) == 0);
        auto server = NbdTestServer::qemu(folder, {"--format=qcow2", folder.path("top.qcow2")});
        server.start();
        {
            Bench bench(server.address());
            CHECK(bench.read(4096, 512) == std::vector<char>(512, 'b'));
            CHECK(bench.write(4096, 't') == 0);
            CHECK(bench.flush() == 0);
            CHECK(bench.read(4096, 512) == std::vector<char>(512, 't'));
            CHECK(bench.read(4608, 512) == std::vector<char>(512, 'b'));
        }
        CHECK(bytes_of(folder.path("base.raw")) == std::vector<char>(kSize, 'b'));
        server.kill();
        CHECK(run_program({kQemuImg, "check", "-q", folder.path("top.qcow2")}) == 0);
    }

    TEST_CASE("errors of the server are those of their requests (B06)") {
        if (!has_program(kNbdkit)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server =
            NbdTestServer::nbdkit(folder, {"--filter=error", "memory", "1M", "error-pwrite=ENOSPC",
                                           "error-pwrite-rate=100%", "error-pread-rate=0"});
        server.start();
        Bench bench(server.address());

        CHECK(bench.write(0, 'x') == ENOSPC);
        CHECK(bench.read(0, 512) == std::vector<char>(512, 0));
    }

    TEST_CASE("a server for reading only is asked for with read-only or auto-read-only") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        std::filesystem::resize_file(folder.write_file("disk.raw", ""), kSize);
        auto server =
            NbdTestServer::qemu(folder, {"--format=raw", "--read-only", folder.path("disk.raw")});
        server.start();
        NbdNodeOptions options;
        options.server = server.address();

        CHECK(NbdNode::open(options).error().message ==
              "NBD server '" + server.socket() + "' lets export '' be read only: say read-only=on");
        options.auto_read_only = true;
        CHECK((*NbdNode::open(options))->read_only());
        options.reconnect_delay = std::chrono::seconds(3601);
        CHECK(NbdNode::open(options).error().message ==
              "reconnect-delay is 3601, the most is 3600 seconds");
    }
}

}  // namespace siskin
