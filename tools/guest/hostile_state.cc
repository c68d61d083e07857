// SPDX-License-Identifier: Apache-2.0
// Breaks the order of the status field and of feature negotiation, and touches every register and
// the window in configuration space in every way (virtio 1.2 §2.1, §2.2, §3.1.1, §4.1.4.9).
// Command line: steps=N seed=N.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/random.h"
#include "tools/guest/runtime/io.h"

using namespace siskin::guest;

namespace {

constexpr std::uint8_t kFailed = 128;
constexpr std::uint16_t kCommonEnd = 64;
constexpr std::uint64_t kConfigSize = 60;  // of struct virtio_blk_config

HostileBench bench;

VirtioPci& pci() {
    return bench.disk.pci();
}

bool is_acceptable(std::uint64_t accepted, std::uint64_t offered) {
    return (accepted & ~offered) == 0 && (accepted & kFeatureVersion1) != 0;
}

void accept(std::uint64_t features) {
    pci().write32(kCommonDriverFeatureSelect, 0);
    pci().write32(kCommonDriverFeature, static_cast<std::uint32_t>(features));
    pci().write32(kCommonDriverFeatureSelect, 1);
    pci().write32(kCommonDriverFeature, static_cast<std::uint32_t>(features >> 32));
}
std::uint64_t accepted() {
    pci().write32(kCommonDriverFeatureSelect, 0);
    const std::uint64_t low = pci().read32(kCommonDriverFeature);
    pci().write32(kCommonDriverFeatureSelect, 1);
    return low | std::uint64_t{pci().read32(kCommonDriverFeature)} << 32;
}

// T05: the status field as §3.1.1 orders it. A bit counts once all before it are set.
struct Automaton {
    std::uint8_t status = 0;
    std::uint64_t features = 0;

