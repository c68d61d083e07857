// SPDX-License-Identifier: Apache-2.0
// Proves devices/memory/memory_backend.
#include "devices/memory/memory_backend.h"

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include "tests/harness/temporary_directory.h"

namespace siskin {
namespace {

using Kind = MemoryBackendKind;

MemoryBackendConfig config_of(Kind kind, std::uint64_t size) {
    MemoryBackendConfig config = default_memory_config(kind);
    config.size = ByteCount{size};
    return config;
}

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_SUITE("devices/memory/memory_backend") {
    TEST_CASE("memory of each kind is zeroed, writable to its end, and aligned to huge pages") {
        const test::TemporaryDirectory folder;
        for (const Kind kind : {Kind::Ram, Kind::Memfd, Kind::File}) {
            MemoryBackendConfig config = config_of(kind, 4 * kMiB);
            config.mem_path = folder.path("ram");
            config.prealloc = true;
            const auto backend = MemoryBackend::create(kind, "m", config);

            REQUIRE_MESSAGE(backend.has_value(), backend.error().message);
            const Mapping& memory = *(*backend)->mapping();
            REQUIRE(memory.size() == 4 * kMiB);
            CHECK(memory.data()[0] == std::byte{0});
            memory.data()[memory.size() - 1] = std::byte{1};
            CHECK(reinterpret_cast<std::uintptr_t>(memory.data()) % (2 * kMiB) == 0);
        }
    }

    TEST_CASE("shared memory reaches its file and can be handed on, private memory does neither") {
        const test::TemporaryDirectory folder;
        const std::string path = folder.write_file("ram", std::string(4096, 'x'));
        MemoryBackendConfig config = config_of(Kind::File, 4096);
        config.mem_path = path;
        const auto own = MemoryBackend::create(Kind::File, "own", config);
        config.share = true;
        const auto shared = MemoryBackend::create(Kind::File, "shared", config);
        REQUIRE(own.has_value());
        REQUIRE(shared.has_value());

        (*own)->mapping()->data()[0] = std::byte{'o'};
        (*shared)->mapping()->data()[1] = std::byte{'s'};

        CHECK(content(path).substr(0, 3) == "xsx");
        CHECK((*own)->shared_file() == nullptr);
        REQUIRE((*shared)->shared_file() != nullptr);
    }

    TEST_CASE("a file that was made goes with its back end unless it is kept") {
        const test::TemporaryDirectory folder;
        MemoryBackendConfig config = config_of(Kind::File, 4096);
        config.mem_path = folder.path("ram");

        CHECK(MemoryBackend::create(Kind::File, "m", config).has_value());
        CHECK(folder.names().empty());

        auto kept = MemoryBackend::create(Kind::File, "m", config);
        REQUIRE(kept.has_value());
        (*kept)->keep_file();
        kept->reset();
        CHECK(folder.names().size() == 1);
    }

    TEST_CASE("discard-data gives up what a shared file held") {
        const test::TemporaryDirectory folder;
        const std::string path = folder.write_file("ram", std::string(8192, 'x'));
        MemoryBackendConfig config = config_of(Kind::File, 4096);
        config.mem_path = path;
        config.share = true;
        config.discard_data = true;

        REQUIRE(MemoryBackend::create(Kind::File, "m", config).has_value());

        CHECK(content(path) == std::string(4096, '\0') + std::string(4096, 'x'));
    }

    TEST_CASE("a read-only file is mapped for reading") {
        const test::TemporaryDirectory folder;
        MemoryBackendConfig config = config_of(Kind::File, 4096);
        config.mem_path = folder.write_file("rom", std::string(4096, 'r'));
        config.readonly = true;

        const auto backend = MemoryBackend::create(Kind::File, "m", config);

        REQUIRE(backend.has_value());
        CHECK((*backend)->mapping()->data()[4095] == std::byte{'r'});
    }

    TEST_CASE("huge pages that the host does not have are told of in numbers") {
        MemoryBackendConfig config = config_of(Kind::Memfd, std::uint64_t{1} << 40U);
        config.hugetlb = true;

        const auto backend = MemoryBackend::create(Kind::Memfd, "m", config);

        REQUIRE_FALSE(backend.has_value());
        CHECK(backend.error().message.find("huge pages") != std::string::npos);
    }

    TEST_CASE("more memory than the host has is refused now, not when it is used") {
        const auto backend =
            MemoryBackend::create(Kind::Ram, "m", config_of(Kind::Ram, std::uint64_t{1} << 46U));

        REQUIRE_FALSE(backend.has_value());
        CHECK(backend.error().message.find("Cannot allocate memory") != std::string::npos);
    }
}

}  // namespace siskin
