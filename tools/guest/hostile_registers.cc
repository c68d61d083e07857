// SPDX-License-Identifier: Apache-2.0
// Breaks the rules of a queue's registers, of vectors and of notifications, with a request under
// way and without (virtio 1.2 §4.1.4.3, §4.1.4.4).
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/user_mode.h"

using namespace siskin::guest;

namespace {

constexpr std::uint64_t kHole = 0xfd000000;    // no RAM, no device
constexpr std::uint64_t kNotifyRoom = 0x1000;  // of the notification structure
constexpr std::uint16_t kQueueRegisters = 24;  // from here on they are of one queue
constexpr std::uint16_t kCommonEnd = 64;

HostileBench bench;
alignas(4096) std::uint64_t buffer[kWordsPerSector];
BlockRequest running_request;

VirtioPci& pci() {
    return bench.disk.pci();
}

void submit_read() {
    memset(buffer, 0, sizeof(buffer));
    bench.disk.submit(running_request, kBlockIn, 0, buffer, kSectorSize);
}
bool finish_read() {
    Virtqueue& queue = bench.disk.queue();
    return wait_until([&] { return queue.has_used(); }) && queue.take_used().length != 0 &&
           running_request.status == kBlockOk && bench.is_first_sector(buffer);
}

// T02: a queue that is not has no registers; the others are as they were.
void check_selectors() {
    std::uint32_t before[(kCommonEnd - kQueueRegisters) / 4];
    pci().write16(kCommonQueueSelect, 0);
    for (std::uint16_t at = kQueueRegisters; at < kCommonEnd; at += 4) {
        before[(at - kQueueRegisters) / 4] = pci().read32(at);
    }
    const std::uint16_t absent[] = {pci().queue_count(),
                                    static_cast<std::uint16_t>(pci().queue_count() + 1), 0x7fff,
                                    0x8000, 0xffff};
    unsigned wrong = 0;
    for (const std::uint16_t select : absent) {
        pci().write16(kCommonQueueSelect, select);
        for (std::uint16_t at = kQueueRegisters; at < kCommonEnd; ++at) {
            wrong += pci().read8(at) != 0 || pci().read16(at) != 0 || pci().read32(at) != 0 ? 1 : 0;
            pci().write8(at, 0xff);
            pci().write16(at, 1);
            pci().write32(at, 0x0badf00d);
        }
        wrong += pci().read16(kCommonQueueSelect) == select ? 0 : 1;
    }
    pci().write16(kCommonQueueSelect, 0);
    for (std::uint16_t at = kQueueRegisters; at < kCommonEnd; at += 4) {
        wrong += before[(at - kQueueRegisters) / 4] == pci().read32(at) ? 0 : 1;
    }
    check_equal(wrong, 0, "T02: a queue that is not reads as 0 and drops writes, of any width");
    submit_read();
    check(finish_read() && bench.comes_back(), "T02: and the disk reads on");
}

// T03: §4.1.5.1.2.1.
void check_vectors() {
    static MsixTable msix;
    require(msix.open(bench.bdf()) && bench.start(), "T03: the disk has vectors and starts");
    msix.enable(false);
    const auto size = static_cast<std::uint16_t>(msix.size());
    const std::uint16_t absent[] = {size, static_cast<std::uint16_t>(size + 1), 0x7ff, 0x800,
                                    0xfffe};
    unsigned wrong = 0;
    for (const std::uint16_t vector : absent) {
        submit_read();
        pci().write16(kCommonQueueSelect, 0);
        pci().write16(kCommonConfigVector, vector);
        pci().write16(kCommonQueueVector, vector);
        wrong += pci().read16(kCommonConfigVector) == kNoVector ? 0 : 1;
        wrong += pci().read16(kCommonQueueVector) == kNoVector ? 0 : 1;
        wrong += finish_read() ? 0 : 1;
        submit_read();
        wrong += finish_read() ? 0 : 1;
    }
    check_equal(wrong, 0, "T03: a vector that is not reads back as none; requests show by polling");
    check(msix.open(bench.bdf()) && bench.comes_back(), "T03: and the disk is as before");
}

// T01: what is frozen stays, while requests are under way.
void check_frozen() {
    require(bench.start(), "T01: the disk starts");
    constexpr std::uint64_t kPoison[] = {0, 1, 16, kHole, 1ULL << 63, ~std::uint64_t{0}};
    constexpr std::uint16_t kAddresses[] = {kCommonQueueDescriptors, kCommonQueueDriver,
                                            kCommonQueueDevice};
    unsigned wrong = 0;
    for (unsigned round = 0; round < 50; ++round) {
        for (const std::uint64_t poison : kPoison) {
            submit_read();
            pci().write16(kCommonQueueSelect, 0);
            const std::uint16_t size = pci().read16(kCommonQueueSize);
            pci().write16(kCommonQueueSize, static_cast<std::uint16_t>(poison));
            pci().write16(kCommonQueueEnable, static_cast<std::uint16_t>(poison));
            for (const std::uint16_t address : kAddresses) {
                const std::uint32_t low = pci().read32(address);
                pci().write64(address, poison);
                wrong += pci().read32(address) == low ? 0 : 1;
            }
            wrong += pci().read16(kCommonQueueSize) == size ? 0 : 1;
            wrong += pci().read16(kCommonQueueEnable) == 1 ? 0 : 1;
            wrong += finish_read() ? 0 : 1;
        }
    }
    check_equal(wrong, 0, "T01: a running queue keeps its registers, whatever is written to them");
    check(bench.comes_back(), "T01: and the disk is as before");
}

// V17: the enable is refused, and a driver that does not look gets nothing.
bool is_refused(std::uint64_t descriptors, std::uint64_t driver, std::uint64_t device,
                std::uint16_t size) {
    if (!pci().reset() || !pci().negotiate(kFeatureVersion1)) {
        return false;
    }
    pci().write16(kCommonQueueSelect, 0);
    pci().write64(kCommonQueueDescriptors, descriptors);
    pci().write64(kCommonQueueDriver, driver);
    pci().write64(kCommonQueueDevice, device);
    pci().write16(kCommonQueueSize, size);
    pci().write16(kCommonQueueEnable, 1);
    const bool enabled = pci().read16(kCommonQueueEnable) != 0;
    pci().add_status(kStatusDriverOk);
    pci().notify(0);
    return !enabled && (pci().status() & kStatusNeedsReset) == 0;
}

void check_bad_queues() {
    require(bench.start(), "V17: the disk starts");
    const Virtqueue& queue = bench.disk.queue();
    const std::uint64_t good[] = {queue.descriptors_address(), queue.available_address(),
                                  queue.used_address()};
    constexpr std::uint16_t kSizes[] = {0, 3, 15, 17, 0x7fff, 0x8000, 0xffff};
    unsigned wrong = 0;
    for (const std::uint16_t size : kSizes) {
        wrong += is_refused(good[0], good[1], good[2], size) ? 0 : 1;
    }
    check_equal(wrong, 0, "V17: a queue of 0, of no power of two or of too many is not enabled");
    const std::uint64_t places[] = {kHole, ~std::uint64_t{15}, 1ULL << 63, good[0] + 1};
    for (const std::uint64_t bad : places) {
        wrong += is_refused(bad, good[1], good[2], 16) ? 0 : 1;
        wrong += is_refused(good[0], bad, good[2], 16) ? 0 : 1;
        wrong += is_refused(good[0], good[1], bad, 16) ? 0 : 1;
    }
    wrong += is_refused(good[0] + 8, good[1], good[2], 16) ? 0 : 1;
    wrong += is_refused(good[0], good[1], good[2] + 2, 16) ? 0 : 1;
    check_equal(wrong, 0, "V17: a queue that is nowhere, or misaligned, is not enabled");
    check(bench.comes_back(), "V17: and the disk is as before");
}

constexpr Violation kTwice[] = {
    {"T04: a running queue enabled by 1, 0, 2 and 65535",
     [](VirtioBlk& d, unsigned n) {
         constexpr std::uint16_t kValues[] = {1, 0, 2, 0xffff};
         d.pci().write16(kCommonQueueSelect, 0);
         d.pci().write16(kCommonQueueEnable, kValues[n]);
         set_good_read(d);
         offer(d);
     },
     Fate::Done, 4},
    {"T04: DRIVER_OK again and again",
     [](VirtioBlk& d, unsigned) {
         for (unsigned i = 0; i < 100; ++i) {
             d.pci().add_status(kStatusDriverOk);
         }
         set_good_read(d);
         offer(d);
     },
     Fate::Done},
    {"T04: a queue enabled after a reset, and nothing else told",
     [](VirtioBlk& d, unsigned) {
         static_cast<void>(d.pci().reset());
         static_cast<void>(d.pci().negotiate(kFeatureVersion1));
         d.pci().write16(kCommonQueueSelect, 0);
         d.pci().write16(kCommonQueueEnable, 1);
         d.pci().add_status(kStatusDriverOk);
         d.pci().notify(0);
     }},
    {"T08: twenty resets in a row, a request under way",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         offer(d);
         for (unsigned i = 0; i < 20; ++i) {
             d.pci().write8(kCommonStatus, 0);
         }
     }},
    {"T08: bus mastering switched off and on under a request",
     [](VirtioBlk& d, unsigned) {
         const std::uint16_t command = config_read16(d.pci().bdf(), kPciCommand);
         set_good_read(d);
         offer(d);
         config_write16(d.pci().bdf(), kPciCommand,
                        static_cast<std::uint16_t>(command & ~kCommandBusMaster));
         d.pci().notify(0);
         config_write16(d.pci().bdf(), kPciCommand, command);
     },
     Fate::Done},
};

