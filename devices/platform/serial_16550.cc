// SPDX-License-Identifier: Apache-2.0
// Serial port (16550A UART). Section numbers are those of the PC16550D data sheet.
#include "devices/platform/serial_16550.h"

#include <algorithm>
#include <utility>

namespace siskin {
namespace {

// Ports, table II.
constexpr std::uint64_t kData = 0;             // receiver and transmitter; divisor low with DLAB
constexpr std::uint64_t kInterruptEnable = 1;  // divisor high with DLAB
constexpr std::uint64_t kInterruptId = 2;      // read; written it is FIFO control
constexpr std::uint64_t kLineControl = 3;
constexpr std::uint64_t kModemControl = 4;
constexpr std::uint64_t kLineStatus = 5;
constexpr std::uint64_t kModemStatus = 6;
constexpr std::uint64_t kScratch = 7;

// Interrupt enable, §8.7.
constexpr unsigned kEnableReceived = 0x01;
constexpr unsigned kEnableTransmitterEmpty = 0x02;
constexpr unsigned kEnableLineStatus = 0x04;
constexpr unsigned kEnableModemStatus = 0x08;
constexpr unsigned kInterruptEnableMask = 0x0f;

// Interrupt identification, table IV, from the highest priority down.
constexpr unsigned kIdLineStatus = 0x06;
constexpr unsigned kIdReceived = 0x04;
constexpr unsigned kIdTimeout = 0x0c;
constexpr unsigned kIdTransmitterEmpty = 0x02;
constexpr unsigned kIdModemStatus = 0x00;
constexpr unsigned kIdNone = 0x01;
constexpr unsigned kIdFifosEnabled = 0xc0;

// FIFO control, §8.5.
constexpr unsigned kFifoEnable = 0x01;
constexpr unsigned kFifoClearReceiver = 0x02;
constexpr unsigned kFifoStored =
    0xc9;  // enable, DMA mode, trigger; the clear bits clear themselves
constexpr unsigned kFifoTriggerShift = 6;
constexpr std::array<std::size_t, 4> kTriggerLevels{1, 4, 8, 14};

constexpr unsigned kDivisorLatchAccess = 0x80;  // line control, §8.1

// Modem control, §8.8.
constexpr unsigned kModemLoopback = 0x10;
constexpr unsigned kModemControlMask = 0x1f;

// Line status, §8.4.
constexpr unsigned kDataReady = 0x01;
constexpr unsigned kOverrun = 0x02;
constexpr unsigned kTransmitterEmpty = 0x60;  // THRE and TEMT: characters leave at once

// Modem status, §8.9: four changes below the four lines.
constexpr unsigned kRingTrailingEdge = 0x04;
constexpr unsigned kModemChanges = 0x0f;
constexpr unsigned kClearToSend = 0x10;
constexpr unsigned kDataSetReady = 0x20;
constexpr unsigned kRing = 0x40;
constexpr unsigned kCarrier = 0x80;

// 9600 baud, where firmware leaves it; the data sheet leaves the latch undefined at reset.
constexpr std::uint16_t kDivisorAtReset = 12;

constexpr std::uint8_t byte(unsigned value) {
    return static_cast<std::uint8_t>(value);
}

}  // namespace

Serial16550::Serial16550(IrqLine& irq) : irq_(irq) {
    reset();
}

Serial16550::~Serial16550() {
    if (chardev_ != nullptr) {
        chardev_->detach();
    }
}

Result<> Serial16550::connect(Chardev& chardev) {
    SISKIN_TRY(chardev.attach(*this));
    chardev_ = &chardev;
    // A line that was there from the start is no change of a modem line.
    modem_status_ = byte((modem_status_ & kModemChanges) | modem_lines());
    return {};
}

void Serial16550::reset() {
    clear_receiver();
    last_received_ = 0;
    divisor_ = kDivisorAtReset;
    interrupt_enable_ = 0;
    fifo_control_ = 0;
    line_control_ = 0;
    modem_control_ = 0;
    scratch_ = 0;
    transmitter_empty_pending_ = false;
    modem_status_ = modem_lines();
    update_irq();
    invite_input();
}

std::uint8_t Serial16550::read_byte(std::uint64_t offset) {
    const bool divisor = (line_control_ & kDivisorLatchAccess) != 0;
    switch (offset) {
        case kData: return divisor ? byte(divisor_ & 0xffU) : read_receiver();
        case kInterruptEnable: return divisor ? byte(divisor_ >> 8U) : interrupt_enable_;
        case kInterruptId: return read_interrupt_id();
        case kLineControl: return line_control_;
        case kModemControl: return modem_control_;
        case kLineStatus: return read_line_status();
        case kModemStatus: return read_modem_status();
        case kScratch: return scratch_;
        default: return 0xff;
    }
}

void Serial16550::write_byte(std::uint64_t offset, std::uint8_t value) {
    const bool divisor = (line_control_ & kDivisorLatchAccess) != 0;
    switch (offset) {
        case kData:
            if (divisor) {
                divisor_ = static_cast<std::uint16_t>((divisor_ & 0xff00U) | value);
            } else {
                transmit(value);
            }
            break;
        case kInterruptEnable:
            if (divisor) {
                divisor_ = static_cast<std::uint16_t>((divisor_ & 0x00ffU) | unsigned{value} << 8U);
            } else {
                write_interrupt_enable(value);
            }
            break;
        case kInterruptId: write_fifo_control(value); break;
        case kLineControl: line_control_ = value; break;
        case kModemControl: write_modem_control(value); break;
        case kScratch: scratch_ = value; break;
        default: break;  // line and modem status are read-only outside factory tests (§8.4)
    }
}

std::size_t Serial16550::can_receive() const {
    // §8.8: in loopback the input pin is disconnected.
    return loopback() ? 0 : capacity() - fifo_count_;
}

void Serial16550::receive(std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t received : bytes.first(std::min(bytes.size(), can_receive()))) {
        put(received);
    }
    update_irq();
}

