// SPDX-License-Identifier: Apache-2.0
// Starts, watches and ends one program under test.
#include "tests/harness/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace siskin::test {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    Fd read_end;
    Fd write_end;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_errno("pipe2", errno);
    }
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

[[noreturn]] void run_child(const Pipe& input, const Pipe& output, const Pipe& errors,
                            char* const* arguments) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(input.read_end.get(), STDIN_FILENO);
    ::dup2(output.write_end.get(), STDOUT_FILENO);
    ::dup2(errors.write_end.get(), STDERR_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

Milliseconds left_until(Clock::time_point end) {
    const auto left = std::chrono::duration_cast<Milliseconds>(end - Clock::now());
    return left < Milliseconds::zero() ? Milliseconds::zero() : left + Milliseconds(1);
}

// Appends what can be read now; closes at the end of the stream.
void take(Fd& fd, std::string& to) {
    std::array<char, 16384> bytes{};
    while (fd.valid()) {
        const ssize_t count = ::read(fd.get(), bytes.data(), bytes.size());
        if (count > 0) {
            to.append(bytes.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            fd.reset();
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

}  // namespace

unsigned count_of(std::string_view haystack, std::string_view text) {
    unsigned count = 0;
    for (std::size_t at = haystack.find(text); at != std::string_view::npos;
         at = haystack.find(text, at + text.size())) {
        ++count;
    }
    return count;
}

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command) {
    Pipe input = SISKIN_TRY(make_pipe());
    Pipe output = SISKIN_TRY(make_pipe());
    Pipe errors = SISKIN_TRY(make_pipe());
    std::vector<std::string> copies = command;
    std::vector<char*> arguments;
    for (std::string& argument : copies) {
        arguments.push_back(argument.data());
    }
    arguments.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) {
        return fail_errno("fork", errno);
    }
    if (pid == 0) {
        run_child(input, output, errors, arguments.data());
    }
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) {
        return fail_errno("pidfd_open", errno);
    }
    ::fcntl(output.read_end.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(errors.read_end.get(), F_SETFL, O_NONBLOCK);
    return ChildProcess(pid, Fd(pidfd), std::move(input.write_end), std::move(output.read_end),
                        std::move(errors.read_end));
}

ChildProcess::ChildProcess(pid_t pid, Fd pidfd, Fd input, Fd output, Fd errors)
    : pid_(pid),
      pidfd_(std::move(pidfd)),
      input_fd_(std::move(input)),
      output_fd_(std::move(output)),
      errors_fd_(std::move(errors)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      input_fd_(std::move(other.input_fd_)),
      output_fd_(std::move(other.output_fd_)),
      errors_fd_(std::move(other.errors_fd_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      status_(other.status_) {}

ChildProcess::~ChildProcess() {
    if (pid_ > 0 && !status_) {
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
        reap();
    }
}

void ChildProcess::reap() {
    int raw = 0;
    while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
    }
    status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

void ChildProcess::drain() {
    take(output_fd_, output_);
    take(errors_fd_, errors_);
}

bool ChildProcess::step(Milliseconds limit) {
    if (status_) {
        return false;
    }
    std::array<pollfd, 3> polled{{{pidfd_.get(), POLLIN, 0},
                                  {output_fd_.get(), POLLIN, 0},  // negative: left out
                                  {errors_fd_.get(), POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
    drain();
    if (polled[0].revents != 0) {
        drain();  // what it wrote last
        reap();
    }
    return true;
}

bool ChildProcess::wait_for_output(std::string_view text, unsigned times, Milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (count_of(output_, text) < times) {
        if (Clock::now() >= end || !step(left_until(end))) {
            return count_of(output_, text) >= times;
        }
    }
    return true;
}

bool ChildProcess::wait_for_errors(std::string_view text, Milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (errors_.find(text) == std::string::npos) {
        if (Clock::now() >= end || !step(left_until(end))) {
            return errors_.find(text) != std::string::npos;
        }
    }
    return true;
}

void ChildProcess::send_signal(int number) const {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

std::optional<int> ChildProcess::wait_for_end(Milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (!status_ && Clock::now() < end) {
        step(left_until(end));
    }
    return status_;
}

void ChildProcess::observe(Milliseconds duration) {
    const auto end = Clock::now() + duration;
    while (!status_ && Clock::now() < end) {
        step(left_until(end));
    }
}

void ChildProcess::write_input(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(input_fd_.get(), text.data(), text.size());
        if (count <= 0 && errno != EINTR) {
            return;
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
}

std::chrono::nanoseconds ChildProcess::processor_time() const {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
        return std::chrono::nanoseconds::zero();
    }
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

bool ChildProcess::running() {
    step(Milliseconds::zero());
    return !status_.has_value();
}

}  // namespace siskin::test
