// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets.
#include "base/unix_socket.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin {
namespace {

constexpr int kBacklog = 1;
constexpr int kNewSocket = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
static_assert(sizeof(sockaddr_un::sun_path) == kUnixPathMax + 1);

Result<sockaddr_un> address_of(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        return fail("UNIX socket path is empty or holds a NUL");
    }
    if (path.size() > kUnixPathMax) {
        return fail(concat("UNIX socket path '", printable(path, 256), "' is too long: it has ",
                           path.size(), " bytes, the most is ", kUnixPathMax));
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), &address.sun_path[0]);
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// Nobody listens on the socket at this address any more.
bool is_dead_socket(const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(&address.sun_path[0], &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    const Fd probe(::socket(AF_UNIX, kNewSocket, 0));
    return probe.valid() && ::connect(probe.get(), generic(address), sizeof(address)) != 0 &&
           errno == ECONNREFUSED;
}

// Whoever replaces a dead socket in this folder waits for its turn, so that two of us do not each
// take the other's new one for dead. Bounded, for a stranger may hold the lock for ever; without
// the right to open the folder there is no turn to take.
Fd lock_folder_of(const std::string& path) {
    static constexpr int kTurnsMax = 100;
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
    const sockaddr_un address = SISKIN_TRY(address_of(path));
    const std::string what = concat("Failed to bind socket to ", path);
    Fd fd(::socket(AF_UNIX, kNewSocket, 0));
    // unix(7), Linux: the file takes its mode from the socket, so it has 0600 from its first
    // moment.
    if (!fd.valid() || ::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) {
        return fail_errno(what, errno);
    }
    const Fd lock = lock_folder_of(path);
    int status = ::bind(fd.get(), generic(address), sizeof(address));
    if (status != 0 && errno == EADDRINUSE) {
        if (!is_dead_socket(address)) {
            return fail_errno(what, EADDRINUSE);
        }
        ::unlink(path.c_str());
        status = ::bind(fd.get(), generic(address), sizeof(address));
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

std::string unix_socket_path(int fd_number) {
    sockaddr_un address{};
    socklen_t size = sizeof(address) - 1;  // a NUL stays behind the longest path
    if (::getsockname(fd_number, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        address.sun_family != AF_UNIX) {
        return {};
    }
    return &address.sun_path[0];
}

Result<Fd> connect_unix(const std::string& path) {
    const sockaddr_un address = SISKIN_TRY(address_of(path));
    Fd fd(::socket(AF_UNIX, kNewSocket, 0));
    // A Unix connect ends at once; a full backlog of the server says EAGAIN (connect(2)).
    if (!fd.valid() || ::connect(fd.get(), generic(address), sizeof(address)) != 0) {
        return fail_errno(concat("Failed to connect to '", path, "'"), errno);
    }
    return fd;
}

}  // namespace siskin
