// SPDX-License-Identifier: Apache-2.0
// Character back end "pty": a pseudo terminal that people open by the path of its slave.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "devices/chardev/chardev_config.h"
#include "devices/chardev/stream.h"

namespace siskin {

// The slave stays open here too, so output waits for a reader who comes later, in raw mode, and no
// hang-up is ever seen. Thread: as Chardev.
class PtyChardev final : public StreamChardev {
public:
    // Error: "Failed to create PTY: <reason>".
    [[nodiscard]] static Result<std::unique_ptr<Chardev>> create(const ChardevConfig& config,
                                                                 EventLoop& loop,
                                                                 MachineLock& lock);

    [[nodiscard]] std::string filename() const override { return "pty:" + path_; }
    [[nodiscard]] std::string pty_path() const override { return path_; }

private:
    using StreamChardev::StreamChardev;

    std::string path_;
    Fd slave_;
};

}  // namespace siskin
