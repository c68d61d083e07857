// SPDX-License-Identifier: Apache-2.0
// Owned file descriptors: Fd closes what it holds, EventFd is the kernel's counter behind one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"

namespace siskin {

// Owns one file descriptor, or none. Move-only; closes on destruction.
class Fd {
public:
    Fd() = default;
    // Takes ownership of `number`; a negative number means none.
    explicit Fd(int number) : number_(number) {}
    ~Fd() { reset(); }
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    [[nodiscard]] bool valid() const { return number_ >= 0; }
    // The number, still owned here.
    [[nodiscard]] int get() const { return number_; }
    // Gives the number up to the caller.
    [[nodiscard]] int release() { return std::exchange(number_, -1); }
    void reset();

    // A second descriptor of the same open file (close-on-exec).
    [[nodiscard]] Result<Fd> duplicate() const;

private:
    int number_ = -1;
};

// open(2) with O_CLOEXEC. The error reads "could not open '<path>': <reason>".
[[nodiscard]] Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0);

// A non-blocking, close-on-exec eventfd(2). Any thread may signal and take.
class EventFd {
public:
    [[nodiscard]] static Result<EventFd> create();

    [[nodiscard]] int get() const { return fd_.get(); }
    // Adds one to the count; wakes whoever waits for it.
    void signal() const;
    // Takes the whole count and leaves zero. Zero when nothing was signalled.
    [[nodiscard]] std::uint64_t take() const;
    // Whether take() would return anything but zero; the count stays.
    [[nodiscard]] bool readable() const;
    // A second handle on the same counter.
    [[nodiscard]] Result<EventFd> duplicate() const;

private:
    explicit EventFd(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

}  // namespace siskin
