// SPDX-License-Identifier: Apache-2.0
// Keyboard controller without devices.
#include "devices/platform/i8042.h"

namespace siskin {
namespace {

constexpr std::uint64_t kData = 0;
constexpr std::uint64_t kCommand = 4;

// Status register.
constexpr std::uint8_t kOutputFull = 0x01;
constexpr std::uint8_t kSystemFlag = 0x04;
constexpr std::uint8_t kCommandLast = 0x08;
constexpr std::uint8_t kNotLocked = 0x10;
constexpr std::uint8_t kTimeout = 0x40;

// Commands.
constexpr std::uint8_t kReadConfig = 0x20;
constexpr std::uint8_t kWriteConfig = 0x60;
constexpr std::uint8_t kDisableMouse = 0xa7;
constexpr std::uint8_t kEnableMouse = 0xa8;
constexpr std::uint8_t kTestMouse = 0xa9;
constexpr std::uint8_t kSelfTest = 0xaa;
constexpr std::uint8_t kTestKeyboard = 0xab;
constexpr std::uint8_t kDisableKeyboard = 0xad;
constexpr std::uint8_t kEnableKeyboard = 0xae;
constexpr std::uint8_t kReadOutputPort = 0xd0;
constexpr std::uint8_t kWriteOutputPort = 0xd1;
constexpr std::uint8_t kKeyboardLoop = 0xd2;
constexpr std::uint8_t kMouseLoop = 0xd3;
constexpr std::uint8_t kToMouse = 0xd4;
constexpr std::uint8_t kCloseA20 = 0xdd;
constexpr std::uint8_t kOpenA20 = 0xdf;
constexpr std::uint8_t kPulse = 0xf0;  // to 0xff: clear bits pulse an output pin

constexpr std::uint8_t kSelfTestPassed = 0x55;
constexpr std::uint8_t kClockStuck = 0x02;  // interface test: nothing answers there
constexpr std::uint8_t kResend = 0xfe;
constexpr std::uint8_t kConfigSystemFlag = 0x04;
constexpr std::uint8_t kConfigKeyboardOff = 0x10;
constexpr std::uint8_t kConfigMouseOff = 0x20;

constexpr std::uint8_t with(std::uint8_t value, std::uint8_t bits, bool on) {
    return static_cast<std::uint8_t>(on ? value | bits : value & ~bits);
}

}  // namespace

void I8042::reset() {
    output_ = 0;
    output_status_ = 0;
    waiting_ = 0;
    config_ = kConfigAtReset;
    output_port_ = kOutputAtReset;
    self_tested_ = false;
    last_was_command_ = false;
}

std::uint8_t I8042::read_byte(std::uint64_t offset) {
    if (offset == kData) {
        output_status_ = 0;
        return output_;
    }
    if (offset == kCommand) {
        // The input buffer is never full: commands are done at once.
        return static_cast<std::uint8_t>(kNotLocked | output_status_ |
                                         (self_tested_ ? kSystemFlag : 0) |
                                         (last_was_command_ ? kCommandLast : 0));
    }
    return 0xff;
}

void I8042::write_byte(std::uint64_t offset, std::uint8_t value) {
    if (offset == kCommand) {
        last_was_command_ = true;
        command(value);
    } else if (offset == kData) {
        last_was_command_ = false;
        data(value);
    }
}

void I8042::command(std::uint8_t value) {
    waiting_ = 0;
    switch (value) {
        case kReadConfig: answer(config_); break;
        case kReadOutputPort: answer(output_port_); break;
        case kWriteConfig:
        case kWriteOutputPort:
        case kKeyboardLoop:
        case kMouseLoop:
        case kToMouse: waiting_ = value; break;
        case kSelfTest:
            self_tested_ = true;
            config_ = with(config_, kConfigSystemFlag, true);
            answer(kSelfTestPassed);
            break;
        case kTestKeyboard:
        case kTestMouse: answer(kClockStuck); break;
        case kDisableKeyboard: config_ = with(config_, kConfigKeyboardOff, true); break;
        case kEnableKeyboard: config_ = with(config_, kConfigKeyboardOff, false); break;
        case kDisableMouse: config_ = with(config_, kConfigMouseOff, true); break;
        case kEnableMouse: config_ = with(config_, kConfigMouseOff, false); break;
        case kCloseA20: output_port_ = with(output_port_, kOutputA20, false); break;
        case kOpenA20: output_port_ = with(output_port_, kOutputA20, true); break;
        default:
            // Output pin 0 is the processor's reset, active low.
            if (value >= kPulse && (value & kOutputNoReset) == 0) {
                requests_.request_reset();
            }
            break;
    }
}

void I8042::data(std::uint8_t value) {
    const std::uint8_t parameter_of = waiting_;
    waiting_ = 0;
    switch (parameter_of) {
        case kWriteConfig:
            config_ = value;
            self_tested_ = (value & kConfigSystemFlag) != 0;
            break;
        case kWriteOutputPort: write_output_port(value); break;
        case kKeyboardLoop: answer(value); break;
        case kMouseLoop: answer(0); break;          // not marked as the mouse's: there is none
        default: answer(kResend, kTimeout); break;  // for a keyboard or mouse that is not there
    }
}

void I8042::answer(std::uint8_t value, std::uint8_t status) {
    output_ = value;
    output_status_ = static_cast<std::uint8_t>(kOutputFull | status);
}

void I8042::write_output_port(std::uint8_t value) {
    output_port_ = static_cast<std::uint8_t>(value | kOutputNoReset);
    if ((value & kOutputNoReset) == 0) {
        requests_.request_reset();
    }
}

}  // namespace siskin
