// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/pci_cfg_access.
#include "virtio/transport/pci_cfg_access.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace siskin {

namespace {

constexpr std::uint64_t kBarSize = 0x4000;

// Remembers accesses; reads a value made of the offset.
class Recorder final : public IoHandler {
public:
    std::uint64_t read(IoAccess access) override {
        accesses.push_back(access);
        return 0x11223300 + access.offset;
    }
    void write(IoAccess access, std::uint64_t value) override {
        accesses.push_back(access);
        written = value;
    }

    std::vector<IoAccess> accesses;
    std::optional<std::uint64_t> written;
};

struct Bench {
    void set_up(std::uint8_t bar, std::uint32_t offset, std::uint32_t length) {
        config.write(at + 4U, 1, bar);
        config.write(at + 8U, 4, offset);
        config.write(at + 12U, 4, length);
    }
    std::uint64_t read_data(std::uint64_t offset, unsigned width) {
        window.before_read(at + 16U + offset, width);
        return config.read(at + 16U + offset, width);
    }
    void write_data(std::uint32_t value) {
        config.write(at + 16U, 4, value);
        window.after_write(at + 16U, 4);
    }

    ConfigSpace config{HeaderType::Endpoint, pci_spec::kConventionalSize};
    Recorder registers;
    PciCfgAccess window{config, 4, kBarSize, registers};
    std::uint16_t at = *config.find_capability(pci_spec::kCapabilityVendor);
};

}  // namespace

TEST_SUITE("virtio/transport/pci_cfg_access") {
    TEST_CASE("the capability is that of virtio 1.2 §4.1.4.9") {
        Bench bench;

        CHECK(bench.config.get8(bench.at) == 0x09);
        CHECK(bench.config.get8(bench.at + 2U) == 20);
        CHECK(bench.config.get8(bench.at + 3U) == 5);
    }

    TEST_CASE("a legal window reads and writes the register") {
        for (const unsigned length : {1U, 2U, 4U}) {
            Bench bench;
            bench.set_up(4, 0x2004, length);

            CHECK(bench.read_data(0, 4) == 0x11225304);
            bench.write_data(0xaabbccdd);

            REQUIRE(bench.registers.accesses.size() == 2);
            CHECK(bench.registers.accesses[0].offset == 0x2004);
            CHECK(bench.registers.accesses[0].width == length);
            CHECK(bench.registers.accesses[1].width == length);
            CHECK(*bench.registers.written == (0xaabbccdd & ((1ULL << (length * 8)) - 1)));
        }
    }

    TEST_CASE("a window that is not legal reaches nothing (T13, §4.1.4.9.1)") {
        struct Window {
            std::uint8_t bar;
            std::uint32_t offset;
            std::uint32_t length;
        };
        for (const Window& window :
             {Window{0, 0, 4}, Window{1, 0, 4}, Window{5, 0, 4}, Window{7, 0, 4}, Window{255, 0, 4},
              Window{4, 0, 0}, Window{4, 0, 3}, Window{4, 0, 5}, Window{4, 0, 8},
              Window{4, 0, 0xffffffff}, Window{4, 1, 2}, Window{4, 2, 4}, Window{4, 3, 4},
              Window{4, kBarSize, 1}, Window{4, kBarSize - 2, 4}, Window{4, 0xfffffffc, 4},
              Window{4, 0x80000000, 4}}) {
            Bench bench;
            bench.set_up(window.bar, window.offset, window.length);

            CHECK(bench.read_data(0, 4) == 0);
            bench.write_data(0xffffffff);

            CHECK(bench.registers.accesses.empty());
        }
    }

    TEST_CASE("the last register of the BAR is reachable") {
        Bench bench;
        bench.set_up(4, kBarSize - 4, 4);

        bench.write_data(1);

        CHECK(bench.registers.accesses.size() == 1);
    }

    TEST_CASE("only what touches the data field does anything") {
        Bench bench;
        bench.set_up(4, 0, 4);

        bench.window.before_read(bench.at + 12U, 4);
        bench.window.after_write(bench.at + 12U, 4);
        bench.window.before_read(bench.at + 20U, 4);
        bench.window.after_write(bench.at, 8);
        CHECK(bench.registers.accesses.empty());

        CHECK(bench.read_data(3, 1) == 0x11);
        bench.window.after_write(bench.at + 12U, 8);
        CHECK(bench.registers.accesses.size() == 2);
    }
}

}  // namespace siskin
