// SPDX-License-Identifier: Apache-2.0
// Character back end "stdio": the process's own standard input and output.
#pragma once

#include <memory>
#include <string>

#include "devices/chardev/chardev_config.h"
#include "devices/chardev/stream.h"

namespace siskin {

// A closed descriptor 0 or 1, a file or /dev/null is fine. Multiplexing several devices on one
// terminal (mux=on) is left out on purpose. Thread: as Chardev.
class StdioChardev final : public StreamChardev {
public:
    // Error: "cannot use stdio by multiple character devices".
    [[nodiscard]] static Result<std::unique_ptr<Chardev>> create(const ChardevConfig& config,
                                                                 EventLoop& loop,
                                                                 MachineLock& lock);
    ~StdioChardev() override;

    [[nodiscard]] std::string filename() const override { return "stdio"; }

private:
    using StreamChardev::StreamChardev;
};

}  // namespace siskin
