// SPDX-License-Identifier: Apache-2.0
// Fuzz target: what a vhost-user back end sends, at the link to it: replies, requests of its own,
// used rings, calls, the end at any moment.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <sys/socket.h>

#include "tests/fuzz/fuzz_input.h"
#include "tests/harness/loop_wake.h"
#include "tests/harness/test_guest.h"
#include "tests/harness/vhost_back_end.h"
#include "virtio/vhost_user/link.h"

namespace siskin {
namespace {

using test::CachedDisk;
using test::LoopWake;
using test::VhostBackEnd;

// Counts what becomes of it: once, and never after that.
class Operation final : public BlockOperation {
public:
    void complete(int) override {
        SISKIN_ASSERT(is_under_way);
        is_under_way = false;
    }
    bool is_under_way = false;
};

class Bench final : public BlockEngineListener {
public:
    explicit Bench(FuzzInput& input) : input_(input) {
        VhostUserLinkOptions options;
        options.name = "chardev 'c0'";
        options.memory = guest_.memory();
        options.queue_size = 8;
        options.vcpu_count = 2;
        options.can_come_back = true;
        link_ = *VhostUserLink::create(options, news_);
        link_->set_listener(this);
    }
    ~Bench() override {
        link_->set_listener(nullptr);
        link_->stop();
        for (const Operation& operation : operations_) {
            SISKIN_ASSERT(!operation.is_under_way);
        }
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void run() {
        connect();
        while (!input_.empty()) {
            step();
            turn();
        }
    }
    void on_availability_changed() override {}

private:
    void connect() {
        std::array<int, 2> ends{};
        SISKIN_ASSERT(
            ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
        VhostBackEnd::Script script;
        // Byte 0: it lies nowhere.
        const auto at = static_cast<unsigned>(input_.take(1));
        script.lie = [this, at](unsigned message, std::string& reply) {
            if (at != 0 && message == at % 16U) {
                reply[input_.pick(reply.size())] = static_cast<char>(input_.take(1));
            }
        };
        script.returns = [this](VhostBackEnd& it, std::uint16_t ring, std::uint16_t head) {
            const std::size_t how = input_.pick(8);
            if (how == 0) {
                it.move_used_index(ring, static_cast<std::uint16_t>(input_.take(2)));
            } else if (how == 1) {
                it.put_used(ring, static_cast<std::uint32_t>(input_.take(4)));
            } else if (how != 2) {
                it.put_used(ring, head);
            }
            it.call(ring);
        };
        back_end_.emplace(Fd(ends[1]), disk_, std::move(script));
        link_->begin(loop_, Fd(ends[0]));
        // As far into the handshake, or past it.
        for (std::size_t turns = input_.pick(64); turns > 0 && !was_lost_; --turns) {
            step_back_end();
        }
    }
    void step() {
        switch (input_.pick(6)) {
            case 0: back_end_->die(); break;
            case 1: {
                const auto request = static_cast<std::uint32_t>(input_.pick(4));
                [[maybe_unused]] const bool sent = back_end_->send_request(request, input_.flip());
                break;
            }
            case 2: link_->hurry(); break;
            default: submit(operations_[input_.pick(operations_.size())]); break;
        }
    }
    void submit(Operation& operation) {
        if (operation.is_under_way || !link_->is_ready()) {
            return;
        }
        operation.is_under_way = true;
        buffer_ = iovec{guest_.span(0x10000, 512).data(), 512};
        switch (input_.pick(4)) {
            case 0: operation.prepare_flush(); break;
            case 1: operation.prepare_write_zeroes(0, 512, true, true); break;
            case 2: operation.prepare_read(0, std::span(&buffer_, 1)); break;
            default: operation.prepare_write(0, std::span(&buffer_, 1), true); break;
        }
        link_->submit(operation);
    }
    void turn() {
        step_back_end();
        step_back_end();
        if (was_lost_) {
            was_lost_ = false;
            for (const Operation& operation : operations_) {
                SISKIN_ASSERT(!operation.is_under_way);
            }
            connect();
        }
    }
    void step_back_end() {
        back_end_->step();
        wake_.wake();
        loop_.run_one_turn();
        was_lost_ = was_lost_ || news_->take().lost.has_value();
    }

    FuzzInput& input_;
    TestGuest guest_;
    IoLoop loop_ = std::move(*IoLoop::create());
    LoopWake wake_{loop_};
    CachedDisk disk_{4096};
    std::shared_ptr<VhostUserNews> news_ =
        std::make_shared<VhostUserNews>(std::move(*EventFd::create()));
    std::shared_ptr<VhostUserLink> link_;
    std::optional<VhostBackEnd> back_end_;
    std::array<Operation, 6> operations_;
    iovec buffer_{};
    bool was_lost_ = false;
};

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::FuzzInput input(data, size);
    siskin::Bench(input).run();
    return 0;
}
