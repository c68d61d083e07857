// SPDX-License-Identifier: Apache-2.0
// Proves base/mapping.
#include "base/mapping.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace siskin {
namespace {

constexpr std::size_t kSize = 8192;

Fd shared_memory() {
    Fd fd(::memfd_create("mapping_test", MFD_CLOEXEC));
    REQUIRE(fd.valid());
    REQUIRE(::ftruncate(fd.get(), kSize) == 0);
    return fd;
}

// msync(2) fails with ENOMEM where nothing is mapped.
bool is_mapped(std::byte* data) {
    return ::msync(data, 4096, MS_ASYNC) == 0;
}

}  // namespace

TEST_SUITE("base/mapping") {
    TEST_CASE("anonymous memory is zeroed and writable to its last byte") {
        const auto mapping = Mapping::anonymous(kSize);

        REQUIRE(mapping.has_value());
        CHECK(mapping->size() == kSize);
        CHECK(mapping->data()[0] == std::byte{0});
        mapping->data()[kSize - 1] = std::byte{7};
        CHECK(mapping->data()[kSize - 1] == std::byte{7});
    }

    TEST_CASE("two mappings of one descriptor share their bytes") {
        const Fd fd = shared_memory();
        const auto first = Mapping::shared(fd, kSize);
        const auto second = Mapping::shared(fd, kSize);
        REQUIRE(first.has_value());
        REQUIRE(second.has_value());

        first->data()[5000] = std::byte{42};

        CHECK(second->data()[5000] == std::byte{42});
    }

    TEST_CASE("a mapping outlives its descriptor") {
        auto mapping = Mapping::shared(shared_memory(), kSize);

        REQUIRE(mapping.has_value());
        mapping->data()[0] = std::byte{1};
        CHECK(mapping->data()[0] == std::byte{1});
    }

    TEST_CASE("memory is unmapped when its owner goes") {
        std::byte* data = nullptr;
        {
            const auto mapping = Mapping::anonymous(kSize);
            REQUIRE(mapping.has_value());
            data = mapping->data();
            CHECK(is_mapped(data));
        }
        CHECK_FALSE(is_mapped(data));
    }

    TEST_CASE("moving leaves nothing behind and unmaps what was there") {
        auto first = Mapping::anonymous(kSize);
        auto second = Mapping::anonymous(kSize);
        REQUIRE(first.has_value());
        REQUIRE(second.has_value());
        std::byte* const kept = first->data();
        std::byte* const replaced = second->data();

        *second = std::move(*first);

        CHECK(second->data() == kept);
        CHECK(first->data() == nullptr);  // NOLINT(bugprone-use-after-move): what the move leaves
        CHECK(first->size() == 0);
        CHECK_FALSE(is_mapped(replaced));
    }

    TEST_CASE("nothing, and more than there is, is an error that names the size") {
        const auto nothing = Mapping::anonymous(0);
        const auto everything = Mapping::anonymous(std::numeric_limits<std::size_t>::max());

        REQUIRE_FALSE(nothing.has_value());
        CHECK(nothing.error().message == "could not map 0 bytes of memory: Invalid argument");
        REQUIRE_FALSE(everything.has_value());
        CHECK(everything.error().message ==
              "could not map 18446744073709551615 bytes of memory: Cannot allocate memory");
    }

    TEST_CASE("a descriptor that is none is an error") {
        CHECK_FALSE(Mapping::shared(Fd(), kSize).has_value());
    }

    TEST_CASE("an aligned mapping begins at such an address and leaves nothing around it") {
        constexpr std::size_t kAlignment = 2U << 20U;
        MappingRequest request;
        request.size = kSize;
        request.alignment = kAlignment;

        const auto mapping = Mapping::create(request);

        REQUIRE(mapping.has_value());
        CHECK(reinterpret_cast<std::uintptr_t>(mapping->data()) % kAlignment == 0);
        mapping->data()[kSize - 1] = std::byte{1};
        CHECK_FALSE(is_mapped(mapping->data() + kSize));
    }

    TEST_CASE("a private mapping of a file does not write to it, a shared one does") {
        const Fd file = shared_memory();
        MappingRequest request;
        request.size = kSize;
        request.file = &file;
        const auto own = Mapping::create(request);
        request.shared = true;
        const auto shared = Mapping::create(request);
        REQUIRE(own.has_value());
        REQUIRE(shared.has_value());

        own->data()[0] = std::byte{1};
        shared->data()[1] = std::byte{2};

        std::byte bytes[2] = {};
        REQUIRE(::pread(file.get(), bytes, 2, 0) == 2);
        CHECK(bytes[0] == std::byte{0});
        CHECK(bytes[1] == std::byte{2});
    }

    TEST_CASE("an aligned mapping of more than there can be is an error") {
        MappingRequest request;
        request.size = std::numeric_limits<std::size_t>::max() - 4096;
        request.alignment = 4096;

        CHECK_FALSE(Mapping::create(request).has_value());
    }
}

}  // namespace siskin
