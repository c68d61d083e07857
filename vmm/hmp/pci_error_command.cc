// SPDX-License-Identifier: Apache-2.0
// pcie_aer_inject_error.
#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "vmm/hmp/commands.h"
#include "vmm/hmp/digits.h"

namespace siskin::hmp {
namespace {

// The names that QEMU's monitor knows for the bits of PCIe 5.0 §7.8.4.2 and §7.8.4.5.
struct ErrorName {
    std::string_view name;
    std::uint32_t status;
    bool correctable;
};
constexpr std::array kErrors{
    ErrorName{"DLP", 1U << 4, false},
    ErrorName{"SDN", 1U << 5, false},
    ErrorName{"POISON_TLP", 1U << 12, false},
    ErrorName{"FCP", 1U << 13, false},
    ErrorName{"COMP_TIME", 1U << 14, false},
    ErrorName{"COMP_ABORT", 1U << 15, false},
    ErrorName{"UNX_COMP", 1U << 16, false},
    ErrorName{"RX_OVER", 1U << 17, false},
    ErrorName{"MALF_TLP", 1U << 18, false},
    ErrorName{"ECRC", 1U << 19, false},
    ErrorName{"UNSUP", 1U << 20, false},
    ErrorName{"ACSV", 1U << 21, false},
    ErrorName{"INTN", 1U << 22, false},
    ErrorName{"MCBTLP", 1U << 23, false},
    ErrorName{"ATOP_EBLOCKED", 1U << 24, false},
    ErrorName{"TLP_PRF_BLOCKED", 1U << 25, false},
    ErrorName{"RCVR", 1U << 0, true},
    ErrorName{"BAD_TLP", 1U << 6, true},
    ErrorName{"BAD_DLLP", 1U << 7, true},
    ErrorName{"REP_ROLL", 1U << 8, true},
    ErrorName{"REP_TIMER", 1U << 12, true},
    ErrorName{"ADV_NONFATAL", 1U << 13, true},
    ErrorName{"INTERNAL", 1U << 14, true},
    ErrorName{"HL_OVERFLOW", 1U << 15, true},
};

// By name, or as one bit of that status register.
bool read_status(PciError& error, const std::string& text) {
    const auto* const named = std::find_if(kErrors.begin(), kErrors.end(),
                                           [&](const ErrorName& row) { return row.name == text; });
    if (named != kErrors.end()) {
        error.status = named->status;
        error.correctable = named->correctable;
        return true;
    }
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    const auto number =
        parse_unsigned(is_hex ? std::string_view(text).substr(2) : text, is_hex ? 16 : 10);
    if (!number || *number > std::numeric_limits<std::uint32_t>::max()) {
        return false;
    }
    error.status = static_cast<std::uint32_t>(*number);
    return true;
}

bool is_known_bit(const PciError& error) {
    return std::any_of(kErrors.begin(), kErrors.end(), [&](const ErrorName& row) {
        return row.status == error.status && row.correctable == error.correctable;
    });
}

// Up to four words; missing ones are 0.
Result<std::optional<std::array<std::uint32_t, 4>>> take_words(Call& call, std::string_view name) {
    std::optional<std::array<std::uint32_t, 4>> words;
    for (std::size_t index = 0; index < 4 && !call.arguments.at_end(); ++index) {
        words = words ? words : std::array<std::uint32_t, 4>{};
        words->at(index) = SISKIN_TRY(call.arguments.take_index(name, register_lookup(call)));
    }
    return words;
}

}  // namespace

Result<> run_pcie_aer_inject_error(Call& call) {
    PciError error;
    bool correctable = false;
    for (int option = 0; option < 2; ++option) {
        error.advisory = SISKIN_TRY(call.arguments.take_option('a', "ac")) || error.advisory;
        correctable = SISKIN_TRY(call.arguments.take_option('c', "ac")) || correctable;
    }
    const auto id = SISKIN_TRY(call.arguments.take_word());
    const auto status = SISKIN_TRY(call.arguments.take_word());
    if (!id || !status) {
        return fail("pcie_aer_inject_error: string expected");
    }
    error.header = SISKIN_TRY(take_words(call, "header"));
    error.prefix = SISKIN_TRY(take_words(call, "prefix"));
    SISKIN_TRY(call.arguments.finish());
    error.correctable = correctable;
    if (!read_status(error, *status)) {
        call.out += concat("invalid error status value. \"", printable(*status), "\"\n");
        return {};
    }
    if (!is_known_bit(error)) {
        call.out += "failed to inject error: Invalid argument\n";
        return {};
    }
    const auto place = call.services.backend.inject_pci_error(*id, error);
    if (!place) {
        call.out += concat(place.error().message, '\n');
        return {};
    }
    call.out +=
        concat("OK id: ", *id, " root bus: 0000:", hex_digits(place->root_bus, 2),
               ", bus: ", hex(place->bus).substr(2), " devfn: ", hex(place->device).substr(2), '.',
               hex(place->function).substr(2), '\n');
    return {};
}

}  // namespace siskin::hmp
