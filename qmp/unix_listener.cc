// SPDX-License-Identifier: Apache-2.0
// Binding a Unix socket without hurting anybody else's.
#include "qmp/unix_listener.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin::qmp {
namespace {

constexpr int kBacklog = 16;
constexpr int kLockTurnsMax = 100;
constexpr std::chrono::milliseconds kLockTurn{10};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

// Linux: both calls take the generic type for every family.
const sockaddr* generic(const sockaddr_un& address) {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

Result<Fd> stream_socket() {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid()) {
        return fail_errno("could not create a socket", errno);
    }
    return fd;
}

// Whoever makes a socket in this directory by this code waits for its turn, so that two of us do
// not both take the other's file for stale. Without the right to open it there is no turn to take.
Fd lock_directory_of(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path().string();
    Fd directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Bounded: a stranger may hold the lock for ever.
    for (int turn = 0; turn < kLockTurnsMax && directory.valid(); ++turn) {
        if (::flock(directory.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
            break;
        }
        std::this_thread::sleep_for(kLockTurn);
    }
    return directory;
}

// Removes a socket file that nobody listens on.
Result<> make_room(const std::string& path) {
    struct stat present {};
    if (::lstat(path.c_str(), &present) != 0) {
        return errno == ENOENT ? Result<>() : Result<>(fail_errno("could not look at it", errno));
    }
    if (!S_ISSOCK(present.st_mode)) {
        return fail("it exists and is not a socket");
    }
    const Fd probe = SISKIN_TRY(stream_socket());
    const sockaddr_un address = address_of(path);
    if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno != ECONNREFUSED) {
        return fail("another process listens on it");
    }
    if (::unlink(path.c_str()) != 0) {
        return fail_errno("could not replace the stale file", errno);
    }
    return {};
}

Result<Fd> bind_at(const std::string& path, struct stat& file) {
    const Fd lock = lock_directory_of(path);
    SISKIN_TRY(make_room(path));
    Fd fd = SISKIN_TRY(stream_socket());
    // unix(7), Linux: the file takes its mode from the socket, so there is no moment in between.
    if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) {
        return fail_errno("could not set the mode", errno);
    }
    const sockaddr_un address = address_of(path);
    if (::bind(fd.get(), generic(address), sizeof(address)) != 0) {
        return fail_errno("could not bind", errno);
    }
    if (::lstat(path.c_str(), &file) != 0 || ::listen(fd.get(), kBacklog) != 0) {
        const int error_number = errno;
        ::unlink(path.c_str());
        return fail_errno("could not listen", error_number);
    }
    return fd;
}

}  // namespace

Result<UnixListener> UnixListener::bind(const std::string& path) {
    if (path.empty() || path.size() > kSocketPathMax) {
        return fail(concat("socket path '", printable(path), "' has ", path.size(),
                           " bytes, allowed are 1 to ", kSocketPathMax));
    }
    struct stat file {};
    Fd fd = SISKIN_TRY_IN(concat("socket '", printable(path), '\''), bind_at(path, file));
    return UnixListener(std::move(fd), path, file);
}

Result<UnixListener> UnixListener::adopt(Fd listening) {
    int accepts = 0;
    socklen_t size = sizeof(accepts);
    if (::getsockopt(listening.get(), SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) != 0 ||
        accepts == 0) {
        return fail(concat("file descriptor ", listening.get(), " is not a listening socket"));
    }
    const int status = ::fcntl(listening.get(), F_GETFL);
    ::fcntl(listening.get(), F_SETFL, status | O_NONBLOCK);
    ::fcntl(listening.get(), F_SETFD, FD_CLOEXEC);
    return UnixListener(std::move(listening), {}, {});
}

UnixListener::UnixListener(Fd fd, std::string path, const struct stat& file)
    : fd_(std::move(fd)), path_(std::move(path)), device_(file.st_dev), inode_(file.st_ino) {}

UnixListener::UnixListener(UnixListener&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

UnixListener::~UnixListener() {
    struct stat present {};
    if (!path_.empty() && ::lstat(path_.c_str(), &present) == 0 && present.st_dev == device_ &&
        present.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
}

}  // namespace siskin::qmp
