// SPDX-License-Identifier: Apache-2.0
// Proves pci/msix against a pure model of table, masks, pending bits and messages: random accesses
// of any width through the BAR and through Message Control, in any order (P05).
#include "pci/msix.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

using Random = std::mt19937_64;

constexpr std::uint64_t kBar = 0xe0000000;
constexpr Bdf kProbe{0, DevFn::of(3, 0)};
constexpr std::array<unsigned, 4> kWidths{1, 2, 4, 8};
constexpr std::array<std::uint16_t, 6> kCounts{1, 2, 3, 64, 65, 2048};

// PCIe 5.0 §7.7.2, as plainly as it can be said.
class Model {
public:
    explicit Model(unsigned count) : entries_(count * 16U), pending_(count) { reset(); }

    void reset() {
        entries_.assign(entries_.size(), 0);
        for (std::size_t at = 12; at < entries_.size(); at += 16) {
            entries_[at] = 1;
        }
        pending_.assign(pending_.size(), false);
        control = 0;
        bus_master = false;
    }
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) {
        constexpr std::array<std::uint8_t, 16> kMasks{
            0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0};
        for (unsigned byte = 0; byte < width && offset + byte < entries_.size(); ++byte) {
            entries_[offset + byte] =
                static_cast<std::uint8_t>(value >> (byte * 8) & kMasks.at((offset + byte) % 16));
        }
        settle();
    }
    [[nodiscard]] std::uint64_t read(std::uint64_t offset, unsigned width) const {
        std::uint64_t value = 0;
        for (unsigned byte = 0; byte < width; ++byte) {
            const std::uint64_t at = offset + byte;
            value |= std::uint64_t{at < entries_.size() ? entries_[at] : 0xffU} << (byte * 8);
        }
        return value;
    }
    void signal(unsigned vector) {
        pending_[vector] = true;
        settle();
    }
    [[nodiscard]] std::uint64_t pending_bits(std::uint64_t offset, unsigned width) const {
        std::uint64_t value = 0;
        for (unsigned bit = 0; bit < width * 8; ++bit) {
            const std::uint64_t vector = offset * 8 + bit;
            value |= std::uint64_t{vector < pending_.size() && pending_[vector]} << bit;
        }
        return value;
    }
    // What may go out goes out, once.
    void settle() {
        const bool open = (control & kMsixEnable) != 0 && (control & kMsixFunctionMask) == 0;
        for (unsigned vector = 0; open && bus_master && vector < pending_.size(); ++vector) {
            if (pending_[vector] && (entries_[vector * 16U + 12] & 1) == 0) {
                pending_[vector] = false;
                sent.push_back(MsiMessage{read(vector * 16U, 8),
                                          static_cast<std::uint32_t>(read(vector * 16U + 8, 4))});
            }
        }
    }

    std::uint16_t control = 0;
    bool bus_master = false;
    std::vector<MsiMessage> sent;

private:
    std::vector<std::uint8_t> entries_;
    std::vector<bool> pending_;
};

// A function with that many vectors, and the model beside it.
struct Pair {
    explicit Pair(std::uint16_t vectors) : count(vectors), model(vectors) {
        PciIdentity identity = ProbeFunction::default_identity();
        identity.extended_config = false;
        probe = std::make_unique<ProbeFunction>(machine.place(machine.host.root(), kProbe.devfn),
                                                std::uint8_t{1}, identity);
        probe->add_msix_with_bar(vectors, 0, machine.msi);
        probe->plug();
        pending_at = driver.read(kProbe, kCapability + 8, 4);
        for (std::uint16_t vector = 0; vector < vectors; ++vector) {
            // Not every vector is used; the others must cost nothing.
            if (vector < 40 || vector + 3 > vectors) {
                used.push_back(vector);
                events.push_back(*probe->msix()->event(vector));
            }
        }
        place();
    }
    void place() {
        driver.assign_bar(kProbe, 0, kBar);
        driver.set_command(kProbe, kCommandMemory);
    }
    void set_control(std::uint16_t bits) {
        constexpr std::uint16_t kWritable = kMsixEnable | kMsixFunctionMask;
        model.control = bits & kWritable;
        model.settle();
    }
    // Near the vectors that are used, and now and then anywhere, crossing entries and ends.
    std::uint64_t random_offset(Random& random) {
        const std::uint64_t vector =
            random() % 16 == 0 ? random() % count : used[random() % used.size()];
        return vector * 16 + random() % 16;
    }

