// SPDX-License-Identifier: Apache-2.0
// AerCapability: advanced error reporting of one function.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "pci/bdf.h"
#include "pci/config_space.h"

namespace siskin {

// Message that a function sends towards the root complex (PCIe 5.0 §2.2.8.3).
enum class ErrorMessage { None, Correctable, NonFatal, Fatal };

// Four dwords of a TLP's header, or of its prefixes.
using TlpWords = std::array<std::uint32_t, 4>;

// What went wrong in a function.
struct AerError {
    std::uint32_t status = 0;  // one bit of the (un)correctable error status register
    bool correctable = false;
    bool advisory = false;  // a non-fatal error that is reported as a correctable one (§6.2.3.2.4)
    std::optional<TlpWords> header = std::nullopt;
    std::optional<TlpWords> prefix = std::nullopt;
};

struct AerOptions {
    bool root_port = false;
    bool multiple_headers = false;  // several errors' headers are kept
    std::uint16_t log_max = 8;      // how many, besides the one in the registers
};

// PCIe 5.0 §7.8.4 and the flow of §6.2.5. Thread: under MachineLock.
class AerCapability {
public:
    static constexpr std::uint16_t kLogMax = 128;

    // Adds the capability; the registers are sticky. `config` outlives this.
    AerCapability(ConfigSpace& config, const AerOptions& options);

    [[nodiscard]] std::uint16_t offset() const { return at_; }

    // Sets status and logs; `express` is the offset of the PCI Express capability. Returns what is
    // to be sent upstream.
    [[nodiscard]] ErrorMessage record(const AerError& error, std::uint16_t express);

    // The guest wrote: where it cleared the first error, the next logged one takes its place.
    void note_write();
    void reset(ResetKind kind);

    // -- root ports --
    // A message arrived from `source`. True: an interrupt is due now.
    [[nodiscard]] bool receive(ErrorMessage message, Bdf source);
    // The level of an interrupt pin: some received message is enabled (§6.2.4.1.2).
    [[nodiscard]] bool interrupt_asserted() const;
    // Tells software which vector the interrupt has.
    void set_message_number(unsigned number);

private:
    struct Logged {
        unsigned bit;
        std::optional<TlpWords> header = std::nullopt;
        std::optional<TlpWords> prefix = std::nullopt;
    };
    [[nodiscard]] ErrorMessage record_correctable(const AerError& error, std::uint16_t express);
    void log(const AerError& error);
    void show(const Logged& entry);
    [[nodiscard]] bool first_error_is_valid() const;
    [[nodiscard]] std::uint16_t root_enabled() const;

    ConfigSpace& config_;
    const AerOptions options_;
    std::uint16_t at_ = 0;
    std::deque<Logged> log_;
};

// The same for a function without AER: Device Status alone, default severities (§6.2.2).
[[nodiscard]] ErrorMessage record_baseline_error(ConfigSpace& config, const AerError& error,
                                                 std::uint16_t express);

}  // namespace siskin
