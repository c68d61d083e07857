// SPDX-License-Identifier: Apache-2.0
// C strings without a C library: comparison and the words of the guest's command line.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
void* memcpy(void* to, const void* from, std::size_t size);
void* memset(void* to, int byte, std::size_t size);
void* memmove(void* to, const void* from, std::size_t size);
int memcmp(const void* left, const void* right, std::size_t size);
}

namespace siskin::guest {

[[nodiscard]] inline std::size_t text_length(const char* text) {
    std::size_t length = 0;
    while (text[length] != '\0') {
        ++length;
    }
    return length;
}

[[nodiscard]] inline bool starts_with(const char* text, const char* prefix) {
    for (; *prefix != '\0'; ++text, ++prefix) {
        if (*text != *prefix) {
            return false;
        }
    }
    return true;
}

// The text behind `word` where it stands at the start of a word of `line`, else null:
// find_word("disks=2 readonly", "disks=") is "2 readonly".
[[nodiscard]] inline const char* find_word(const char* line, const char* word) {
    for (const char* at = line; *at != '\0'; ++at) {
        if ((at == line || at[-1] == ' ') && starts_with(at, word)) {
            return at + text_length(word);
        }
    }
    return nullptr;
}

// True where `word` stands alone.
[[nodiscard]] inline bool has_word(const char* line, const char* word) {
    const char* const rest = find_word(line, word);
    return rest != nullptr && (*rest == '\0' || *rest == ' ');
}

// The decimal number behind `word`, or `otherwise`.
[[nodiscard]] inline std::uint64_t number_word(const char* line, const char* word,
                                               std::uint64_t otherwise) {
    const char* at = find_word(line, word);
    if (at == nullptr) {
        return otherwise;
    }
    std::uint64_t number = 0;
    for (; *at >= '0' && *at <= '9'; ++at) {
        number = number * 10 + static_cast<std::uint64_t>(*at - '0');
    }
    return number;
}

}  // namespace siskin::guest