constexpr Violation kNotifications[] = {
    {"T14 V14: notifications at any place, of any width, of any value",
     [](VirtioBlk& d, unsigned) {
         for (std::uint64_t at = 1; at < kNotifyRoom; at += at < 64 ? 1 : 61) {
             const std::uint64_t place = d.pci().notify_region() + at;
             mmio_write<std::uint8_t>(place, 0);
             mmio_write<std::uint16_t>(place, 0xffff);
             mmio_write<std::uint32_t>(place, 0x10000);
             mmio_write<std::uint64_t>(place, ~std::uint64_t{0});
             static_cast<void>(mmio_read<std::uint32_t>(place));
         }
     },
     Fate::PassedOver},
    {"T14: a notification wider than its field, with another queue's number",
     [](VirtioBlk& d, unsigned n) {
         set_good_read(d);
         d.queue().publish_head(0);
         const std::uint64_t place = d.pci().notify_region();
         if (n == 0) {
             mmio_write<std::uint64_t>(place, 0x1234567812345678);
         } else {
             mmio_write<std::uint32_t>(place, 0xffff0007);
         }
     },
     Fate::Done, 2},
};

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    static MsixTable msix;
    require(msix.open(bench.bdf()), "the disk has vectors");
    enter_user_mode();
    check_selectors();
    check_vectors();
    check_frozen();
    check_bad_queues();
    bench.run_all(kTwice);
    bench.run_all(kNotifications);
    finish();
}
