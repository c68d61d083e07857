// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets.
#include "base/unix_socket.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/socket_address.h"
#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr int kBacklog = 1;
constexpr int kNewSocket = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

// Nobody listens on the socket at this address any more.
bool is_dead_socket(const std::string& path, const SocketAddress& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    const Fd probe(::socket(AF_UNIX, kNewSocket, 0));
    return probe.valid() && ::connect(probe.get(), address.generic(), address.size()) != 0 &&
           errno == ECONNREFUSED;
}

// Whoever replaces a dead socket in this folder waits for its turn, so that two of us do not each
// take the other's new one for dead. Bounded, for a stranger may hold the lock for ever; without
// the right to open the folder there is no turn to take.
Fd lock_folder_of(const std::string& path) {
    static constexpr int kTurnsMax = 20;
    static constexpr std::chrono::milliseconds kTurn{10};
    const std::string parent = std::filesystem::path(path).parent_path().string();
    Fd folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int turn = 0; turn < kTurnsMax && folder.valid(); ++turn) {
        if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
            break;
        }
        std::this_thread::sleep_for(kTurn);
    }
    return folder;
}

}  // namespace

Result<UnixListener> UnixListener::listen(const std::string& path) {
    const SocketAddress address = SISKIN_TRY(SocketAddress::unix_path(path));
    const std::string what = concat("Failed to bind socket to ", path);
    Fd fd(::socket(AF_UNIX, kNewSocket, 0));
    // unix(7), Linux: the file takes its mode from the socket, so it has 0600 from its first
    // moment.
    if (!fd.valid() || ::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) {
        return fail_errno(what, errno);
    }
    const Fd lock = lock_folder_of(path);
    int status = ::bind(fd.get(), address.generic(), address.size());
    if (status != 0 && errno == EADDRINUSE) {
        if (!is_dead_socket(path, address)) {
            return fail_errno(what, EADDRINUSE);
        }
        ::unlink(path.c_str());
        status = ::bind(fd.get(), address.generic(), address.size());
    }
    if (status != 0) {
        return fail_errno(what, errno);
    }
    // The working directory may be another one by the time the file is removed.
    UnixListener listener(std::move(fd), std::filesystem::absolute(path).string());
    struct stat identity {};
    if (::lstat(path.c_str(), &identity) != 0) {
        return fail_errno(what, errno);
    }
    listener.device_ = identity.st_dev;
    listener.inode_ = identity.st_ino;
    if (::listen(listener.get(), kBacklog) != 0) {
        return fail_errno(what, errno);
    }
    return listener;
}

Result<UnixListener> UnixListener::adopt(Fd fd) {
    int listens = 0;
    socklen_t size = sizeof(listens);
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
        return fail_errno(concat("file descriptor ", fd.get()), errno);
    }
    if (listens == 0) {
        return fail(concat("file descriptor ", fd.get(), " is not a listening socket"));
    }
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0 ||
        ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
        return fail_errno(concat("file descriptor ", fd.get()), errno);
    }
    return UnixListener(std::move(fd), std::string());
}

UnixListener::~UnixListener() {
    struct stat status {};
    if (!path_.empty() && inode_ != 0 && ::lstat(path_.c_str(), &status) == 0 &&
        status.st_dev == device_ && status.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
}

Fd UnixListener::accept() const {
    int number = -1;
    do {
        number = ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (number < 0 && (errno == EINTR || errno == ECONNABORTED));
    return Fd(number);
}

void UnixListener::set_backlog(int clients) const {
    ::listen(fd_.get(), clients);  // cannot fail: it listens already
}

std::string unix_socket_path(int fd_number) {
    const SocketAddress address = SocketAddress::local_of(fd_number);
    return address.family() == AF_UNIX ? address.text() : std::string();
}

Result<Fd> connect_unix(const std::string& path) {
    return start_connect(SISKIN_TRY(SocketAddress::unix_path(path)));
}

}  // namespace siskin
