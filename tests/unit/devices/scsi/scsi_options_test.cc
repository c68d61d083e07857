// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_options and what the properties of scsi-hd and scsi-cd make of them.
#include "devices/scsi/scsi_options.h"

#include <doctest/doctest.h>

#include "tests/unit/virtio/memory_disk.h"

namespace siskin {
namespace {

std::string first_problem(const ScsiUnitOptions& options, const BlockNode* node = nullptr) {
    const auto problems = scsi_option_problems(options, node);
    return problems.empty() ? "" : problems.front().message;
}

}  // namespace

TEST_SUITE("devices/scsi/scsi_options") {
    TEST_CASE("what QEMU has unasked is fine") {
        CHECK(first_problem({}) == "");
    }

    TEST_CASE("texts that INQUIRY has no room for, or that are not ASCII, are refused") {
        ScsiUnitOptions options;
        options.vendor = "nine long";
        CHECK(first_problem(options) == "vendor is 9 bytes long, the most is 8");
        options.vendor = "\x80";
        CHECK(first_problem(options).ends_with("allowed is ASCII"));
        options.vendor = "eightbyt";
        options.serial = std::string(37, 's');
        CHECK(first_problem(options) == "serial is 37 bytes long, the most is 36");
    }

    TEST_CASE("block sizes are powers of two, and sizes whole blocks") {
        ScsiUnitOptions options;
        options.block_size = 1000;
        CHECK(first_problem(options) ==
              "logical_block_size is 1000, allowed is a power of two from 512 to 2097152");
        options.block_size = 4096;
        CHECK(first_problem(options).starts_with("physical_block_size is 512"));
        options.physical_block_size = 4096;
        options.opt_io_size = 512;
        CHECK(first_problem(options) ==
              "opt_io_size is 512, allowed is a multiple of logical_block_size, 4096");
    }

    TEST_CASE("a medium of less than one block is refused") {
        const MemoryDisk disk(512);
        ScsiUnitOptions options;
        options.block_size = 4096;
        options.physical_block_size = 4096;
        CHECK(first_problem(options, &disk) ==
              "block node 'disk0' has 512 bytes, less than one logical block of 4096");
    }
}

}  // namespace siskin