std::uint8_t Serial16550::read_receiver() {
    if (fifo_count_ == 0) {
        return last_received_;
    }
    last_received_ = fifo_.at(fifo_first_);
    fifo_first_ = (fifo_first_ + 1) % kFifoSize;
    --fifo_count_;
    // §8.10: reading resets the time-out interrupt. It comes again at once if bytes are left, as an
    // edge of its own: the interrupt controller may be edge-triggered.
    if (irq_asserted_ && fifo_count_ < trigger_level()) {
        irq_.set(false);
        irq_asserted_ = false;
    }
    update_irq();
    invite_input();
    return last_received_;
}

std::uint8_t Serial16550::read_interrupt_id() {
    const unsigned id = interrupt_id();
    if (id == kIdTransmitterEmpty) {
        transmitter_empty_pending_ = false;  // table IV: reading the identification resets it
        update_irq();
    }
    return byte(id | (fifo_enabled() ? kIdFifosEnabled : 0U));
}

std::uint8_t Serial16550::read_line_status() {
    const unsigned status =
        kTransmitterEmpty | (fifo_count_ != 0 ? kDataReady : 0U) | (overrun_ ? kOverrun : 0U);
    overrun_ = false;
    update_irq();
    return byte(status);
}

std::uint8_t Serial16550::read_modem_status() {
    const std::uint8_t status = modem_status_;
    modem_status_ = byte(modem_status_ & ~kModemChanges);
    update_irq();
    return status;
}

void Serial16550::transmit(std::uint8_t value) {
    // Table IV: writing resets the interrupt; it comes back as the character leaves, as an edge.
    transmitter_empty_pending_ = false;
    update_irq();
    if (loopback()) {
        put(value);
    } else if (chardev_ != nullptr) {
        chardev_->write(std::span(&value, 1));
    }
    transmitter_empty_pending_ = true;
    update_irq();
}

void Serial16550::write_interrupt_enable(std::uint8_t value) {
    const unsigned before = interrupt_enable_;
    interrupt_enable_ = byte(value & kInterruptEnableMask);
    // The transmitter is always empty, so enabling its interrupt raises it (§8.7).
    if ((interrupt_enable_ & ~before & kEnableTransmitterEmpty) != 0) {
        transmitter_empty_pending_ = true;
    }
    update_irq();
}

