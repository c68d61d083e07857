// SPDX-License-Identifier: Apache-2.0
// AerCapability.
#include "pci/aer.h"

#include <algorithm>

namespace siskin {

using namespace pci_spec;

namespace {

// PCIe 5.0 §7.8.4, figure 7-123.
constexpr unsigned kSize = 0x48;
constexpr unsigned kUncorrectableStatus = 0x04;
constexpr unsigned kUncorrectableMask = 0x08;
constexpr unsigned kUncorrectableSeverity = 0x0c;
constexpr unsigned kCorrectableStatus = 0x10;
constexpr unsigned kCorrectableMask = 0x14;
constexpr unsigned kControl = 0x18;
constexpr unsigned kHeaderLog = 0x1c;
constexpr unsigned kRootCommand = 0x2c;
constexpr unsigned kRootStatus = 0x30;
constexpr unsigned kErrorSource = 0x34;
constexpr unsigned kPrefixLog = 0x38;

constexpr std::uint32_t kUncorrectableBits = 0x03fff030;
constexpr std::uint32_t kSeverityDefault = 0x00462030;
constexpr std::uint32_t kUnsupportedRequest = 1U << 20;
constexpr std::uint32_t kCorrectableBits = 0x0000f1c1;
constexpr std::uint32_t kCorrectableMaskDefault = 0x0000e000;
constexpr std::uint32_t kAdvisoryNonFatal = 1U << 13;
constexpr std::uint32_t kHeaderLogOverflow = 1U << 15;

// Advanced Error Capabilities and Control, §7.8.4.7.
constexpr std::uint32_t kFirstErrorMask = 0x1f;
constexpr std::uint32_t kEcrcGenerationCapable = 1U << 5;
constexpr std::uint32_t kEcrcGenerationEnable = 1U << 6;
constexpr std::uint32_t kEcrcCheckCapable = 1U << 7;
constexpr std::uint32_t kEcrcCheckEnable = 1U << 8;
constexpr std::uint32_t kMultipleHeaderCapable = 1U << 9;
constexpr std::uint32_t kMultipleHeaderEnable = 1U << 10;
constexpr std::uint32_t kPrefixLogPresent = 1U << 11;

// Root Error Status, §7.8.4.10, and the enables of Root Error Command, §7.8.4.9.
constexpr std::uint32_t kRootCorrectable = 1U << 0;
constexpr std::uint32_t kRootManyCorrectable = 1U << 1;
constexpr std::uint32_t kRootUncorrectable = 1U << 2;
constexpr std::uint32_t kRootManyUncorrectable = 1U << 3;
constexpr std::uint32_t kRootFirstFatal = 1U << 4;
constexpr std::uint32_t kRootNonFatal = 1U << 5;
constexpr std::uint32_t kRootFatal = 1U << 6;
constexpr std::uint32_t kRootStatusBits = 0x7f;
constexpr unsigned kRootMessageShift = 27;
constexpr std::uint16_t kEnableCorrectable = 1U << 0;
constexpr std::uint16_t kEnableNonFatal = 1U << 1;
constexpr std::uint16_t kEnableFatal = 1U << 2;

constexpr std::uint16_t kDetectedCorrectable = 1U << 0;
constexpr std::uint16_t kDetectedNonFatal = 1U << 1;
constexpr std::uint16_t kDetectedFatal = 1U << 2;
constexpr std::uint16_t kDetectedUnsupported = 1U << 3;

unsigned bit_number(std::uint32_t status) {
    unsigned bit = 0;
    while (bit < 31 && (status >> bit & 1) == 0) {
        ++bit;
    }
    return bit;
}

}  // namespace

AerCapability::AerCapability(ConfigSpace& config, const AerOptions& options)
    : config_(config), options_(options) {
    at_ = config.add_extended_capability(kExtendedAer, 2, kSize);
    RegisterBlock& registers = config.registers();
    registers.set_write_1_to_clear(at_ + kUncorrectableStatus, 4, kUncorrectableBits);
    registers.set_writable(at_ + kUncorrectableMask, 4, kUncorrectableBits);
    config.set32(at_ + kUncorrectableSeverity, kSeverityDefault);
    registers.set_writable(at_ + kUncorrectableSeverity, 4, kUncorrectableBits);
    registers.set_write_1_to_clear(at_ + kCorrectableStatus, 4, kCorrectableBits);
    config.set32(at_ + kCorrectableMask, kCorrectableMaskDefault);
    registers.set_writable(at_ + kCorrectableMask, 4, kCorrectableBits);
    config.set32(at_ + kControl, kEcrcGenerationCapable | kEcrcCheckCapable |
                                     (options.multiple_headers ? kMultipleHeaderCapable : 0));
    registers.set_writable(at_ + kControl, 4,
                           kEcrcGenerationEnable | kEcrcCheckEnable |
                               (options.multiple_headers ? kMultipleHeaderEnable : 0));
    if (options.root_port) {
        registers.set_writable(at_ + kRootCommand, 4,
                               kEnableCorrectable | kEnableNonFatal | kEnableFatal);
        registers.set_write_1_to_clear(at_ + kRootStatus, 4, kRootStatusBits);
    }
    config.make_sticky(at_, kSize);
}

ErrorMessage AerCapability::record(const AerError& error, std::uint16_t express) {
    if (error.correctable) {
        return record_correctable(error, express);
    }
    const auto detected = [&](std::uint16_t bits) {
        const bool unsupported = error.status == kUnsupportedRequest;
        const auto all =
            static_cast<std::uint16_t>(bits | (unsupported ? kDetectedUnsupported : 0));
        config_.update16(express + kExpressDeviceStatus, all, all);
    };
    const bool fatal = (config_.get32(at_ + kUncorrectableSeverity) & error.status) != 0;
    const bool masked = (config_.get32(at_ + kUncorrectableMask) & error.status) != 0;
    const unsigned control = config_.get16(express + kExpressDeviceControl);
    const auto note = [&] {
        if (!masked) {
            log(error);
        }
        config_.set32(at_ + kUncorrectableStatus,
                      config_.get32(at_ + kUncorrectableStatus) | error.status);
    };
    if (error.advisory && !fatal) {
        // §6.2.3.2.4: told as a correctable error.
        detected(kDetectedCorrectable);
        config_.set32(at_ + kCorrectableStatus,
                      config_.get32(at_ + kCorrectableStatus) | kAdvisoryNonFatal);
        if ((config_.get32(at_ + kCorrectableMask) & kAdvisoryNonFatal) != 0) {
            return ErrorMessage::None;
        }
        note();
        return (control & kExpressReportCorrectable) != 0 ? ErrorMessage::Correctable
                                                          : ErrorMessage::None;
    }
    detected(fatal ? kDetectedFatal : kDetectedNonFatal);
    note();
    if (masked) {
        return ErrorMessage::None;
    }
    // §6.2.6: either enable is enough; an unsupported request needs its own besides.
    const bool system_error = (config_.get16(kCommand) & kCommandSerr) != 0;
    const unsigned enable = fatal ? kExpressReportFatal : kExpressReportNonFatal;
    const bool unsupported_off =
        error.status == kUnsupportedRequest && (control & kExpressReportUnsupported) == 0;
    if (!system_error && ((control & enable) == 0 || unsupported_off)) {
        return ErrorMessage::None;
    }
    if (system_error) {
        config_.update16(kStatus, kStatusSystemError, kStatusSystemError);
    }
    return fatal ? ErrorMessage::Fatal : ErrorMessage::NonFatal;
}

ErrorMessage AerCapability::record_correctable(const AerError& error, std::uint16_t express) {
    config_.update16(express + kExpressDeviceStatus, kDetectedCorrectable, kDetectedCorrectable);
    config_.set32(at_ + kCorrectableStatus, config_.get32(at_ + kCorrectableStatus) | error.status);
    const bool masked = (config_.get32(at_ + kCorrectableMask) & error.status) != 0;
    const unsigned control = config_.get16(express + kExpressDeviceControl);
    return masked || (control & kExpressReportCorrectable) == 0 ? ErrorMessage::None
                                                                : ErrorMessage::Correctable;
}

// §6.2.4.2: the first error is in the registers until software clears its status bit; the headers
// of later ones are kept where that is enabled.
void AerCapability::log(const AerError& error) {
    const Logged entry{bit_number(error.status), error.header, error.prefix};
    if (!first_error_is_valid()) {
        show(entry);
        return;
    }
    if ((config_.get32(at_ + kControl) & kMultipleHeaderEnable) == 0) {
        return;
    }
    if (log_.size() >= std::min(options_.log_max, kLogMax)) {
        config_.set32(at_ + kCorrectableStatus,
                      config_.get32(at_ + kCorrectableStatus) | kHeaderLogOverflow);
        return;
    }
    log_.push_back(entry);
}

void AerCapability::show(const Logged& entry) {
    const std::uint32_t control =
        config_.get32(at_ + kControl) & ~(kFirstErrorMask | kPrefixLogPresent);
    config_.set32(at_ + kControl, control | entry.bit | (entry.prefix ? kPrefixLogPresent : 0));
    const TlpWords header = entry.header.value_or(TlpWords{});
    const TlpWords prefix = entry.prefix.value_or(TlpWords{});
    for (unsigned word = 0; word < header.size(); ++word) {
        config_.set32(at_ + kHeaderLog + word * 4, header.at(word));
        config_.set32(at_ + kPrefixLog + word * 4, prefix.at(word));
    }
}

bool AerCapability::first_error_is_valid() const {
    const unsigned bit = config_.get32(at_ + kControl) & kFirstErrorMask;
    return (config_.get32(at_ + kUncorrectableStatus) >> bit & 1) != 0;
}

void AerCapability::note_write() {
    while (!first_error_is_valid() && !log_.empty()) {
        const Logged next = log_.front();
        log_.pop_front();
        // An error of the same kind as one just cleared is a new one.
        config_.set32(at_ + kUncorrectableStatus,
                      config_.get32(at_ + kUncorrectableStatus) | std::uint32_t{1} << next.bit);
        show(next);
    }
}

void AerCapability::reset(ResetKind kind) {
    if (kind == ResetKind::PowerOn) {
        log_.clear();
    }
}

bool AerCapability::receive(ErrorMessage message, Bdf source) {
    std::uint32_t status = config_.get32(at_ + kRootStatus);
    const auto id = static_cast<std::uint32_t>(source.bus << 8 | source.devfn.value());
    const std::uint32_t sources = config_.get32(at_ + kErrorSource);
    const bool asserted_before = interrupt_asserted();
    std::uint16_t enable = 0;
    if (message == ErrorMessage::Correctable) {
        enable = kEnableCorrectable;
        if ((status & kRootCorrectable) != 0) {
            status |= kRootManyCorrectable;
        } else {
            config_.set32(at_ + kErrorSource, (sources & 0xffff0000) | id);
        }
        status |= kRootCorrectable;
    } else {
        const bool fatal = message == ErrorMessage::Fatal;
        enable = fatal ? kEnableFatal : kEnableNonFatal;
        if ((status & kRootUncorrectable) != 0) {
            status |= kRootManyUncorrectable;
        } else {
            config_.set32(at_ + kErrorSource, (sources & 0xffff) | id << 16);
            status |= fatal ? kRootFirstFatal : 0;
        }
        status |= kRootUncorrectable | (fatal ? kRootFatal : kRootNonFatal);
    }
    config_.set32(at_ + kRootStatus, status);
    return !asserted_before && (root_enabled() & enable) != 0;
}

bool AerCapability::interrupt_asserted() const {
    const std::uint32_t status = config_.get32(at_ + kRootStatus);
    const unsigned enabled = root_enabled();
    return options_.root_port &&
           (((enabled & kEnableCorrectable) != 0 && (status & kRootCorrectable) != 0) ||
            ((enabled & kEnableNonFatal) != 0 && (status & kRootNonFatal) != 0) ||
            ((enabled & kEnableFatal) != 0 && (status & kRootFatal) != 0));
}

void AerCapability::set_message_number(unsigned number) {
    const std::uint32_t status = config_.get32(at_ + kRootStatus);
    config_.set32(at_ + kRootStatus,
                  (status & kRootStatusBits) | std::uint32_t{number} << kRootMessageShift);
}

std::uint16_t AerCapability::root_enabled() const {
    return config_.get16(at_ + kRootCommand);
}

ErrorMessage record_baseline_error(ConfigSpace& config, const AerError& error,
                                   std::uint16_t express) {
    const bool fatal = !error.correctable && (kSeverityDefault & error.status) != 0;
    const unsigned control = config.get16(express + kExpressDeviceControl);
    const auto told = [&](std::uint16_t detected, unsigned enable, ErrorMessage message) {
        config.update16(express + kExpressDeviceStatus, detected, detected);
        return (control & enable) != 0 ? message : ErrorMessage::None;
    };
    if (error.correctable || (error.advisory && !fatal)) {
        return told(kDetectedCorrectable, kExpressReportCorrectable, ErrorMessage::Correctable);
    }
    return fatal ? told(kDetectedFatal, kExpressReportFatal, ErrorMessage::Fatal)
                 : told(kDetectedNonFatal, kExpressReportNonFatal, ErrorMessage::NonFatal);
}

}  // namespace siskin
