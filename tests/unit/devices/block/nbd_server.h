// SPDX-License-Identifier: Apache-2.0
// NbdTestServer: qemu-nbd or nbdkit as a child process, at a Unix socket of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/block/nbd_connection.h"
#include "tests/harness/child_process.h"
#include "tests/harness/temporary_directory.h"

namespace siskin {

// Whether the program is there; says so aloud where it is not.
[[nodiscard]] bool has_program(const std::string& path);

inline constexpr const char* kQemuNbd = "/usr/bin/qemu-nbd";
inline constexpr const char* kQemuImg = "/usr/bin/qemu-img";
inline constexpr const char* kNbdkit = "/usr/bin/nbdkit";

// Runs a program to its end; its exit status.
int run_program(const std::vector<std::string>& command);

class NbdTestServer {
public:
    // qemu-nbd with these further words, which end with the image.
    static NbdTestServer qemu(const test::TemporaryDirectory& folder,
                              const std::vector<std::string>& words);
    // nbdkit with these further words.
    static NbdTestServer nbdkit(const test::TemporaryDirectory& folder,
                                const std::vector<std::string>& words);

    // Listens once this returns.
    void start();
    // As kill -9 does.
    void kill();
    [[nodiscard]] NbdServer address(const std::string& export_name = "") const;
    [[nodiscard]] const std::string& socket() const { return socket_; }
    [[nodiscard]] pid_t pid() const { return process_->pid(); }

private:
    NbdTestServer(std::vector<std::string> command, std::string socket)
        : command_(std::move(command)), socket_(std::move(socket)) {}

    std::vector<std::string> command_;
    std::string socket_;
    std::optional<test::ChildProcess> process_;
};

}  // namespace siskin
