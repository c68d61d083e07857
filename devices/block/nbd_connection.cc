// SPDX-License-Identifier: Apache-2.0
// NbdConnection over libnbd, whose header stays in this file.
#include "devices/block/nbd_connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <libnbd.h>
#include <poll.h>

#include "base/bits.h"
#include "base/fd.h"
#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr std::size_t kReasonMax = 200;
constexpr std::uint32_t kAlignmentMax = 64 * 1024;

class Handle {
public:
    explicit Handle(nbd_handle* handle) : handle_(handle) {}
    ~Handle() { ::nbd_close(handle_); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    [[nodiscard]] nbd_handle* get() const { return handle_; }

private:
    nbd_handle* handle_;
};

int tell_done(void* user_data, int* error) {
    static_cast<NbdDone*>(user_data)->on_done(*error);
    return 1;  // libnbd forgets the request
}

nbd_completion_callback callback(NbdDone& done) {
    nbd_completion_callback out{};
    out.callback = tell_done;
    out.user_data = &done;
    return out;
}

// libnbd's own words, of the last call on this thread.
std::string last_error() {
    const char* const text = ::nbd_get_error();
    return printable(text == nullptr ? "unknown error" : text, kReasonMax);
}

class Connection final : public NbdConnection {
public:
    Connection(nbd_handle* handle, SocketAddress address, Fd socket)
        : handle_(handle), address_(address), socket_(std::move(socket)) {}

    [[nodiscard]] State state() const override { return state_; }
    [[nodiscard]] std::string reason() const override { return reason_; }
    [[nodiscard]] const NbdExport& disk() const override { return disk_; }
    [[nodiscard]] int descriptor() const override {
        return socket_.valid() ? socket_.get() : ::nbd_aio_get_fd(handle_.get());
    }
    [[nodiscard]] bool wants_to_write() const override {
        return socket_.valid() ||
               (::nbd_aio_get_direction(handle_.get()) & LIBNBD_AIO_DIRECTION_WRITE) != 0;
    }
    void on_ready() override;
    void read(std::byte* data, std::size_t size, std::uint64_t offset, NbdDone& done) override {
        sent(::nbd_aio_pread(handle_.get(), data, size, offset, callback(done), 0), done);
    }
    void write(const std::byte* data, std::size_t size, std::uint64_t offset,
               NbdDone& done) override {
        sent(::nbd_aio_pwrite(handle_.get(), data, size, offset, callback(done), 0), done);
    }
    void flush(NbdDone& done) override {
        sent(::nbd_aio_flush(handle_.get(), callback(done), 0), done);
    }
    void trim(std::uint64_t size, std::uint64_t offset, NbdDone& done) override {
        sent(::nbd_aio_trim(handle_.get(), size, offset, callback(done), 0), done);
    }
    void zero(std::uint64_t size, std::uint64_t offset, bool may_unmap, NbdDone& done) override {
        sent(::nbd_aio_zero(handle_.get(), size, offset, callback(done),
                            may_unmap ? 0 : LIBNBD_CMD_FLAG_NO_HOLE),
             done);
    }

private:
    void finish_connecting();
    void serve();
    void look();
    void read_export();
    void sent(std::int64_t cookie, NbdDone& done);
    void lose(std::string reason) {
        state_ = State::Gone;
        reason_ = std::move(reason);
    }

    Handle handle_;
    SocketAddress address_;
    Fd socket_;  // until it is connected, then libnbd's
    State state_ = State::Connecting;
    std::string reason_;
    NbdExport disk_;
};

void Connection::on_ready() {
    if (state_ == State::Gone) {
        return;
    }
    if (socket_.valid()) {
        finish_connecting();
    } else {
        serve();
    }
    look();
}

void Connection::finish_connecting() {
    pollfd ready{socket_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1) {
        return;
    }
    if (auto connected = connect_result(socket_.get(), address_); !connected) {
        lose(connected.error().message);
        return;
    }
    // The socket is libnbd's from here on, also when this fails.
    if (::nbd_aio_connect_socket(handle_.get(), socket_.release()) != 0) {
        lose(last_error());
    }
}

void Connection::serve() {
    const unsigned direction = ::nbd_aio_get_direction(handle_.get());
    pollfd ready{::nbd_aio_get_fd(handle_.get()), 0, 0};
    if ((direction & LIBNBD_AIO_DIRECTION_READ) != 0) {
        ready.events |= POLLIN;
    }
    if ((direction & LIBNBD_AIO_DIRECTION_WRITE) != 0) {
        ready.events |= POLLOUT;
    }
    if (ready.fd < 0 || ::poll(&ready, 1, 0) != 1) {
        return;
    }
    int result = 0;
    if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
        (direction & LIBNBD_AIO_DIRECTION_READ) != 0) {
        result = ::nbd_aio_notify_read(handle_.get());
    } else if (ready.revents != 0) {
        result = ::nbd_aio_notify_write(handle_.get());
    }
    if (result != 0) {
        reason_ = last_error();
    }
}