void Serial16550::write_fifo_control(std::uint8_t value) {
    const bool was_enabled = fifo_enabled();
    const bool enable = (value & kFifoEnable) != 0;
    // §8.5: the other bits are programmed only with bit 0; a change of it clears the FIFOs.
    if (was_enabled != enable || (enable && (value & kFifoClearReceiver) != 0)) {
        clear_receiver();
    }
    fifo_control_ = enable ? byte(value & kFifoStored) : std::uint8_t{0};
    update_irq();
    invite_input();
}

void Serial16550::write_modem_control(std::uint8_t value) {
    modem_control_ = byte(value & kModemControlMask);
    update_modem_lines();
    update_irq();
    invite_input();
}

bool Serial16550::fifo_enabled() const {
    return (fifo_control_ & kFifoEnable) != 0;
}

bool Serial16550::loopback() const {
    return (modem_control_ & kModemLoopback) != 0;
}

std::size_t Serial16550::trigger_level() const {
    return fifo_enabled() ? kTriggerLevels.at(fifo_control_ >> kFifoTriggerShift) : 1;
}

// The upper half of the modem status. §8.8: in loopback DTR, RTS, OUT1 and OUT2 are looped to DSR,
// CTS, RI and DCD.
std::uint8_t Serial16550::modem_lines() const {
    if (!loopback()) {
        return chardev_ != nullptr ? byte(kCarrier | kDataSetReady | kClearToSend)
                                   : std::uint8_t{0};
    }
    const unsigned control = modem_control_;
    return byte((control & 0x01U ? kDataSetReady : 0U) | (control & 0x02U ? kClearToSend : 0U) |
                (control & 0x04U ? kRing : 0U) | (control & 0x08U ? kCarrier : 0U));
}

// Table IV.
std::uint8_t Serial16550::interrupt_id() const {
    const unsigned enabled = interrupt_enable_;
    if ((enabled & kEnableLineStatus) != 0 && overrun_) {
        return kIdLineStatus;
    }
    if ((enabled & kEnableReceived) != 0 && fifo_count_ != 0) {
        return fifo_count_ >= trigger_level() ? kIdReceived : kIdTimeout;
    }
    if ((enabled & kEnableTransmitterEmpty) != 0 && transmitter_empty_pending_) {
        return kIdTransmitterEmpty;
    }
    if ((enabled & kEnableModemStatus) != 0 && (modem_status_ & kModemChanges) != 0) {
        return kIdModemStatus;
    }
    return kIdNone;
}

void Serial16550::put(std::uint8_t value) {
    if (fifo_count_ == capacity()) {
        // §8.4: in FIFO mode the FIFO stays and the new character is lost; without, it overwrites.
        overrun_ = true;
        if (!fifo_enabled()) {
            fifo_.at(fifo_first_) = value;
        }
        return;
    }
    fifo_.at((fifo_first_ + fifo_count_) % kFifoSize) = value;
    ++fifo_count_;
}

void Serial16550::clear_receiver() {
    fifo_first_ = 0;
    fifo_count_ = 0;
    overrun_ = false;
}

// §8.9: a change of CTS, DSR or DCD, and the trailing edge of RI, is noted until it is read.
void Serial16550::update_modem_lines() {
    const unsigned before = modem_status_ & ~kModemChanges;
    const unsigned lines = modem_lines();
    const unsigned changed = ((before ^ lines) >> 4U) & ~kRingTrailingEdge;
    const unsigned ring_ended = (before & ~lines & kRing) != 0 ? kRingTrailingEdge : 0U;
    modem_status_ = byte((modem_status_ & kModemChanges) | lines | changed | ring_ended);
}

void Serial16550::update_irq() {
    const bool asserted = interrupt_id() != kIdNone;
    if (asserted != irq_asserted_) {
        irq_asserted_ = asserted;
        irq_.set(asserted);
    }
}

void Serial16550::invite_input() {
    if (chardev_ != nullptr && can_receive() != 0) {
        chardev_->accept_input();
    }
}

}  // namespace siskin
