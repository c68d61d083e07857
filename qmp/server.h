// SPDX-License-Identifier: Apache-2.0
// The QMP server: endpoints and clients on a thread of its own, commands on the VM thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_channel.h"
#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/pseudo_terminal.h"
#include "base/result.h"
#include "base/socket_address.h"
#include "base/telnet.h"
#include "base/unix_socket.h"
#include "qmp/conversation.h"
#include "qmp/descriptors.h"
#include "qmp/endpoint.h"
#include "qmp/event.h"
#include "qmp/framer.h"
#include "qmp/generated/commands.h"
#include "qmp/subscriptions.h"

namespace siskin::qmp {

// How an endpoint treats its clients.
struct EndpointOptions {
    std::size_t clients_max = 1;  // at a time; 1 to kClientsPerEndpointMax; of listeners
    // Of QMP, as in SessionOptions.
    bool pretty = false;
    Role role = Role::Operate;
    std::size_t message_size_max = kMessageSizeMax;
    std::optional<TelnetEnd> telnet{};  // that end of it, with each client
    // What is spoken with each client; QMP where it is empty.
    ConversationFactory conversation{};
};

// Set up and taken down by the VM thread. Requests travel to the VM loop and replies and events
// back through mailboxes; between the two nothing is shared.
class Server {
public:
    // Wraps each handler's run, on the VM thread: where the caller takes its lock.
    using RunUnderLock = std::function<void(const std::function<void()>& work)>;
    static constexpr std::size_t kEndpointsMax = 16;

    // `vm_loop`, what `handlers` refers to and `subscriptions`, which is the handler of its group,
    // outlive the server. `package` is the program's name and version for the greeting.
    // `descriptors` as in Dispatcher::create.
    [[nodiscard]] static Result<std::unique_ptr<Server>> create(std::string package,
                                                                EventLoop& vm_loop,
                                                                const Handlers& handlers,
                                                                RunUnderLock run_under_lock,
                                                                Subscriptions& subscriptions,
                                                                Descriptors* descriptors = nullptr);
    // drain_and_stop() if that was not done.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Endpoints, before start(); each returns its index. All give an error where there would be
    // more than kEndpointsMax.

    // A Unix socket at `path`, made with mode 0600. Errors: the path is longer than kUnixPathMax;
    // somebody listens there; something that is no socket is there. A dead socket is replaced.
    [[nodiscard]] Result<std::size_t> listen_unix(const std::string& path,
                                                  EndpointOptions options = {});
    // A listening stream socket made elsewhere: by listen_tcp(), or handed to the process.
    [[nodiscard]] Result<std::size_t> listen_on(Fd listening, EndpointOptions options = {});
    [[nodiscard]] Result<std::size_t> listen_on(UnixListener listener,
                                                EndpointOptions options = {});
    // Connects, from start() on, to the first of `addresses` that answers; every `pause` again
    // while there is no connection.
    [[nodiscard]] Result<std::size_t> keep_connected(std::vector<siskin::SocketAddress> addresses,
                                                     std::chrono::milliseconds pause,
                                                     EndpointOptions options = {});
    // One client that is there already: a connected socket, the process's standard streams.
    [[nodiscard]] Result<std::size_t> serve_once(ByteChannel client, EndpointOptions options = {});
    // Whoever opens the slave.
    [[nodiscard]] Result<std::size_t> serve_terminal(PseudoTerminal terminal,
                                                     EndpointOptions options = {});

    // Starts the QMP thread: clients are greeted from now on; their commands run once the VM loop
    // does.
    [[nodiscard]] Result<> start();

    // After start(). Blocks until the endpoint has had a client (`wait=on`): true. False when
    // `interrupt_fd` (-1 for none) became readable first.
    [[nodiscard]] bool wait_for_client(std::size_t endpoint, int interrupt_fd = -1);

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
