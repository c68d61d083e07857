// SPDX-License-Identifier: Apache-2.0
// The bytes of a function's configuration space: their values, and which bits a driver may write.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "tests/harness/driver_pci.h"

namespace siskin {

using ConfigBytes = std::map<unsigned, std::uint8_t>;  // by offset; all others are 0

// `first`, and then as many bytes as follow.
inline ConfigBytes bytes(unsigned first, std::vector<std::uint8_t> values) {
    ConfigBytes result;
    for (const std::uint8_t value : values) {
        result[first++] = value;
    }
    return result;
}

inline ConfigBytes joined(std::vector<ConfigBytes> parts) {
    ConfigBytes all;
    for (const ConfigBytes& part : parts) {
        all.insert(part.begin(), part.end());
    }
    return all;
}

inline std::string text_of(const ConfigBytes& bytes) {
    std::string text;
    for (const auto& [offset, value] : bytes) {
        char one[16];
        std::snprintf(one, sizeof one, "%x=%02x ", offset, static_cast<unsigned>(value));
        text += value != 0 ? one : "";
    }
    return text;
}

// Writes ones and zeroes to each byte, as a driver would, from the last to the first, so that a
// register that moves others is the last one.
inline ConfigBytes writable_bytes(DriverPci& driver, Bdf bdf, unsigned size) {
    ConfigBytes found;
    for (unsigned offset = size; offset-- > 0;) {
        const std::uint64_t before = driver.read(bdf, offset, 1);
        driver.write(bdf, offset, 1, 0xff);
        const std::uint64_t ones = driver.read(bdf, offset, 1);
        driver.write(bdf, offset, 1, 0);
        const std::uint64_t zeroes = driver.read(bdf, offset, 1);
        driver.write(bdf, offset, 1, before);
        found[offset] = static_cast<std::uint8_t>(ones ^ zeroes);
    }
    return found;
}

inline ConfigBytes values_of(DriverPci& driver, Bdf bdf, unsigned size) {
    ConfigBytes found;
    for (unsigned offset = 0; offset < size; ++offset) {
        found[offset] = static_cast<std::uint8_t>(driver.read(bdf, offset, 1));
    }
    return found;
}

}  // namespace siskin
