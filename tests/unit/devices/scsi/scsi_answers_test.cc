// SPDX-License-Identifier: Apache-2.0
// Plays tests/scsi/answers.txt: what units answer, byte by byte. QEMU is held against it, too.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/object/device_type.h"
#include "base/text.h"
#include "devices/scsi/scsi_disk_types.h"
#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

// "scsi-cd,serial=X,medium=none"
std::unique_ptr<ScsiBench> make_unit(std::string_view words) {
    const bool is_cd = words.starts_with("scsi-cd");
    bool has_medium = true;
    Value::Dict properties;
    while (words.find(',') != std::string_view::npos) {
        words.remove_prefix(words.find(',') + 1);
        const std::string_view one = words.substr(0, words.find(','));
        const std::size_t equals = one.find('=');
        if (one == "medium=none") {
            has_medium = false;
        } else {
            properties.set(std::string(one.substr(0, equals)),
                           Value(std::string(one.substr(equals + 1))));
        }
    }
    const auto config = configure(is_cd ? kScsiCdType : kScsiHdType, properties);
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    ScsiUnitOptions options =
        is_cd ? scsi_options_of(*static_cast<const ScsiCdConfig*>(config->get()), "")
              : scsi_options_of(*static_cast<const ScsiHdConfig*>(config->get()), "");
    return std::make_unique<ScsiBench>(std::move(options), has_medium, is_cd);
}

Bytes bytes_of(std::string_view text) {
    Bytes bytes;
    for (std::size_t at = 0; at + 1 < text.size(); at += 3) {
        bytes.push_back(
            static_cast<std::uint8_t>(std::stoul(std::string(text.substr(at, 2)), nullptr, 16)));
    }
    return bytes;
}

std::string hex_byte(std::uint8_t byte) {
    std::array<char, 3> text{};
    std::snprintf(text.data(), text.size(), "%02x", unsigned{byte});
    return text.data();
}

// Of UNIT ATTENTION the key alone, as in the file.
std::string answer_to(ScsiBench& unit, std::string_view command) {
    constexpr std::uint8_t kUnitAttention = 6;
    const auto task = unit.run(bytes_of(command));
    if (task->status == scsi_spec::kCheckCondition) {
        const ScsiSense sense = task->sense;
        return sense.key == kUnitAttention
                   ? concat("! ", unsigned{sense.key})
                   : concat("! ", unsigned{sense.key}, ' ', hex_byte(sense.code), ' ',
                            hex_byte(sense.qualifier));
    }
    std::string text;
    for (std::size_t at = 0; at < task->transferred; ++at) {
        text += (at == 0 ? "" : " ") + hex_byte(task->bytes[at]);
    }
    return text;
}

}  // namespace

TEST_SUITE("devices/scsi/scsi_answers") {
    TEST_CASE("each command of the file has its answer") {
        std::ifstream file(SISKIN_SCSI_ANSWERS);
        std::unique_ptr<ScsiBench> unit;
        std::string line;
        std::string answer;
        unsigned compared = 0;
        for (unsigned number = 1; std::getline(file, line); ++number) {
            const std::size_t space = line.find(' ');
            const std::string mark = line.substr(0, space);
            const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
            if (mark == "=") {
                unit = make_unit(rest);
            } else if (mark == ">") {
                answer = answer_to(*unit, rest);
            } else if (mark == "<" || mark == "<s") {
                CAPTURE(number);
                CHECK(answer == rest);
                ++compared;
            }
        }
        CHECK(compared >= 100);
    }
}

}  // namespace siskin
