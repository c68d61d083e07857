// SPDX-License-Identifier: Apache-2.0
// The QMP server: listeners and sessions on a thread of its own, commands on the VM thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "qmp/event.h"
#include "qmp/generated/commands.h"

namespace siskin::qmp {

// Set up and taken down by the VM thread. Requests travel to the VM loop and replies and events
// back through mailboxes; between the two nothing is shared.
class Server {
public:
    // Wraps each handler's run, on the VM thread: where the caller takes its lock.
    using RunUnderLock = std::function<void(const std::function<void()>& work)>;
    // Listeners; each serves one client at a time.
    static constexpr std::size_t kListenersMax = 16;

    // `vm_loop` and what `handlers` refers to outlive the server. `package` is the program's name
    // and version for the greeting.
    [[nodiscard]] static Result<std::unique_ptr<Server>> create(std::string package,
                                                                EventLoop& vm_loop,
                                                                const Handlers& handlers,
                                                                RunUnderLock run_under_lock);
    // drain_and_stop() if that was not done.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Before start(). A Unix socket at `path`, made with mode 0600. Errors: the path is longer
    // than kUnixPathMax; somebody listens there; something that is no socket is there. A dead
    // socket is replaced. Returns the listener's index.
    [[nodiscard]] Result<std::size_t> listen_unix(const std::string& path);
    // Before start(). A listening stream socket made by somebody else (`-chardev socket,fd=N`).
    [[nodiscard]] Result<std::size_t> listen_on(Fd listening);

    // Starts the QMP thread: clients are greeted from now on; their commands run once the VM loop
    // does.
    [[nodiscard]] Result<> start();

    // After start(). Blocks until the listener has had a client (`wait=on`): true. False when
    // `interrupt_fd` (-1 for none) became readable first.
    [[nodiscard]] bool wait_for_client(std::size_t listener, int interrupt_fd = -1);

    // Where events are raised; any thread, as long as the server lives. An event raised inside a
    // handler is sent before that command's reply. Clients that have not negotiated get none.
    [[nodiscard]] EventSink& events();

    // The orderly end: replies and events handed in so far reach their clients (a client that does
    // not read is given kDrainTimeout), each then sees the end of the stream; socket files that
    // are still ours are removed, the thread is gone when this returns. Commands that have not
    // begun are dropped. Not inside a handler.
    void drain_and_stop();

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace siskin::qmp
