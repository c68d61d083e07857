// SPDX-License-Identifier: Apache-2.0
// The rounds of SipHash.
#include "base/siphash.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <random>

namespace siskin {
namespace {

struct State {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void absorb(std::uint64_t word) {
        v3 ^= word;
        round();
        v0 ^= word;
    }
};

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t word_at(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, kWord);
    return word;
}

// What is behind the last whole word, fewer than 8 bytes, little-endian; what is missing is zero.
std::uint64_t tail_of(std::string_view text) {
    const std::size_t count = text.size() % kWord;
    if (count != 0 && text.size() > kWord) {
        return word_at(text.data() + text.size() - kWord) >> (kWord - count) * 8;
    }
    std::uint64_t word = 0;
    for (std::size_t at = count; at > 0; --at) {
        word = word << 8U | static_cast<unsigned char>(text[text.size() - count + at - 1]);
    }
    return word;
}

}  // namespace

static_assert(std::endian::native == std::endian::little);

std::uint64_t siphash(const SipHashKey& key, std::string_view text) {
    State state{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};
    for (std::size_t at = 0; at + kWord <= text.size(); at += kWord) {
        state.absorb(word_at(text.data() + at));
    }
    state.absorb(tail_of(text) | std::uint64_t{text.size()} << 56U);
    state.v2 ^= 0xff;
    for (int count = 0; count < 3; ++count) {
        state.round();
    }
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

const SipHashKey& process_siphash_key() {
    static const SipHashKey key = [] {
        std::random_device device;
        const auto word = [&] { return std::uint64_t{device()} << 32U | device(); };
        return SipHashKey{word(), word()};
    }();
    return key;
}

}  // namespace siskin
