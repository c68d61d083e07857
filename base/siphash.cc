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
        round();
        v0 ^= word;
    }
};

// Little-endian, whatever is missing is zero.
std::uint64_t word_of(std::string_view bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size());
    return word;
}

}  // namespace

static_assert(std::endian::native == std::endian::little);

std::uint64_t siphash(const SipHashKey& key, std::string_view text) {
    static constexpr std::size_t kWord = sizeof(std::uint64_t);
    State state{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};
    const auto length = static_cast<std::uint64_t>(text.size());
    for (; text.size() >= kWord; text.remove_prefix(kWord)) {
        state.absorb(word_of(text.substr(0, kWord)));
    }
    state.absorb(word_of(text) | length << 56U);
    state.v2 ^= 0xff;
    for (int count = 0; count < 4; ++count) {
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