    void write_status(std::uint8_t value, std::uint64_t offered) {
        if (value == 0) {
            *this = Automaton();
            return;
        }
        if ((status & kFailed) != 0 || (status & ~value) != 0) {
            return;
        }
        if ((value & kFailed) != 0) {
            status = static_cast<std::uint8_t>(status | kFailed);
            return;
        }
        constexpr std::uint8_t kOrder[] = {kStatusAcknowledge, kStatusDriver, kStatusFeaturesOk,
                                           kStatusDriverOk};
        for (const std::uint8_t bit : kOrder) {
            if ((status & bit) != 0) {
                continue;
            }
            if ((value & bit) == 0 ||
                (bit == kStatusFeaturesOk && !is_acceptable(features, offered))) {
                return;
            }
            status = static_cast<std::uint8_t>(status | bit);
        }
    }
    void accept(std::uint64_t wanted) {
        features = (status & kStatusFeaturesOk) != 0 ? features : wanted;
    }
};

void walk_status(std::uint64_t steps, std::uint64_t seed) {
    require(pci().reset(), "T05: the disk resets");
    const std::uint64_t offered = pci().device_features();
    constexpr std::uint8_t kLikely[] = {0, 1, 3, 11, 15, 15, 7, kFailed | 15};
    Random random(seed);
    Automaton model;
    unsigned wrong = 0;
    for (std::uint64_t step = 0; step < steps && wrong == 0; ++step) {
        if (random.below(4) == 0) {
            const std::uint64_t choices[] = {0, kFeatureVersion1, offered, ~std::uint64_t{0},
                                             random.next()};
            const std::uint64_t features = choices[random.below(5)];
            accept(features);
            model.accept(features);
        } else {
            const auto value = static_cast<std::uint8_t>(
                random.below(3) == 0 ? random.next() : kLikely[random.below(8)]);
            pci().write8(kCommonStatus, value);
            if (value == 0) {
                wrong += wait_until([] { return pci().status() == 0; }) ? 0 : 1;
            }
            model.write_status(value, offered);
        }
        if (pci().status() != model.status || accepted() != model.features) {
            print("seed ", seed, " step ", step, ": status ", Hex{pci().status(), 2}, ", wanted ",
                  Hex{model.status, 2}, '\n');
            ++wrong;
        }
    }
    check_equal(wrong, 0, "T05: any order of status writes does what the automaton does");
    check(bench.comes_back(), "T05: and the disk is as before");
}

// T06.
void check_features() {
    require(pci().reset(), "T06: the disk resets");
    const std::uint64_t offered = pci().device_features();
    unsigned wrong = 0;
    for (unsigned feature = 0; feature < 64; ++feature) {
        const std::uint64_t wanted = 1ULL << feature | kFeatureVersion1;
        wrong += pci().reset() && pci().negotiate(wanted) == is_acceptable(wanted, offered) ? 0 : 1;
        const std::uint64_t before = accepted();
        accept(~before);
        const bool frozen = (pci().status() & kStatusFeaturesOk) != 0;
        wrong += accepted() == (frozen ? before : ~before) ? 0 : 1;
    }
    check_equal(wrong, 0,
                "T06: a feature is taken when it is offered, and stays after FEATURES_OK");
    constexpr std::uint64_t kChoices[] = {0, ~std::uint64_t{0}, 0xffffffff};
    for (const std::uint64_t choice : kChoices) {
        wrong += pci().reset() && !pci().negotiate(choice) ? 0 : 1;
        pci().add_status(kStatusDriverOk);
        wrong += (pci().status() & kStatusDriverOk) == 0 ? 0 : 1;
    }
    check_equal(wrong, 0, "T06: none, and all there can be, are refused");
    constexpr std::uint32_t kWindows[] = {2, 3, 7, 0x80000000, 0xffffffff};
    for (const std::uint32_t window : kWindows) {
        pci().write32(kCommonDeviceFeatureSelect, window);
        pci().write32(kCommonDriverFeatureSelect, window);
        pci().write32(kCommonDriverFeature, 0xffffffff);
        wrong += pci().read32(kCommonDeviceFeature) == 0 ? 0 : 1;
        wrong += pci().read32(kCommonDriverFeature) == 0 ? 0 : 1;
    }
    check_equal(wrong, 0, "T06: there are no features from 64 on");
    check(bench.comes_back(), "T06: and the disk is as before");
}

// T12: a read of any width is made of the bytes; a write of what cannot be written does nothing.
unsigned count_torn(std::uint64_t from, std::uint64_t size) {
    unsigned wrong = 0;
    for (std::uint64_t at = from; at < from + size; ++at) {
        std::uint64_t bytes = 0;
        for (unsigned i = 0; i < 8; ++i) {
            bytes |= std::uint64_t{mmio_read<std::uint8_t>(at + i)} << (8 * i);
        }
        wrong += mmio_read<std::uint16_t>(at) == static_cast<std::uint16_t>(bytes) ? 0 : 1;
        wrong += mmio_read<std::uint32_t>(at) == static_cast<std::uint32_t>(bytes) ? 0 : 1;
        wrong += mmio_read<std::uint64_t>(at) == bytes ? 0 : 1;
    }
    return wrong;
}

void check_accesses() {
    require(bench.start(), "T12: the disk starts");
    check_equal(count_torn(pci().common(), kCommonEnd + 16), 0,
                "T12: each access to the common configuration is its bytes");
    check_equal(count_torn(pci().device_config(), kConfigSize + 16), 0,
                "T12: each access to the disk's configuration is its bytes");
    std::uint8_t before[kConfigSize];
    for (unsigned i = 0; i < kConfigSize; ++i) {
        before[i] = mmio_read<std::uint8_t>(pci().device_config() + i);
    }
    for (std::uint64_t at = 0; at < 0x1000; at += at < 80 ? 1 : 509) {
        const std::uint64_t place = pci().device_config() + at;
        mmio_write<std::uint8_t>(place, 0x5a);
        mmio_write<std::uint16_t>(place, 0x5a5a);
        mmio_write<std::uint32_t>(place, 0x5a5a5a5a);
        mmio_write<std::uint64_t>(place, 0x5a5a5a5a5a5a5a5a);
    }
    unsigned wrong = 0;
    for (unsigned i = 0; i < kConfigSize; ++i) {
        wrong += mmio_read<std::uint8_t>(pci().device_config() + i) == before[i] ? 0 : 1;
    }
    check_equal(wrong, 0, "T12: without CONFIG_WCE no byte of it can be written");
    // Ones everywhere, the status among them: whatever that is, a reset cures it.
    for (std::uint16_t offset = 0; offset < kCommonEnd; ++offset) {
        pci().write8(offset, 0xff);
        pci().write16(offset, 0xffff);
        pci().write32(offset, 0xffffffff);
        mmio_write(pci().common() + offset, ~std::uint64_t{0});
    }
    check(bench.comes_back(), "T12: ones in every register, of every width, do no harm");
}

// T13: §4.1.4.9. The window reaches the disk's BAR by aligned accesses of 1, 2 and 4, nothing else.
struct Window {
    std::uint8_t bar;
    std::uint32_t offset;
    std::uint32_t length;
};

std::uint8_t find_window() {
    for (std::uint8_t at = find_capability(bench.bdf(), kCapabilityVendor); at != 0;
         at = find_capability(bench.bdf(), kCapabilityVendor, at)) {
        if (config_read8(bench.bdf(), static_cast<std::uint16_t>(at + 3)) == 5) {
            return at;
        }
    }
    return 0;
}

void set_window(std::uint16_t at, const Window& window) {
    config_write8(bench.bdf(), static_cast<std::uint16_t>(at + 4), window.bar);
    config_write32(bench.bdf(), static_cast<std::uint16_t>(at + 8), window.offset);
    config_write32(bench.bdf(), static_cast<std::uint16_t>(at + 12), window.length);
}

void check_window() {
    const std::uint16_t at = find_window();
    require(at != 0 && bench.start(), "T13: the disk has a window, and starts");
    const auto data = static_cast<std::uint16_t>(at + 16);
    set_window(at, Window{4, kCommonQueueSize, 2});
    check_equal(config_read16(bench.bdf(), data), HostileBench::kQueueSize,
                "T13: a good window shows the register");
    // Where what is written would show: a 0 in the status is a reset.
    constexpr std::uint32_t kStatus = kCommonStatus;
    constexpr Window kBad[] = {
        {0, kStatus, 1},     {1, kStatus, 1},          {5, kStatus, 1},
        {6, kStatus, 1},     {7, kStatus, 1},          {255, kStatus, 1},
        {4, kStatus, 0},     {4, kStatus, 3},          {4, kStatus, 5},
        {4, kStatus, 8},     {4, kStatus, 0xffffffff}, {4, kStatus - 1, 2},
        {4, kStatus + 1, 2}, {4, kStatus - 2, 4},      {4, 0x4000, 1},
        {4, 0x3ffe, 4},      {4, 0xfffffffc, 4},       {4, 0x80000000 + kStatus, 1},
    };
    unsigned wrong = 0;
    for (const Window& window : kBad) {
        set_window(at, window);
        config_write32(bench.bdf(), data, 0);
        wrong += pci().status() == 15 && pci().read16(kCommonQueueSelect) == 0 ? 0 : 1;
        wrong += config_read32(bench.bdf(), data) == 0 ? 0 : 1;
        config_write32(bench.bdf(), data, 0x12345678);
        wrong += config_read32(bench.bdf(), data) == 0x12345678 ? 0 : 1;
    }
    check_equal(wrong, 0, "T13: a bad BAR, offset or length reaches nothing");
    check(bench.serves_on(), "T13: and the disk runs on");
    set_window(at, Window{4, kCommonStatus, 1});
    config_write8(bench.bdf(), data, 0);
    check(wait_until([] { return pci().status() == 0; }) && bench.comes_back(),
          "T13: a reset through the window is one");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    const char* const line = command_line(*info);
    bench.open(*info);
    walk_status(number_word(line, "steps=", 2000), number_word(line, "seed=", 1));
    check_features();
    check_accesses();
    check_window();
    finish();
}
