// SPDX-License-Identifier: Apache-2.0
// Pid file, background and signals.
#include "vmm/machine/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin {

void set_process_name(const std::string& name) {
    ::prctl(PR_SET_NAME, name.c_str());
}

Result<std::unique_ptr<PidFile>> PidFile::create(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) {
        return fail_errno(concat("cannot create PID file: could not create '", path, "'"), errno);
    }
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
        return fail(concat("cannot create PID file: '", path, "' belongs to a running process"));
    }
    const std::string text = concat(::getpid(), '\n');
    if (::ftruncate(file.get(), 0) != 0 ||
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return fail_errno(concat("cannot create PID file: could not write '", path, "'"), errno);
    }
    // The working directory may be another one by the time the file is removed.
    return std::unique_ptr<PidFile>(
        new PidFile(std::filesystem::absolute(path).string(), std::move(file)));
}

PidFile::~PidFile() {
    ::unlink(path_.c_str());
}

Result<Daemon> Daemon::fork() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_errno("could not create a pipe", errno);
    }
    Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) {
        return fail_errno("could not go to the background", errno);
    }
    if (child > 0) {
        writing.reset();
        // Whoever ends the waiting parent may: the child goes on by itself.
        sigset_t none;
        ::sigemptyset(&none);
        ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
        char verdict = 0;
        ssize_t received = -1;
        do {
            received = ::read(reading.get(), &verdict, 1);
        } while (received < 0 && errno == EINTR);
        // The child has its own buffers and files; only the exit status is wanted here.
        std::_Exit(received == 1 ? 0 : 1);
    }
    ::setsid();
    return Daemon(std::move(writing));
}

Result<> Daemon::ready() {
    const Fd null = SISKIN_TRY(open_file("/dev/null", O_RDWR));
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::dup2(null.get(), standard) < 0) {
            return fail_errno("could not leave the terminal", errno);
        }
    }
    // The process keeps no folder of the caller's busy.
    if (::chdir("/") != 0) {
        return fail_errno("could not change to '/'", errno);
    }
    ::umask(S_IWGRP | S_IRWXO);
    const char verdict = 0;
    if (::write(pipe_.get(), &verdict, 1) != 1) {
        return fail_errno("could not tell the parent process", errno);
    }
    pipe_.reset();
    return {};
}

Result<TerminationSignals> TerminationSignals::create() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        ::sigaddset(&signals, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    // A file that may not grow further (RLIMIT_FSIZE) is EFBIG for a request, not our end.
    ::signal(SIGXFSZ, SIG_IGN);
    Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd.valid()) {
        return fail_errno("could not create a signalfd", errno);
    }
    return TerminationSignals(std::move(fd));
}

Result<std::unique_ptr<EventLoop::Watch>> TerminationSignals::watch(
    EventLoop& loop, std::function<void(int signal, int pid)> on_signal) const {
    return loop.watch_readable(fd_.get(), [number = fd_.get(), on_signal = std::move(on_signal)] {
        signalfd_siginfo info{};
        if (::read(number, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
            on_signal(static_cast<int>(info.ssi_signo), static_cast<int>(info.ssi_pid));
        }
    });
}

}  // namespace siskin
