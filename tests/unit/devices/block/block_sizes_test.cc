// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/block_sizes.
#include "devices/block/block_sizes.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/devices/block/manual_node.h"

namespace siskin {
namespace {

std::vector<std::string> problems(const BlockSizes& sizes, const BlockNode* node = nullptr) {
    std::vector<std::string> texts;
    for (const Error& problem : block_size_problems(sizes, node)) {
        texts.push_back(problem.message);
    }
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("devices/block/block_sizes") {
    TEST_CASE("blocks are powers of two from 512 bytes to 2 MiB, the logical one not the larger") {
        CHECK(problems({}).empty());
        CHECK(problems({512, 2 * 1024 * 1024}).empty());
        CHECK(problems({4096, 4096}).empty());
        CHECK(problems({256, 512}) ==
              Texts{"logical_block_size is 256, allowed is a power of two from 512 to 2097152"});
        CHECK(problems({4096, 512}) ==
              Texts{"physical_block_size is 512, allowed is a power of two from "
                    "logical_block_size, which is 4096, to 2097152"});
        CHECK(problems({4 * 1024 * 1024, 8 * 1024 * 1024}).size() == 2);
    }

    TEST_CASE("what is told in blocks is whole blocks, and all that is not is found at once") {
        CHECK(problems({4096, 4096, 4096, 8192, 4096}).empty());
        CHECK(problems({4096, 4096, 512, 1024, 100}) ==
              Texts{"min_io_size is 512, allowed is a multiple of logical_block_size, 4096",
                    "opt_io_size is 1024, allowed is a multiple of logical_block_size, 4096",
                    "discard_granularity is 100, allowed is a multiple of logical_block_size, "
                    "4096"});
        CHECK(problems({512, 512, 65535 * 512}).empty());
        CHECK(problems({512, 512, 65536 * 512}) ==
              Texts{"min_io_size is 33554432, the most is 65535 logical blocks of 512"});
    }

    TEST_CASE("a disk has one whole block at least") {
        const ManualNode node;  // of 1 MiB

        CHECK(problems({1024 * 1024, 1024 * 1024}, &node).empty());
        CHECK(problems({2 * 1024 * 1024, 2 * 1024 * 1024}, &node) ==
              Texts{"block node 'manual' has 1048576 bytes, less than one logical block of "
                    "2097152"});
    }
}

}  // namespace siskin
