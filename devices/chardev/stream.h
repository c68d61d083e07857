// SPDX-License-Identifier: Apache-2.0
// StreamChardev: a character back end over file descriptors, whatever they are.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bus/machine_lock.h"
#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "base/telnet.h"
#include "devices/chardev/chardev.h"
#include "devices/chardev/output_ring.h"

namespace siskin {

// A vCPU only puts bytes into a ring and signals an EventFd; the VM loop's thread does the host
// I/O, outside MachineLock. Descriptors are read only while the front end has room.
// Thread: as Chardev; members say which of the two sides owns them. SIGPIPE is ignored by main.
class StreamChardev : public Chardev {
public:
    ~StreamChardev() override;

    void write(std::span<const std::uint8_t> bytes) override;
    void accept_input() override;
    [[nodiscard]] std::uint64_t dropped_bytes() const override;
    void drain(std::chrono::milliseconds limit) override;

protected:
    StreamChardev(std::string id, EventLoop& loop, MachineLock& lock, EventFd wake);

    // To be called once, before anything else.
    [[nodiscard]] Result<> start();
    // VM loop's thread, without MachineLock from here on. Either descriptor may be invalid: no
    // input, or output is kept for the next reader. They are non-blocking or regular files.
    [[nodiscard]] Result<> connect(Fd input, Fd output);
    void disconnect();
    // As disconnect(), but the input's descriptor is the caller's.
    [[nodiscard]] Fd release_connection();
    // Each connection from now on is one of telnet's, of which this is that end.
    void speak_telnet(TelnetEnd end) { telnet_end_ = end; }
    // Writes what the host takes at once, for destructors: nobody else uses the object any more.
    void write_last();
    [[nodiscard]] bool connected() const { return output_.valid(); }
    // The peer has gone, or the input is at its end.
    virtual void on_input_end() {}
    virtual void on_output_error(int error_number);
    // Takes MachineLock.
    [[nodiscard]] bool has_front_end();
    [[nodiscard]] EventLoop& loop() { return loop_; }

private:
    static constexpr std::size_t kOutputChunk = std::size_t{64} * 1024;
    static constexpr std::size_t kInputChunk = 4096;
    static constexpr int kChunksPerTurn = 16;

    enum class Pumped { Empty, Blocked, Budget };

    void open_telnet();
    void kick();
    void on_wake();
    void on_readable();
    void end_input();
    void deliver_input();
    [[nodiscard]] bool refill_outgoing();
    void take_output();
    [[nodiscard]] Pumped pump_output();
    void write_out();

    EventLoop& loop_;
    MachineLock& lock_;
    EventFd wake_;
    std::unique_ptr<EventLoop::Watch> wake_watch_;

    // Under MachineLock.
    OutputRing ring_;
    bool kicked_ = false;
    bool input_paused_ = false;
    std::uint64_t refused_ = 0;  // bytes

    // VM loop's thread.
    Fd input_;
    Fd output_;
    std::optional<EventFd>
        always_ready_;  // stands in for an input that epoll cannot watch: a file, /dev/null
    std::unique_ptr<EventLoop::Watch> read_watch_;
    std::unique_ptr<EventLoop::Watch> write_watch_;
    std::vector<std::uint8_t> outgoing_;  // taken from ring_, on its way
    std::size_t outgoing_sent_ = 0;
    std::size_t opening_size_ = 0;  // of outgoing_, what telnet says first
    std::optional<TelnetEnd> telnet_end_;
    TelnetReader telnet_reader_;
    std::array<std::uint8_t, kInputChunk> incoming_{};  // read, not yet delivered
    std::size_t incoming_first_ = 0;
    std::size_t incoming_end_ = 0;
    bool error_logged_ = false;
};

}  // namespace siskin
