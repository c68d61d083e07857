// SPDX-License-Identifier: Apache-2.0
// A fake machine behind a real server: a VM loop on a thread of its own, a socket in a new folder.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/loop/event_loop.h"
#include "qmp/server.h"
#include "tests/qmp/fake_machine.h"

namespace siskin::qmp_test {

class ServedMachine {
public:
    ServedMachine();
    // Ends the VM loop, then the server, then removes the folder.
    ~ServedMachine();
    ServedMachine(const ServedMachine&) = delete;
    ServedMachine& operator=(const ServedMachine&) = delete;

    // Before start(): one more listener.
    std::size_t listen(const std::string& path);
    // The server and the VM loop.
    void start();
    void start_server();
    void start_loop();
    // As `quit` does it: the VM loop ends, the server drains.
    void end();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] qmp::Server& server() { return *server_; }
    [[nodiscard]] FakeMachine& machine() { return machine_; }

private:
    std::string folder_;
    std::string path_;
    FakeMachine machine_;
    qmp::Handlers handlers_;
    EventLoop loop_;
    std::unique_ptr<qmp::Server> server_;
    std::thread thread_;
};

// A new folder below the system's one for temporary files.
[[nodiscard]] std::string new_folder();

}  // namespace siskin::qmp_test
