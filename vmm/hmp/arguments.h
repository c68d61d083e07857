// SPDX-License-Identifier: Apache-2.0
// Arguments: what follows a command's name, taken piece by piece.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vmm/hmp/expression.h"
#include "vmm/hmp/memory_format.h"

namespace siskin::hmp {

// Errors of these functions are of syntax, in QEMU's words.
class Arguments {
public:
    // `name` as help shows it, "stop|s".
    Arguments(std::string name, std::string_view text);

    // Whether nothing is left.
    [[nodiscard]] bool at_end();
    // Takes "-v", if it comes next. An error when another option does: `allowed` has all letters.
    [[nodiscard]] Result<bool> take_option(char letter, std::string_view allowed);
    // The next word; nothing at the end. In quotes it may hold white space.
    [[nodiscard]] Result<std::optional<std::string>> take_word();
    // The next word, which has to be there; `kind` says what it is.
    [[nodiscard]] Result<std::string> take_text(std::string_view kind = "string");
    // All that is left, with its white space; empty at the end.
    [[nodiscard]] std::string take_rest();
    [[nodiscard]] Result<MemoryFormat> take_format(FormatDefaults& defaults);
    [[nodiscard]] Result<std::uint64_t> take_number(const RegisterLookup& registers);
    // A number that has to fit 32 bits; `argument` names it.
    [[nodiscard]] Result<std::uint32_t> take_index(std::string_view argument,
                                                   const RegisterLookup& registers);
    // The end is here.
    [[nodiscard]] Result<> finish();

private:
    void skip_space();

    std::string name_;
    std::string_view text_;
};

}  // namespace siskin::hmp