    void step(Random& random) {
        const unsigned width = kWidths.at(random() % kWidths.size());
        const std::uint64_t value = random();
        switch (random() % 12) {
            case 0:
            case 1: {
                const std::uint64_t at = random_offset(random);
                if (at + width <= count * 16U) {
                    driver.memory_write(kBar + at, width, value);
                    model.write(at, width, value);
                }
                break;
            }
            case 2:
            case 3: {
                const std::uint64_t at = used[random() % used.size()] * 16U + 12;
                driver.memory_write(kBar + at, 4, value & 1);
                model.write(at, 4, value & 1);
                break;
            }
            case 4:
                driver.write(kProbe, kCapability + kMsixControl, 2, value & 0xffff);
                set_control(static_cast<std::uint16_t>(value));
                break;
            case 5:  // its upper byte alone
                driver.write(kProbe, kCapability + kMsixControl + 1, 1, value & 0xff);
                set_control(static_cast<std::uint16_t>((value & 0xff) << 8));
                break;
            case 6:
                driver.set_command(kProbe, static_cast<std::uint16_t>(kCommandMemory |
                                                                      (value & kCommandBusMaster)));
                model.bus_master = (value & kCommandBusMaster) != 0;
                model.settle();
                break;
            case 7:  // nobody writes pending bits
                driver.memory_write(kBar + pending_at + value % 8, width, random());
                break;
            case 8:
                if (value % 64 == 0) {
                    probe->reset_function(ResetKind::Warm);
                    model.reset();
                    place();
                }
                break;
            default: {
                const std::size_t index = random() % used.size();
                events[index]->signal();
                machine.msi.deliver();
                model.signal(used[index]);
                break;
            }
        }
        machine.msi.deliver();
    }
    unsigned differences(Random& random) {
        const unsigned width = kWidths.at(random() % kWidths.size());
        const std::uint64_t at = random_offset(random);
        const std::uint64_t bits_at = at / 16 / 8;
        unsigned wrong = 0;
        if (at + width <= count * 16U) {
            wrong += driver.memory_read(kBar + at, width) != model.read(at, width) ? 1 : 0;
        }
        if (bits_at + width <= (count + 63U) / 64 * 8) {
            wrong += driver.memory_read(kBar + pending_at + bits_at, width) !=
                             model.pending_bits(bits_at, width)
                         ? 1
                         : 0;
        }
        return wrong + (machine.msi.messages != model.sent ? 1 : 0);
    }

    static constexpr std::uint32_t kCapability = 0x40;
    const unsigned count;
    PciMachine machine;
    DriverPci driver{machine};
    std::unique_ptr<ProbeFunction> probe;
    std::uint64_t pending_at = 0;
    std::vector<unsigned> used;
    std::vector<std::shared_ptr<const EventFd>> events;
    Model model;
};

}  // namespace

TEST_SUITE("pci/msix") {
    TEST_CASE("whatever a guest writes, in any width and order, a model says the same (P05)") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        Random random(seed);
        std::size_t sent = 0;
        for (const std::uint16_t count : kCounts) {
            CAPTURE(count);
            Pair pair(count);
            REQUIRE(pair.driver.find_capability(kProbe, kCapabilityMsix) == Pair::kCapability);
            unsigned wrong = 0;
            for (int round = 0; round < 6'000 && wrong == 0; ++round) {
                pair.step(random);
                wrong += pair.differences(random);
                sent += pair.model.sent.size();
                pair.model.sent.clear();
                pair.machine.msi.messages.clear();
            }
            CHECK(wrong == 0);
        }
        CHECK(sent > 1'000);
    }

    TEST_CASE("a storm of masking with signals in between sends each signal once (P05)") {
        Pair pair(1);
        pair.driver.set_command(kProbe, kCommandMemory | kCommandBusMaster);
        pair.driver.write(kProbe, Pair::kCapability + kMsixControl, 2, kMsixEnable);
        pair.driver.memory_write(kBar, 8, 0xfee00000);

        for (int round = 0; round < 20'000; ++round) {
            pair.driver.memory_write(kBar + 12, 4, 1);
            pair.events.front()->signal();
            pair.driver.memory_write(kBar + 12, 4, 0);
            pair.driver.memory_write(kBar + 12, 4, 1);
            pair.driver.memory_write(kBar + 12, 4, 0);
            pair.machine.msi.deliver();
        }

        CHECK(pair.machine.msi.messages.size() == 20'000);
        CHECK(pair.machine.msi.bound_count() == 1);
    }

    TEST_CASE(
        "MSI-X switched on with a vector that is pending and masked sends on unmasking (P05)") {
        Pair pair(2);
        pair.driver.set_command(kProbe, kCommandMemory | kCommandBusMaster);
        pair.driver.memory_write(kBar + 16, 8, 0xfee01000);
        pair.driver.memory_write(kBar + 24, 8, 0x1'0000'0042);
        pair.events.at(1)->signal();

        pair.driver.write(kProbe, Pair::kCapability + kMsixControl, 2, kMsixEnable);
        pair.machine.msi.deliver();
        CHECK(pair.machine.msi.messages.empty());
        CHECK(pair.driver.memory_read(kBar + pair.pending_at, 8) == 2);
        pair.driver.memory_write(kBar + 28, 1, 0);
        pair.machine.msi.deliver();

        CHECK(pair.machine.msi.messages == std::vector<MsiMessage>{{0xfee01000, 0x42}});
        CHECK(pair.driver.memory_read(kBar + pair.pending_at, 8) == 0);
    }
}
