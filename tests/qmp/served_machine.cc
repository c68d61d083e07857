// SPDX-License-Identifier: Apache-2.0
// The fake machine's threads and files.
#include "tests/qmp/served_machine.h"

#include <cstdlib>
#include <filesystem>

namespace siskin::qmp_test {

std::string new_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "siskin-qmp-XXXXXX").string();
    SISKIN_ASSERT(::mkdtemp(name.data()) != nullptr);
    return name;
}

ServedMachine::ServedMachine()
    : folder_(new_folder()), path_(folder_ + "/qmp"), handlers_(machine_.handlers()) {
    auto server = qmp::Server::create(
        "siskin-test", loop_, handlers_, [](const std::function<void()>& work) { work(); },
        machine_.subscriptions(), &machine_.descriptors());
    SISKIN_ASSERT(server.has_value());
    server_ = std::move(*server);
    machine_.raise_into(server_->events());
    machine_.on_quit([this] { loop_.stop(); });
    listen(path_);
}

ServedMachine::~ServedMachine() {
    end();
    server_.reset();
    std::filesystem::remove_all(folder_);
}

std::size_t ServedMachine::listen(const std::string& path) {
    const auto index = server_->listen_unix(path);
    SISKIN_ASSERT(index.has_value());
    return *index;
}

void ServedMachine::start() {
    start_server();
    start_loop();
}

void ServedMachine::start_server() {
    SISKIN_ASSERT(server_->start().has_value());
}

void ServedMachine::start_loop() {
    thread_ = std::thread([this] {
        loop_.run();
        server_->drain_and_stop();
    });
}

void ServedMachine::end() {
    loop_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
    server_->drain_and_stop();
}

}  // namespace siskin::qmp_test
