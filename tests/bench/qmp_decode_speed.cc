// SPDX-License-Identifier: Apache-2.0
// How fast bytes of a client become a decoded command: framer, parser and decoder, without sockets
// and threads. Prints; gates nothing. Usage: bench_qmp_decode [rounds].
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "qmp/framer.h"
#include "qmp/generated/commands.h"
#include "qmp/parser.h"
#include "qmp/request.h"

namespace siskin::qmp {
namespace {

constexpr std::size_t kSize = std::size_t{64} << 10U;
constexpr std::size_t kChunk = std::size_t{64} << 10U;  // as Connection reads
constexpr std::size_t kRoundsDefault = 2000;

// A device_add of kSize bytes or a little more, with as many properties of this value.
std::string command_with(std::string_view member_value) {
    std::string text =
        "{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"virtio-blk-pci\", "
        "\"id\": \"disk0\", \"bus\": \"root0\"";
    for (std::size_t number = 0; text.size() < kSize; ++number) {
        text += concat(", \"property-", number, "\": ", member_value);
    }
    return text + "}, \"id\": \"libvirt-1\"}\r\n";
}

bool decode_once(std::string_view bytes) {
    Framer framer;
    std::optional<Frame> frame;
    while (!bytes.empty() && !frame) {
        bytes.remove_prefix(framer.feed(bytes.substr(0, kChunk), frame));
    }
    if (!frame || frame->is_error) {
        return false;
    }
    auto message = parse_json(frame->text);
    if (!message) {
        return false;
    }
    auto object = check_command_object(std::move(*message), false);
    return object && decode_call(std::move(*object), command_table()).has_value();
}

// The median of the rounds, in MB/s; nothing when the command is not taken.
std::optional<double> speed_of(const std::string& text, std::size_t rounds) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> seconds;
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        if (!decode_once(text)) {
            return std::nullopt;
        }
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    std::sort(seconds.begin(), seconds.end());
    return static_cast<double>(text.size()) / seconds[seconds.size() / 2] / 1e6;
}

int run(std::size_t rounds) {
    const struct {
        std::string_view name;
        std::string text;
    } shapes[] = {
        {"members with short strings", command_with("\"on\"")},
        {"members with long strings", command_with(concat('"', std::string(200, 'p'), '"'))},
        {"members with numbers", command_with("4096")},
        {"one string", command_with(concat('"', std::string(kSize, 'p'), '"'))},
    };
    std::cout << "bench: framing, parsing and decoding a command of 64 KiB, medians of " << rounds
              << " rounds\n"
              << std::fixed << std::setprecision(0);
    for (const auto& shape : shapes) {
        const auto speed = speed_of(shape.text, rounds);
        if (!speed) {
            std::cout << shape.name << ": not decoded\n";
            return 1;
        }
        std::cout << std::left << std::setw(30) << shape.name << std::right << std::setw(6)
                  << *speed << " MB/s\n";
    }
    return 0;
}

}  // namespace
}  // namespace siskin::qmp

int main(int argc, char** argv) {
    const auto asked = argc > 1 ? siskin::parse_unsigned(argv[1]) : std::optional<std::uint64_t>();
    return siskin::qmp::run(asked.value_or(siskin::qmp::kRoundsDefault));
}