// What has become of the connection.
void Connection::look() {
    if (state_ == State::Gone || socket_.valid()) {
        return;
    }
    if (::nbd_aio_is_dead(handle_.get()) == 1 || ::nbd_aio_is_closed(handle_.get()) == 1) {
        lose(reason_.empty() ? std::string("the server closed the connection") : reason_);
        return;
    }
    const bool is_ready =
        ::nbd_aio_is_ready(handle_.get()) == 1 || ::nbd_aio_is_processing(handle_.get()) == 1;
    if (state_ == State::Connecting && is_ready) {
        read_export();
    }
}

void Connection::read_export() {
    const std::int64_t size = ::nbd_get_size(handle_.get());
    const std::int64_t unit = ::nbd_get_block_size(handle_.get(), LIBNBD_SIZE_MINIMUM);
    if (size < 512) {
        lose(concat("the export has ", size < 0 ? 0 : size, " bytes, the least is 512"));
        return;
    }
    disk_.size = static_cast<std::uint64_t>(size);
    disk_.request_alignment = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(unit, 1, std::int64_t{kAlignmentMax} + 1));
    if (!is_power_of_two(disk_.request_alignment) || disk_.request_alignment > kAlignmentMax) {
        lose(concat("the server takes requests in units of ", unit, " bytes, the most is ",
                    kAlignmentMax));
        return;
    }
    disk_.read_only = ::nbd_is_read_only(handle_.get()) == 1;
    disk_.can_flush = ::nbd_can_flush(handle_.get()) == 1;
    disk_.can_trim = ::nbd_can_trim(handle_.get()) == 1;
    disk_.can_zero = ::nbd_can_zero(handle_.get()) == 1;
    state_ = State::Ready;
}

// A request that was not even sent is told so as others are.
void Connection::sent(std::int64_t cookie, NbdDone& done) {
    if (cookie < 0) {
        const int error = ::nbd_get_errno();
        reason_ = last_error();
        done.on_done(error > 0 ? error : EIO);
    }
    look();
}

}  // namespace

Result<std::unique_ptr<NbdConnection>> NbdConnection::begin(const NbdServer& server) {
    const SocketAddress& address = server.addresses.front();
    Fd socket = SISKIN_TRY(start_connect(address));
    nbd_handle* const handle = ::nbd_create();
    if (handle == nullptr) {
        return fail(concat("could not create an NBD client: ", last_error()));
    }
    auto connection = std::make_unique<Connection>(handle, address, std::move(socket));
    if (::nbd_set_export_name(handle, server.export_name.c_str()) != 0 ||
        ::nbd_set_tls(handle, LIBNBD_TLS_DISABLE) != 0) {
        return fail(concat("could not set up an NBD client: ", last_error()));
    }
    return std::unique_ptr<NbdConnection>(std::move(connection));
}

Result<std::unique_ptr<NbdConnection>> NbdConnection::connect(const NbdServer& server,
                                                              std::chrono::milliseconds patience) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + patience;
    auto connection = SISKIN_TRY(begin(server));
    const std::string where = server.addresses.front().text();
    while (connection->state() == State::Connecting) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd waiting{connection->descriptor(), POLLIN, 0};
        if (connection->wants_to_write()) {
            waiting.events |= POLLOUT;
        }
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
            return fail(concat("NBD server '", where, "' has not answered within ",
                               patience.count(), " ms"));
        }
        connection->on_ready();
    }
    if (connection->state() == State::Gone) {
        const std::string reason = connection->reason();
        return fail(reason.starts_with("Failed to connect")
                        ? reason
                        : concat("NBD server '", where, "': ", reason));
    }
    return connection;
}

}  // namespace siskin
