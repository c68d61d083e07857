// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/raw_file.
#include "devices/block/raw_file.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "devices/block/uring_engine.h"
#include "tests/unit/devices/block/temporary_file.h"

namespace siskin {

namespace {

RawFileOptions options(const std::string& path, bool read_only = false) {
    RawFileOptions settings;
    settings.node_name = "disk0";
    settings.path = path;
    settings.read_only = read_only;
    return settings;
}

constexpr ImageUse kWriter{.writes = true, .others_may_write = false};
constexpr ImageUse kSharingWriter{.writes = true, .others_may_write = true};
constexpr ImageUse kReader{.writes = false, .others_may_write = false};

std::string refusal(const std::string& path, bool read_only = false) {
    const auto opened = RawFile::open(options(path, read_only));
    return opened ? std::string() : opened.error().message;
}

}  // namespace

TEST_SUITE("devices/block/raw_file") {
    TEST_CASE("the capacity is the file's size") {
        const TemporaryFile file(4096);

        const auto node = RawFile::open(options(file.path()));

        REQUIRE(node.has_value());
        CHECK((*node)->capacity() == ByteCount{4096});
        CHECK((*node)->block_size() == 512);
        CHECK((*node)->name() == "disk0");
        CHECK_FALSE((*node)->read_only());
    }

    TEST_CASE("a size that is no multiple of 512 is rounded up, the file unchanged") {
        for (const unsigned size : {1U, 511U, 513U, 1000U}) {
            const TemporaryFile file(size);

            const auto node = RawFile::open(options(file.path()));

            REQUIRE(node.has_value());
            CHECK((*node)->capacity().value() == (size + 511) / 512 * 512);
            CHECK(file.bytes().size() == size);
        }
    }

    TEST_CASE("what is no disk image is refused in one line that names it") {
        const TemporaryFile empty(0);
        const std::string fifo = empty.path() + "-fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);

        CHECK(refusal(empty.path()) == "disk image '" + empty.path() + "' is empty (0 bytes)");
        CHECK(refusal("/tmp") == "Could not open '/tmp': Is a directory");
        CHECK(refusal("/tmp", true) == "Could not open '/tmp': Is a directory");
        CHECK(refusal("/no/such.img") ==
              "Could not open '/no/such.img': No such file or directory");
        CHECK(refusal("/dev/null", true) ==
              "'file' driver requires '/dev/null' to be a regular file");
        CHECK(refusal(fifo, true) == "'file' driver requires '" + fifo + "' to be a regular file");
        ::unlink(fifo.c_str());
    }

    TEST_CASE("pinned memory is refused where it would bring nothing") {
        const TemporaryFile file(4096);
        RawFileOptions cached = options(file.path());
        cached.fixed_buffers = true;
        RawFileOptions threads = cached;
        threads.direct = true;
        threads.aio = BlockAio::Threads;

        for (const RawFileOptions& settings : {cached, threads}) {
            const auto node = RawFile::open(settings);
            REQUIRE_FALSE(node.has_value());
            CHECK(node.error().message ==
                  "x-siskin-fixed-buffers is on, allowed with cache.direct=on and aio=io_uring");
        }
    }

    TEST_CASE("an image that one writer uses is refused to every other") {
        const TemporaryFile file(4096);
        const auto first = *RawFile::open(options(file.path()));
        const auto second = *RawFile::open(options(file.path()));
        const auto reader = *RawFile::open(options(file.path(), true));
        REQUIRE(first->claim(kWriter).has_value());

        const auto again = second->claim(kWriter);
        const auto read = reader->claim(kReader);

        REQUIRE_FALSE(again.has_value());
        CHECK(again.error().message == "Failed to get \"write\" lock on '" + file.path() +
                                           "': is another process using the image?");
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().message == "Failed to get shared \"write\" lock on '" + file.path() +
                                          "': is another process using the image?");

        first->release();
        CHECK(second->claim(kWriter).has_value());
    }

    TEST_CASE("a lock goes with its process, that is, its descriptor") {
        const TemporaryFile file(4096);
        auto first = *RawFile::open(options(file.path()));
        REQUIRE(first->claim(kWriter).has_value());

        first.reset();

        CHECK((*RawFile::open(options(file.path())))->claim(kWriter).has_value());
    }

    TEST_CASE("readers share an image, and keep writers away") {
        const TemporaryFile file(4096);
        const auto first = *RawFile::open(options(file.path(), true));
        const auto second = *RawFile::open(options(file.path(), true));
        const auto writer = *RawFile::open(options(file.path()));

        CHECK(first->claim(kReader).has_value());
        CHECK(second->claim(kReader).has_value());
        CHECK_FALSE(writer->claim(kWriter).has_value());
        first->release();
        second->release();
        CHECK(writer->claim(kWriter).has_value());
    }

