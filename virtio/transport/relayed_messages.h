// SPDX-License-Identifier: Apache-2.0
// RelayedMessages: message-signalled interrupts by way of the VM loop, where irqfd is not wanted.
#pragma once

#include <memory>

#include "base/bus/msi.h"
#include "virtio/transport/interrupt_relay.h"

namespace siskin {

// Keeps the promises of MsiTarget with a thread of ours: a signal of a bound event is relayed to
// the VM loop, which sends the message. Both references outlive this. Thread: under MachineLock.
class RelayedMessages final : public MsiTarget {
public:
    RelayedMessages(MsiTarget& target, InterruptRelay& relay) : target_(target), relay_(relay) {}

    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                        MsiMessage message) override {
        return relay_.watch(event, [&target = target_, message] { target.send(message); });
    }
    void send(MsiMessage message) override { target_.send(message); }

private:
    MsiTarget& target_;
    InterruptRelay& relay_;
};

}  // namespace siskin
