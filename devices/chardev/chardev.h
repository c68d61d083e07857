// SPDX-License-Identifier: Apache-2.0
// Chardev: the host side of a character stream, with the one device that it serves.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace siskin {

// The device on the guest's side of a Chardev. Called under MachineLock, on the VM loop's thread.
class ChardevFrontEnd {
public:
    virtual ~ChardevFrontEnd() = default;

    // How many bytes it takes now. After saying 0 it calls Chardev::accept_input() when it has room
    // again; until then nothing is read from the host.
    [[nodiscard]] virtual std::size_t can_receive() const = 0;
    // At most can_receive() bytes.
    virtual void receive(std::span<const std::uint8_t> bytes) = 0;
};

// Thread: created, destroyed and drained on the VM loop's thread; everything else by whoever holds
// MachineLock. No call of a device waits for the host: output that the host does not take is kept
// up to a bound, beyond it the oldest bytes are dropped and counted.
class Chardev {
public:
    explicit Chardev(std::string id) : id_(std::move(id)) {}
    virtual ~Chardev() = default;
    Chardev(const Chardev&) = delete;
    Chardev& operator=(const Chardev&) = delete;

    [[nodiscard]] const std::string& id() const { return id_; }
    // The back end's name in chardev_backends(): "file", "socket".
    [[nodiscard]] const std::string& kind() const { return kind_; }
    void set_kind(std::string_view kind) { kind_ = kind; }
    // As query-chardev shows it: "file", "pty:/dev/pts/3", "disconnected:unix:/a,server=on".
    [[nodiscard]] virtual std::string filename() const = 0;
    // The slave's path of a pty, else empty: what chardev-add returns.
    [[nodiscard]] virtual std::string pty_path() const { return {}; }

    // One front end at a time. It detaches before it goes. Error: "Device 'x' is in use".
    [[nodiscard]] Result<> attach(ChardevFrontEnd& front_end);
    void detach();
    [[nodiscard]] bool in_use() const { return front_end_ != nullptr; }

    // All of the machine is set up: before this, nothing on the host is changed for good.
    virtual void begin() {}
    // Guest to host, after begin(). Never blocks, never fails.
    virtual void write(std::span<const std::uint8_t> bytes) = 0;
    // The front end has room (again).
    virtual void accept_input() {}
    // Output bytes that were lost because nobody read them or the host refused them.
    [[nodiscard]] virtual std::uint64_t dropped_bytes() const { return 0; }

    // Writes out what is kept, for the end of the process: waits until it is gone, at most `limit`.
    // VM loop's thread, without MachineLock.
    virtual void drain(std::chrono::milliseconds limit) { static_cast<void>(limit); }

protected:
    [[nodiscard]] ChardevFrontEnd* front_end() const { return front_end_; }

private:
    std::string id_;
    std::string kind_;
    ChardevFrontEnd* front_end_ = nullptr;
};

}  // namespace siskin
