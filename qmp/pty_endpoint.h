// SPDX-License-Identifier: Apache-2.0
// An endpoint on a pseudo terminal: whoever opens the slave is a client until it is closed.
#pragma once

#include <memory>
#include <utility>

#include "base/fd.h"
#include "base/pseudo_terminal.h"
#include "qmp/endpoint.h"

namespace siskin::qmp {

// inotify(7) tells when the slave is opened, a hang-up of the master when it was closed by all. Who
// opens it in the instant in which the last one closes it goes on with that one's conversation, as
// the master knows of no moment without a slave.
// Thread: as Endpoint.
class PtyEndpoint final : public Endpoint {
public:
    // Error: the slave cannot be watched.
    [[nodiscard]] static Result<std::unique_ptr<PtyEndpoint>> create(PseudoTerminal terminal);

    [[nodiscard]] Result<> start(EventLoop& loop, Serve serve) override;
    void on_client_gone() override;
    void stop() override;

private:
    PtyEndpoint(Fd master, Fd openings)
        : master_(std::move(master)), openings_(std::move(openings)) {}
    void on_opening();
    void drop_unread() const;
    void serve_if_open();

    Fd master_;
    Fd openings_;  // inotify
    EventLoop* loop_ = nullptr;
    Serve serve_;
    std::unique_ptr<EventLoop::Watch> watch_;
    std::unique_ptr<EventLoop::Watch> timer_;
    bool busy_ = false;
    bool stopped_ = false;
    bool is_warned_ = false;  // of a client that could not be served yet
};

}  // namespace siskin::qmp
