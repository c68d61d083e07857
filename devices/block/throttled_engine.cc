// SPDX-License-Identifier: Apache-2.0
// ThrottledEngine.
#include "devices/block/throttled_engine.h"

#include <chrono>
#include <utility>

#include <unistd.h>

namespace siskin {
namespace {

std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

bool is_write(const BlockOperation& operation) {
    return operation.kind() != BlockOperation::Kind::Read;
}

// One writer.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

Result<std::unique_ptr<ThrottledEngine>> ThrottledEngine::create(
    std::unique_ptr<BlockEngine> inner) {
    Fd timer = SISKIN_TRY(ThrottleMember::create_timer());
    return std::unique_ptr<ThrottledEngine>(
        new ThrottledEngine(std::move(inner), std::move(timer)));
}

ThrottledEngine::~ThrottledEngine() {
    if (group_ != nullptr) {
        group_->leave(member_);
    }
}

void ThrottledEngine::set_group(std::shared_ptr<ThrottleGroup> group) {
    std::array<BlockOperationList, 2> waiting{take_held(false), take_held(true)};
    if (group_ != nullptr) {
        group_->leave(member_);
    }
    group_ = std::move(group);
    if (group_ != nullptr) {
        group_->join(member_);
    }
    for (const bool write : {false, true}) {
        while (BlockOperation* const operation = waiting[write ? 1 : 0].pop()) {
            BlockOperationList& line = held_[write ? 1 : 0];
            if (group_ == nullptr ||
                (line.empty() && group_->admit(member_, write, operation->size_left()))) {
                begin(*operation);
            } else {
                line.push(*operation);
            }
        }
    }
}

Result<> ThrottledEngine::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(member_.timer().get(), *this));
    if (auto attached = inner().attach(loop); !attached) {
        loop.remove(member_.timer().get(), *this);
        return attached;
    }
    return {};
}

void ThrottledEngine::detach(IoLoop& loop) {
    inner().detach(loop);
    loop.remove(member_.timer().get(), *this);
}

void ThrottledEngine::submit(BlockOperation& operation) {
    const bool limited = group_ != nullptr && operation.kind() != BlockOperation::Kind::Flush &&
                         operation.kind() != BlockOperation::Kind::Discard;
    if (!limited) {
        inner().submit(operation);
        return;
    }
    const bool write = is_write(operation);
    BlockOperationList& line = held_[write ? 1 : 0];
    if (line.empty() && group_->admit(member_, write, operation.size_left())) {
        inner().submit(operation);
        return;
    }
    operation.held_since_ns = now_ns();
    line.push(operation);
}

void ThrottledEngine::begin(BlockOperation& operation) {
    add(held_operations_, 1);
    add(held_ns_, now_ns() - operation.held_since_ns);
    inner().submit(operation);
}

void ThrottledEngine::dispatch(bool write) {
    BlockOperationList& line = held_[write ? 1 : 0];
    while (!line.empty() && group_->admit(member_, write, line.front()->size_left())) {
        begin(*line.pop());
    }
}

void ThrottledEngine::on_ready() {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto size =
        ::read(member_.timer().get(), &expirations, sizeof(expirations));
    if (group_ != nullptr) {
        dispatch(false);
        dispatch(true);
    }
}

BlockOperationList ThrottledEngine::take_held(bool is_write) {
    BlockOperationList& line = held_[is_write ? 1 : 0];
    if (!line.empty()) {
        group_->withdraw(member_, is_write);
    }
    return std::exchange(line, BlockOperationList());
}

void ThrottledEngine::release_held() {
    for (const bool write : {false, true}) {
        BlockOperationList waiting = take_held(write);
        while (BlockOperation* const operation = waiting.pop()) {
            group_->account(write, operation->size_left());
            begin(*operation);
        }
    }
    inner().release_held();
}

void ThrottledEngine::hand_back_held() {
    for (const bool write : {false, true}) {
        BlockOperationList waiting = take_held(write);
        while (BlockOperation* const operation = waiting.pop()) {
            add(held_operations_, 1);
            add(held_ns_, now_ns() - operation->held_since_ns);
            operation->unshift();
            operation->complete(kLost);
        }
    }
    inner().hand_back_held();
}

}  // namespace siskin
