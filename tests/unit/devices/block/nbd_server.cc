// SPDX-License-Identifier: Apache-2.0
// Servers of Debian's packages.
#include "tests/unit/devices/block/nbd_server.h"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/stream_socket.h"

namespace siskin {

bool has_program(const std::string& path) {
    if (::access(path.c_str(), X_OK) == 0) {
        return true;
    }
    MESSAGE("skipped: there is no " << path);
    return false;
}

int run_program(const std::vector<std::string>& command) {
    auto child = test::ChildProcess::start(command);
    SISKIN_ASSERT(child.has_value());
    return child->wait_for_end().value_or(-1);
}

NbdTestServer NbdTestServer::qemu(const test::TemporaryDirectory& folder,
                                  const std::vector<std::string>& words) {
    const std::string socket = folder.path("nbd.sock");
    std::vector<std::string> command{kQemuNbd, "--persistent", "--shared=8", "--socket=" + socket};
    command.insert(command.end(), words.begin(), words.end());
    return NbdTestServer(std::move(command), socket);
}

NbdTestServer NbdTestServer::nbdkit(const test::TemporaryDirectory& folder,
                                    const std::vector<std::string>& words) {
    const std::string socket = folder.path("nbd.sock");
    std::vector<std::string> command{kNbdkit, "--foreground", "--exit-with-parent", "-U", socket};
    command.insert(command.end(), words.begin(), words.end());
    return NbdTestServer(std::move(command), socket);
}

// Connecting tells: both programs make the socket before they serve it, but listen at once.
void NbdTestServer::start() {
    ::unlink(socket_.c_str());
    const Fd watch(::inotify_init1(IN_CLOEXEC));
    const std::string folder = socket_.substr(0, socket_.rfind('/'));
    SISKIN_ASSERT(::inotify_add_watch(watch.get(), folder.c_str(), IN_CREATE | IN_ATTRIB) >= 0);
    process_.reset();
    auto started = test::ChildProcess::start(command_);
    SISKIN_ASSERT(started.has_value());
    process_.emplace(std::move(*started));
    const auto place = *SocketAddress::unix_path(socket_);
    while (!connect_stream({place}, -1)) {
        SISKIN_ASSERT(process_->running());
        // Between bind and listen nothing tells; the next try is soon enough.
        pollfd waiting{watch.get(), POLLIN, 0};
        ::poll(&waiting, 1, 10);
    }
}

void NbdTestServer::kill() {
    process_->send_signal(SIGKILL);
    SISKIN_ASSERT(process_->wait_for_end().has_value());
}

NbdServer NbdTestServer::address(const std::string& export_name) const {
    return NbdServer{{*SocketAddress::unix_path(socket_)}, export_name};
}

}  // namespace siskin
