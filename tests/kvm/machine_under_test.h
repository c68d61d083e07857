// SPDX-License-Identifier: Apache-2.0
// The command line that starts siskin (or QEMU itself) with a test guest, and disk images for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/harness/temporary_directory.h"

namespace siskin::test {

// How the guests of tools/guest leave: (code << 1) | 1 of their exit codes.
inline constexpr int kGuestPassed = 1;
inline constexpr int kGuestFailed = 3;

// The environment's SISKIN_BINARY, else the one of this build.
[[nodiscard]] std::string binary_under_test();
// The ELF file of a guest of tools/guest.
[[nodiscard]] std::string guest_file(const std::string& name);

// A command line under construction.
class MachineArguments {
public:
    // The q35 board with `guest` as its kernel, 128 MiB, the debug console on standard output.
    explicit MachineArguments(const std::string& guest);
    // The board and nothing else.
    MachineArguments();

    MachineArguments& add(const std::vector<std::string>& arguments);
    MachineArguments& command_line(const std::string& line);
    // A raw disk behind its own root port. `drive_options` and `device_options` start with a comma.
    MachineArguments& disk(const std::string& file, const std::string& drive_options = "",
                           const std::string& device_options = "");
    MachineArguments& qmp(const std::string& socket_path);
    [[nodiscard]] const std::vector<std::string>& list() const { return arguments_; }

private:
    std::vector<std::string> arguments_;
    unsigned disk_count_ = 0;
};

// A disk image in which word i of sector s is what tools/guest/blk_common.h expects.
[[nodiscard]] std::string patterned_image(const TemporaryDirectory& directory,
                                          const std::string& name, unsigned sectors);
// Word `index` of a sector as filled by the host (round 0) or written by a guest.
[[nodiscard]] constexpr std::uint64_t pattern(std::uint64_t sector, unsigned index,
                                              unsigned round) {
    return std::uint64_t{0x51} << 56 | std::uint64_t{round} << 48 | sector << 16 | index;
}
// Whether `count` sectors of the file from `first` hold that round's pattern.
[[nodiscard]] bool file_has_pattern(const std::string& file, unsigned first, unsigned count,
                                    unsigned round);

}  // namespace siskin::test
