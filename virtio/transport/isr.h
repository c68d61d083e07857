// SPDX-License-Identifier: Apache-2.0
// IsrStatus: the ISR byte and the interrupt pin behind it; TransportInterrupt: one cause of either.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/bus/binding.h"
#include "base/bus/io_handler.h"
#include "base/fd.h"
#include "base/result.h"
#include "virtio/interrupt.h"
#include "virtio/transport/interrupt_relay.h"

namespace siskin {

// virtio 1.2 §4.1.4.5: read clears. While MSI-X is enabled it shows changes of the configuration
// alone, and the pin is low. set_bit() belongs to any thread, the rest to any vCPU or the VM loop,
// under MachineLock.
class IsrStatus final : public IoHandler {
public:
    // `set_pin` drives the INTx pin's level.
    IsrStatus(EventFd changed, std::function<void(bool)> set_pin)
        : changed_(std::move(changed)), set_pin_(std::move(set_pin)) {}
    [[nodiscard]] Result<> connect(InterruptRelay& relay);

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess, std::uint64_t) override {}

    // Any thread: remembers the cause and has the pin follow soon.
    void set_bit(std::uint8_t bit);
    // Whether there is a cause. Any thread.
    [[nodiscard]] bool any() const { return bits_.load() != 0; }
    // Causes signal `event` from now on, or the relay's own (null). An I/O thread that is at it may
    // signal the event of before once more, which outlives this; so look at any() afterwards.
    void lead_to(const EventFd* event) { led_to_.store(event != nullptr ? event : &changed_); }
    // Whether the pin may be asserted at all: the device is active and MSI-X is not enabled.
    void set_pin_enabled(bool enabled);
    void clear();
    // Has the pin follow now.
    void update_pin();

private:
    std::atomic<std::uint8_t> bits_{0};
    bool pin_enabled_ = false;
    const EventFd changed_;
    std::atomic<const EventFd*> led_to_{&changed_};
    std::function<void(bool)> set_pin_;
    std::unique_ptr<Binding> relay_;  // goes before the event
};

// One queue's interrupt, or the configuration's. Where it goes is changed under MachineLock, while
// an I/O thread may be signalling: the last signals may still go where it went before.
class TransportInterrupt final : public DriverInterrupt {
public:
    TransportInterrupt(IsrStatus& isr, std::uint8_t isr_bit) : isr_(isr), isr_bit_(isr_bit) {}

    void signal() override;

    // The event outlives this.
    void to_vector(const EventFd& event) { target_.store(&event); }
    void to_pin() { target_.store(&kPin); }
    void to_nowhere() { target_.store(nullptr); }

private:
    static const char kPin;  // an address that means "the pin"

    IsrStatus& isr_;
    const std::uint8_t isr_bit_;
    std::atomic<const void*> target_{nullptr};
};

}  // namespace siskin
