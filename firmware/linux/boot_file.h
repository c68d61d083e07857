// SPDX-License-Identifier: Apache-2.0
// A kernel or initrd file kept open for the machine's life, read again at every reset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

// The file may change or shrink at any time: each read says what it found, nothing is remembered.
// Owned by the VM thread.
class BootFile {
public:
    // `role` is "kernel" or "initrd" and begins each message. Errors: it cannot be opened, is a
    // directory or another thing that is not a file, or is empty.
    [[nodiscard]] static Result<BootFile> open(std::string role, const std::string& path);
    // The same for a descriptor that is open already; `name` stands for the path in messages.
    [[nodiscard]] static Result<BootFile> from_fd(std::string role, const std::string& name, Fd fd);

    // "kernel '/boot/vmlinuz'"
    [[nodiscard]] const std::string& label() const { return label_; }

    // Its size now, not zero.
    [[nodiscard]] Result<ByteCount> size() const;
    // Fills the whole of `into`, or fails where the file ends earlier.
    [[nodiscard]] Result<> read(std::uint64_t offset, std::span<std::byte> into) const;
    // The same straight into guest memory. Fails where the range is not RAM.
    [[nodiscard]] Result<> read_to_guest(std::uint64_t offset, const GuestMemory& memory,
                                         GuestAddress address, ByteCount size) const;

private:
    BootFile(std::string label, Fd fd) : label_(std::move(label)), fd_(std::move(fd)) {}

    std::string label_;
    Fd fd_;
};

// "12 MiB", rounded up; below one MiB "345 bytes". For messages about what fits.
[[nodiscard]] std::string size_text(std::uint64_t size_bytes);

}  // namespace siskin
