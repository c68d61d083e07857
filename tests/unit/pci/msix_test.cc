// SPDX-License-Identifier: Apache-2.0
// Proves pci/msix.
#include "pci/msix.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/harness/driver_pci.h"

using namespace siskin;

namespace {

constexpr MsixTable::Gate kOpen{true, false, true};
constexpr std::array<std::uint16_t, 3> kSizes{1, 2, 2048};

struct Table {
    explicit Table(std::uint16_t count) : msix(count, target, "probe") {}

    void write(std::uint64_t offset, unsigned width, std::uint64_t value) {
        msix.table().write(IoAccess{offset, width}, value);
    }
    void program(std::uint16_t vector, MsiMessage message) {
        write(vector * 16U, 8, message.address);
        write(vector * 16U + 8, 4, message.data);
    }
    void mask(std::uint16_t vector, bool masked) { write(vector * 16U + 12, 4, masked ? 1 : 0); }

    FakeMsiTarget target;
    MsixTable msix;
};

}  // namespace

TEST_SUITE("pci/msix") {
    TEST_CASE("a vector's event is the same object before and after a reset") {
        Table table(2);
        const EventFd* const before = table.msix.event(1)->get();  // as an I/O thread keeps it

        table.msix.reset();

        before->signal();
        CHECK(table.msix.event(1)->get() == before);
        CHECK(table.msix.pending(1));
    }

    TEST_CASE("every offset and width of the table follows the entry model (P05)") {
        for (const std::uint16_t count : kSizes) {
            CAPTURE(count);
            Table table(count);
            table.msix.set_gate(kOpen);
            const std::uint64_t size = count * 16U;
            std::vector<std::uint8_t> model(size);
            for (std::uint64_t at = 12; at < size; at += 16) {
                model[at] = 1;
            }
            constexpr std::array<std::uint8_t, 16> kWritable{0xfc, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                             0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                             0x01, 0,    0,    0};
            const auto seed = std::random_device{}();
            CAPTURE(seed);
            std::mt19937_64 random(seed);
            unsigned differences = 0;
            for (std::uint64_t offset = 0; offset < size + 8; ++offset) {
                for (const unsigned width : {1U, 2U, 4U, 8U}) {
                    const std::uint64_t value = random();
                    table.write(offset, width, value);
                    std::uint64_t expected = 0;
                    for (unsigned byte = 0; byte < width; ++byte) {
                        const std::uint64_t at = offset + byte;
                        if (at < size) {
                            model[at] = static_cast<std::uint8_t>(value >> (byte * 8) &
                                                                  kWritable.at(at % 16));
                        }
                        expected |= std::uint64_t{at < size ? model[at] : 0xffU} << (byte * 8);
                    }
                    const std::uint64_t got = table.msix.table().read(IoAccess{offset, width});
                    differences += got != expected ? 1 : 0;
                }
            }
            CHECK(differences == 0);
            CHECK(table.target.bound_count() == 0);  // no event was asked for: nothing costs
        }
    }

    TEST_CASE("pending bits are readable at any width and offset; writes are dropped (P05)") {
        for (const std::uint16_t count : kSizes) {
            CAPTURE(count);
            Table table(count);
            const auto last = static_cast<std::uint16_t>(count - 1);
            REQUIRE(table.msix.event(last).has_value());
            (*table.msix.event(last))->signal();
            const std::uint64_t bytes = table.msix.pending_bits_size();
            CHECK(bytes == (count + 63U) / 64 * 8);
            unsigned differences = 0;
            for (std::uint64_t offset = 0; offset < bytes; ++offset) {
                for (const unsigned width : {1U, 2U, 4U, 8U}) {
                    table.msix.pending_bits().write(IoAccess{offset, width}, ~std::uint64_t{0});
                    const std::uint64_t got =
                        table.msix.pending_bits().read(IoAccess{offset, width});
                    const std::uint64_t bit = last - offset * 8;
                    const bool inside = last >= offset * 8 && bit < width * 8;
                    differences += got != (inside ? std::uint64_t{1} << bit : 0) ? 1 : 0;
                }
            }
            CHECK(differences == 0);
        }
    }

    TEST_CASE("a signal of an open vector is the message of its entry") {
        Table table(2);
        table.program(1, {0xfee00000, 0x41});
        table.mask(1, false);
        table.msix.set_gate(kOpen);
        const auto event = table.msix.event(1);
        REQUIRE(event.has_value());

        (*event)->signal();
        table.target.deliver();

        CHECK(table.target.messages == std::vector<MsiMessage>{{0xfee00000, 0x41}});
        CHECK_FALSE(table.msix.pending(1));
    }

    TEST_CASE("three signals while masked set the pending bit and go out once on unmask (P05)") {
        Table table(1);
        table.program(0, {0xfee00000, 0x41});
        table.msix.set_gate(kOpen);
        const auto event = table.msix.event(0);
        REQUIRE(event.has_value());
        (*event)->signal();
        (*event)->signal();
        (*event)->signal();
        table.target.deliver();
        REQUIRE(table.target.messages.empty());
        REQUIRE(table.msix.pending(0));

        table.mask(0, false);
        table.target.deliver();

        CHECK(table.target.messages == std::vector<MsiMessage>{{0xfee00000, 0x41}});
        CHECK_FALSE(table.msix.pending(0));
        table.mask(0, true);
        table.mask(0, false);
        table.target.deliver();
        CHECK(table.target.messages.size() == 1);
    }

    TEST_CASE("a signal between looking and binding is not lost") {
        Table table(1);
        table.program(0, {0xfee00000, 0x41});
        table.msix.set_gate(kOpen);
        REQUIRE(table.msix.event(0).has_value());
        table.target.signal_while_binding = true;

        table.mask(0, false);
        table.target.deliver();

        CHECK(table.target.messages == std::vector<MsiMessage>{{0xfee00000, 0x41}});
    }

    TEST_CASE(
        "each of enable, function mask, vector mask and bus master alone holds a vector back") {
        constexpr MsiMessage kMessage{0xfee01000, 0x55};
        for (unsigned closed = 0; closed < 16; ++closed) {
            CAPTURE(closed);
            Table table(1);
            table.program(0, kMessage);
            const auto event = table.msix.event(0);
            REQUIRE(event.has_value());
            table.mask(0, (closed & 1) != 0);
            table.msix.set_gate({(closed & 2) == 0, (closed & 4) != 0, (closed & 8) == 0});

            (*event)->signal();
            table.target.deliver();

            CHECK(table.target.messages.size() == (closed == 0 ? 1 : 0));
            CHECK(table.msix.pending(0) == (closed != 0));
            table.mask(0, false);
            table.msix.set_gate(kOpen);
            table.target.deliver();
            CHECK(table.target.messages == std::vector<MsiMessage>{kMessage});
        }
    }

    TEST_CASE("a new address or data while unmasked goes to the new target") {
        Table table(1);
        table.program(0, {0xfee00000, 0x41});
        table.mask(0, false);
        table.msix.set_gate(kOpen);
        const auto event = table.msix.event(0);
        REQUIRE(event.has_value());

        table.write(8, 4, 0x42);
        (*event)->signal();
        table.target.deliver();

        CHECK(table.target.messages == std::vector<MsiMessage>{{0xfee00000, 0x42}});
        CHECK(table.target.bound_count() == 1);
    }

    TEST_CASE("a refused binding is counted, keeps the signal and is tried again") {
        Table table(1);
        table.program(0, {0xfee00000, 0x41});
        table.mask(0, false);
        const auto event = table.msix.event(0);
        REQUIRE(event.has_value());
        (*event)->signal();
        table.target.refusals = 1;

        table.msix.set_gate(kOpen);

        CHECK(table.msix.bind_failures() == 1);
        CHECK(table.msix.pending(0));
        CHECK(table.target.messages.empty());
        table.mask(0, true);
        table.mask(0, false);
        CHECK(table.target.messages == std::vector<MsiMessage>{{0xfee00000, 0x41}});
    }

    TEST_CASE("a vector beyond the table, or none, has no event") {
        Table table(2);

        CHECK_FALSE(table.msix.event(2).has_value());
        CHECK_FALSE(table.msix.event(MsixTable::kNoVector).has_value());
        CHECK(table.msix.event(2).error().message == "MSI-X vector is 2, the most is 1");
        CHECK(*table.msix.event(1) == *table.msix.event(1));
    }

    TEST_CASE("reset masks all, forgets what is pending and unbinds; the event stays usable") {
        Table table(2);
        table.program(0, {0xfee00000, 0x41});
        table.mask(0, false);
        const auto event = table.msix.event(0);
        REQUIRE(event.has_value());
        table.msix.set_gate(kOpen);
        table.mask(0, true);
        (*event)->signal();

        table.msix.reset();

        CHECK_FALSE(table.msix.pending(0));
        CHECK(table.target.bound_count() == 0);
        CHECK(table.msix.table().read(IoAccess{0, 8}) == 0);
        CHECK(table.msix.table().read(IoAccess{12, 4}) == 1);
        CHECK_FALSE(table.msix.enabled());
        table.program(0, {0xfee00000, 0x43});
        table.mask(0, false);
        table.msix.set_gate(kOpen);
        (*event)->signal();
        table.target.deliver();
        CHECK(table.target.messages == std::vector<MsiMessage>{{0xfee00000, 0x43}});
    }

    TEST_CASE("random masking, gating and signalling delivers what a model says (P05)") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937 random(seed);
        Table table(2);
        table.program(0, {0xfee00000, 0});
        table.program(1, {0xfee00000, 1});
        const std::array events{*table.msix.event(0), *table.msix.event(1)};
        std::array<bool, 2> masked{true, true};
        std::array<bool, 2> pending{};
        std::array<std::size_t, 2> expected{};
        MsixTable::Gate gate;
        unsigned differences = 0;
        for (int round = 0; round < 20'000; ++round) {
            const auto vector = static_cast<std::uint16_t>(random() % 2);
            switch (random() % 5) {
                case 0: gate.enabled = !gate.enabled; break;
                case 1: gate.function_masked = !gate.function_masked; break;
                case 2: gate.bus_master = !gate.bus_master; break;
                case 3: masked.at(vector) = !masked.at(vector); break;
                default:
                    events.at(vector)->signal();
                    pending.at(vector) = true;
                    break;
            }
            table.mask(vector, masked.at(vector));
            table.msix.set_gate(gate);
            table.target.deliver();
            for (std::uint16_t each = 0; each < 2; ++each) {
                const bool open =
                    gate.enabled && !gate.function_masked && gate.bus_master && !masked.at(each);
                expected.at(each) += open && pending.at(each) ? 1 : 0;
                pending.at(each) = pending.at(each) && !open;
                differences += table.msix.pending(each) != pending.at(each) ? 1 : 0;
            }
        }

        std::array<std::size_t, 2> got{};
        for (const MsiMessage& message : table.target.messages) {
            ++got.at(message.data);
        }
        CHECK(differences == 0);
        CHECK(got == expected);
    }
}