    TEST_CASE("writers that all share may write together") {
        const TemporaryFile file(4096);
        const auto first = *RawFile::open(options(file.path()));
        const auto second = *RawFile::open(options(file.path()));
        const auto selfish = *RawFile::open(options(file.path()));

        CHECK(first->claim(kSharingWriter).has_value());
        CHECK(second->claim(kSharingWriter).has_value());
        CHECK_FALSE(selfish->claim(kWriter).has_value());
    }

    TEST_CASE("a refused claim leaves no lock behind") {
        const TemporaryFile file(4096);
        const auto reader = *RawFile::open(options(file.path(), true));
        const auto writer = *RawFile::open(options(file.path()));
        const auto other_reader = *RawFile::open(options(file.path(), true));
        REQUIRE(reader->claim(kReader).has_value());
        REQUIRE_FALSE(writer->claim(kWriter).has_value());

        CHECK(other_reader->claim(kReader).has_value());
    }

    TEST_CASE("a node is one device's, and locking=off asks nobody") {
        const TemporaryFile file(4096);
        const auto node = *RawFile::open(options(file.path()));
        RawFileOptions unlocked = options(file.path());
        unlocked.locking = ImageLocking::Off;
        const auto free_node = *RawFile::open(unlocked);
        REQUIRE(node->claim(kWriter).has_value());

        CHECK(node->claim(kSharingWriter).error().message ==
              "block node 'disk0' is already in use by another device");
        CHECK(free_node->claim(kWriter).has_value());
    }

    TEST_CASE("a file is no host_device") {
        const TemporaryFile file(4096);
        RawFileOptions device = options(file.path());
        device.kind = RawFileKind::BlockDevice;

        CHECK(RawFile::open(device).error().message ==
              "'host_device' driver requires '" + file.path() + "' to be a block device");
    }

    TEST_CASE("users together hold the locks, and let go of what they no longer need (B13)") {
        const TemporaryFile file(4096);
        const auto node = *RawFile::open(options(file.path()));
        const auto above = *RawFile::open(options(file.path()));  // any node serves as a parent
        const auto stranger = *RawFile::open(options(file.path(), true));
        REQUIRE(node->claim(kSharingWriter).has_value());
        REQUIRE(node->claim_for(*above, ImageUse{false, true}).has_value());

        node->release();

        // What is left reads, and lets others write.
        CHECK(stranger->claim(kReader).has_value());
    }

    TEST_CASE("a user that another process does not allow changes nothing (B13)") {
        const TemporaryFile file(4096);
        const auto node = *RawFile::open(options(file.path()));
        const auto above = *RawFile::open(options(file.path()));
        const auto stranger = *RawFile::open(options(file.path(), true));
        const auto writer = *RawFile::open(options(file.path()));
        REQUIRE(stranger->claim(kReader).has_value());
        REQUIRE(node->claim(ImageUse{false, true}).has_value());

        CHECK_FALSE(node->claim_for(*above, ImageUse{true, true}).has_value());

        CHECK(node->is_claimed());
        stranger->release();
        // The first user's lock on reading is still there, and in nobody's way.
        CHECK(writer->claim(kSharingWriter).has_value());
    }

    TEST_CASE("the engine is the one asked for, or what the host has instead") {
        const TemporaryFile file(4096);
        RawFileOptions threads = options(file.path());
        threads.aio = BlockAio::Threads;

        FileAccess access;
        UringUnavailable unavailable;
        REQUIRE(UringEngine::create(access, 16, unavailable).has_value());
        const std::string_view best = unavailable.error_number == 0 ? "io_uring" : "threads";

        CHECK((*(*RawFile::open(options(file.path())))->create_engine(16))->name() == best);
        CHECK((*(*RawFile::open(threads))->create_engine(16))->name() == "threads");
    }

    TEST_CASE("with direct I/O a size is a multiple of the host's unit (B11, B14)") {
        const TemporaryFile file(1 << 20);
        RawFileOptions direct = options(file.path());
        direct.direct = true;
        const auto node = RawFile::open(direct);
        if (!node) {
            MESSAGE("skipped: " << node.error().message);
            return;
        }
        const std::uint32_t unit = (*node)->limits().request_alignment;

        const auto refused = (*node)->resize(ByteCount{unit + 100});
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "size is " + std::to_string(unit + 100) +
                                             ", allowed is a multiple of " + std::to_string(unit) +
                                             ", the unit of node 'disk0' with cache.direct=on");
        CHECK(file.bytes().size() == 1 << 20);
        CHECK((*node)->resize(ByteCount{2 * unit}).has_value());
        CHECK((*node)->capacity() == ByteCount{2 * unit});
        CHECK(file.bytes().size() == 2 * unit);
    }
}

}  // namespace siskin
