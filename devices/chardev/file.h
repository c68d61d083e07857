// SPDX-License-Identifier: Apache-2.0
// Character back end "file": output goes to a file; there is no input.
#pragma once

#include <memory>
#include <string>

#include "devices/chardev/chardev_config.h"
#include "devices/chardev/stream.h"

namespace siskin {

// Thread: as Chardev.
class FileChardev final : public StreamChardev {
public:
    // Creates the file (0666 less the umask) or opens it; begin() empties it, unless append=on. A
    // new file goes with an object that did not begin.
    // Errors: "chardev: file: no filename given", "Could not open '<path>': <reason>".
    [[nodiscard]] static Result<std::unique_ptr<Chardev>> create(const ChardevConfig& config,
                                                                 EventLoop& loop,
                                                                 MachineLock& lock);

    ~FileChardev() override;

    [[nodiscard]] std::string filename() const override { return "file"; }
    void begin() override;

private:
    using StreamChardev::StreamChardev;

    std::string created_path_;  // until it begins
    Fd to_be_emptied_;          // likewise
};

}  // namespace siskin
