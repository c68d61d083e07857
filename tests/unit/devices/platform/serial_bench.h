// SPDX-License-Identifier: Apache-2.0
// What the tests of the serial port share, and a second, smaller model to compare it with.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <deque>
#include <string>

#include "devices/platform/serial_16550.h"
#include "tests/unit/devices/platform/platform_bench.h"

namespace siskin::test {

// Ports.
inline constexpr unsigned kData = 0;
inline constexpr unsigned kEnable = 1;
inline constexpr unsigned kId = 2;
inline constexpr unsigned kFifo = 2;
inline constexpr unsigned kLine = 3;
inline constexpr unsigned kModem = 4;
inline constexpr unsigned kLineStatus = 5;
inline constexpr unsigned kModemStatus = 6;
inline constexpr unsigned kScratch = 7;
inline constexpr unsigned kNothingPending = 0x01;

struct SerialBench {
    SerialBench() { REQUIRE(serial.connect(chardev).has_value()); }

    FakeIrq irq;
    FakeChardev chardev;
    Serial16550 serial{irq};
};

inline std::string read_all(Serial16550& serial) {
    std::string text;
    while ((in8(serial, kLineStatus) & 0x01) != 0) {
        text += static_cast<char>(in8(serial, kData));
    }
    return text;
}

// The data sheet once more, without any care for speed: state, and each register from it.
struct SerialModel {
    std::deque<unsigned> receiver;
    std::string sent;
    unsigned last = 0, divisor = 12, ier = 0, fcr = 0, lcr = 0, mcr = 0, delta = 0, scr = 0;
    bool overrun = false, empty_event = false;

    bool dlab() const { return lcr & 0x80; }
    bool loop() const { return mcr & 0x10; }
    bool fifo() const { return fcr & 1; }
    std::size_t room() const { return loop() ? 0 : (fifo() ? 16 : 1) - receiver.size(); }
    unsigned lines() const {
        return !loop() ? 0xb0 : (mcr & 1) << 5 | (mcr & 2) << 3 | (mcr & 4) << 4 | (mcr & 8) << 4;
    }
    unsigned id() const {
        const unsigned level = fifo() ? std::array{1U, 4U, 8U, 14U}[fcr >> 6] : 1U;
        if ((ier & 4) && overrun)
            return 6;
        if ((ier & 1) && !receiver.empty())
            return receiver.size() >= level ? 4 : 12;
        if ((ier & 2) && empty_event)
            return 2;
        if ((ier & 8) && delta)
            return 0;
        return 1;
    }
    void receive(unsigned byte) {
        if (receiver.size() < (fifo() ? 16U : 1U)) {
            receiver.push_back(byte);
            return;
        }
        overrun = true;
        if (!fifo())
            receiver.back() = byte;
    }
    unsigned read(unsigned port) {
        if (port == 0 && dlab())
            return divisor & 0xff;
        if (port == 0) {
            if (!receiver.empty()) {
                last = receiver.front();
                receiver.pop_front();
            }
            return last;
        }
        if (port == 1)
            return dlab() ? divisor >> 8 : ier;
        if (port == 2) {
            const unsigned now = id();
            if (now == 2)
                empty_event = false;
            return now | (fifo() ? 0xc0 : 0);
        }
        if (port == 3)
            return lcr;
        if (port == 4)
            return mcr;
        if (port == 5) {
            const unsigned now = 0x60U | (overrun ? 2U : 0U) | (receiver.empty() ? 0U : 1U);
            overrun = false;
            return now;
        }
        if (port == 6) {
            const unsigned now = lines() | delta;
            delta = 0;
            return now;
        }
        return scr;
    }
    void write(unsigned port, unsigned byte) {
        if (port == 0 && dlab()) {
            divisor = (divisor & 0xff00) | byte;
        } else if (port == 0) {
            if (loop()) {
                receive(byte);
            } else {
                sent += static_cast<char>(byte);
            }
            empty_event = true;
        } else if (port == 1 && dlab()) {
            divisor = (divisor & 0xff) | byte << 8;
        } else if (port == 1) {
            if (!(ier & 2) && (byte & 2))
                empty_event = true;
            ier = byte & 15;
        } else if (port == 2) {
            if ((byte & 1) != (fcr & 1) || (byte & 3) == 3) {
                receiver.clear();
                overrun = false;
            }
            fcr = byte & 1 ? byte & 0xc9 : 0;
        } else if (port == 3) {
            lcr = byte;
        } else if (port == 4) {
            const unsigned before = lines();
            mcr = byte & 0x1f;
            const unsigned change = before ^ lines();
            delta |= (change & 0xb0) >> 4 | (before & ~lines() & 0x40) >> 4;
        } else if (port == 7) {
            scr = byte;
        }
    }
};

}  // namespace siskin::test
