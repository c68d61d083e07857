// SPDX-License-Identifier: Apache-2.0
// InterruptRelay on the VM loop.
#include "virtio/transport/interrupt_relay.h"

#include <utility>

namespace siskin {
namespace {

class WatchBinding final : public Binding {
public:
    explicit WatchBinding(std::unique_ptr<EventLoop::Watch> watch) : watch_(std::move(watch)) {}

private:
    std::unique_ptr<EventLoop::Watch> watch_;
};

}  // namespace

Result<std::unique_ptr<Binding>> EventLoopInterruptRelay::watch(const EventFd& event,
                                                                std::function<void()> relayed) {
    auto watch =
        SISKIN_TRY(loop_.watch_readable(event.get(), [this, &event, relayed = std::move(relayed)] {
            const MutexLock hold(lock_);
            [[maybe_unused]] const auto count = event.take();
            relayed();
        }));
    return std::unique_ptr<Binding>(std::make_unique<WatchBinding>(std::move(watch)));
}

}  // namespace siskin
