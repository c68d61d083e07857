// SPDX-License-Identifier: Apache-2.0
// What the chardev tests share: a loop, a lock, a front end that records, a folder that goes away.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <stdlib.h>
#include <unistd.h>

#include "base/bus/machine_lock.h"
#include "base/loop/event_loop.h"
#include "devices/chardev/chardev.h"
#include "devices/chardev/chardev_config.h"
#include "devices/chardev/chardev_registry.h"

namespace siskin::test {

class TempFolder {
public:
    TempFolder() : path_(::mkdtemp(template_.data())) {}
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    [[nodiscard]] std::string path(std::string_view name) const {
        return path_ + "/" + std::string(name);
    }

private:
    std::string template_ = "/tmp/siskin-test-XXXXXX";
    std::string path_;
};

class RecordingFrontEnd final : public ChardevFrontEnd {
public:
    explicit RecordingFrontEnd(std::size_t room) : room_(room) {}

    [[nodiscard]] std::size_t can_receive() const override { return room_; }
    void receive(std::span<const std::uint8_t> bytes) override {
        largest_ = std::max(largest_, bytes.size());
        text_.append(bytes.begin(), bytes.end());
        room_ -= bytes.size();
    }

    void set_room(std::size_t room) { room_ = room; }
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::size_t largest() const { return largest_; }

private:
    std::size_t room_;
    std::string text_;
    std::size_t largest_ = 0;
};

struct ChardevBench {
    TempFolder folder;
    EventLoop loop;
    MachineLock lock;
    ChardevRegistry registry;

    [[nodiscard]] Result<Chardev*> make(ChardevBackend backend, std::string path = {}) {
        ChardevConfig config;
        config.backend = backend;
        config.id = "c0";
        config.path = std::move(path);
        return registry.add(config, loop, lock);
    }
    [[nodiscard]] Result<Chardev*> make(const ChardevConfig& config) {
        return registry.add(config, loop, lock);
    }
};

[[nodiscard]] inline std::vector<std::uint8_t> bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

[[nodiscard]] inline std::string text_of(std::span<const std::uint8_t> bytes) {
    return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Turns the loop until `done` holds, at most five seconds: for what the kernel does in its own
// time.
inline void turn_until(EventLoop& loop, const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!done() && std::chrono::steady_clock::now() < deadline) {
        loop.run_ready();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

// What is there to read now, at most 64 KiB.
[[nodiscard]] inline std::string read_some(int fd_number) {
    std::string text(65536, '\0');
    const auto count = ::read(fd_number, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

}  // namespace siskin::test
