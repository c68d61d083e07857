// SPDX-License-Identifier: Apache-2.0
// NbdLink: an engine's connection to its NBD server, which is sought again when it is lost.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "devices/block/descriptor_watch.h"
#include "devices/block/nbd_connection.h"

namespace siskin {

// Thread: one at a time.
class NbdLink {
public:
    // A new attempt each second, given up after kAttemptMax.
    static constexpr std::chrono::milliseconds kRetryInterval{1000};
    static constexpr std::chrono::milliseconds kAttemptMax{3000};

    // `disk`: a server that comes back has the same or more. `connection` is Ready, or null: then
    // it is sought from the first seek() on.
    [[nodiscard]] static Result<NbdLink> create(NbdServer server, const NbdExport& disk,
                                                std::unique_ptr<NbdConnection> connection);

    // For IoLoop::add(); call serve() when it is ready.
    [[nodiscard]] int descriptor() const { return watch_.get(); }
    // After calls of the connection, which may change what it waits for.
    void follow();

    [[nodiscard]] bool is_ready() const {
        return connection_ != nullptr && connection_->state() == NbdConnection::State::Ready;
    }
    // While it is ready.
    [[nodiscard]] NbdConnection& connection() { return *connection_; }

    // Begins an attempt where there is no connection.
    void seek();
    // Ticks, once each kRetryInterval; without end, or until the connection is ready.
    void tick() const { watch_.set_timer(kRetryInterval); }
    [[nodiscard]] bool take_tick() const { return watch_.take_timer(); }
    // `goes_on`: the ticks do, although the connection is ready.
    void on_tick(bool goes_on);
    // Does what the connection waited for.
    void serve();

    // What has become of it. True: it was ready, and now it is lost. Of requests that were sent
    // some may not have been told.
    [[nodiscard]] bool look();
    // The same, for a reason that the connection does not see.
    [[nodiscard]] bool lose(const std::string& reason);

private:
    using Clock = std::chrono::steady_clock;

    NbdLink(NbdServer server, const NbdExport& disk, std::unique_ptr<NbdConnection> connection,
            DescriptorWatch watch);

    NbdServer server_;
    NbdExport disk_;
    std::unique_ptr<NbdConnection> connection_;  // null: between two attempts
    DescriptorWatch watch_;
    bool was_ready_;
    Clock::time_point attempt_began_{};
};

}  // namespace siskin
