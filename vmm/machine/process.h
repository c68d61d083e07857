// SPDX-License-Identifier: Apache-2.0
// What siskin does as a process: pid file, going to the background, signals.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"

namespace siskin {

// -name process=: what ps and top show, cut to the 15 bytes the kernel keeps. Before the first
// other thread.
void set_process_name(const std::string& name);

// -pidfile: created or overwritten while locked, so that two processes never share one; removed
// again when this object goes.
class PidFile {
public:
    // Errors: it cannot be created, or another process has it.
    [[nodiscard]] static Result<std::unique_ptr<PidFile>> create(const std::string& path);
    ~PidFile();
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

private:
    PidFile(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}

    std::string path_;
    Fd file_;
};

// -daemonize: the parent waits until the child says that all is set up, and ends with its verdict.
class Daemon {
public:
    // Before the first thread. Returns in the child; the parent exits with 0 once ready() was
    // called, with 1 when the child ended before.
    [[nodiscard]] static Result<Daemon> fork();
    // Leaves the terminal and the folder: stdin, stdout and stderr become /dev/null, the working
    // directory /, new files are closed to strangers; lets the parent exit.
    [[nodiscard]] Result<> ready();

private:
    explicit Daemon(Fd pipe) : pipe_(std::move(pipe)) {}

    Fd pipe_;
};

// SIGINT, SIGTERM and SIGHUP as calls on a loop; SIGPIPE ignored. Create before the first thread,
// which then has them blocked.
class TerminationSignals {
public:
    [[nodiscard]] static Result<TerminationSignals> create();
    // As long as the watch lives; it is gone before `loop` is. `on_signal` gets the signal's number
    // and the sender's process.
    [[nodiscard]] Result<std::unique_ptr<EventLoop::Watch>> watch(
        EventLoop& loop, std::function<void(int signal, int pid)> on_signal) const;
    [[nodiscard]] int fd_number() const { return fd_.get(); }

private:
    explicit TerminationSignals(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

}  // namespace siskin
