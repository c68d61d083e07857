// SPDX-License-Identifier: Apache-2.0
// Breaks the rules of the virtio-pci registers, one at a time (virtio 1.2 §4.1.4.3).
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/runtime/io.h"

using namespace siskin::guest;

namespace {

constexpr std::uint64_t kHole = 0xfd000000;  // no RAM, no device

HostileBench bench;
alignas(4096) std::uint64_t buffer[kWordsPerSector];

bool reads_well(VirtioBlk& disk) {
    return disk.run(kBlockIn, 0, buffer, kSectorSize) == kBlockOk;
}

void poison_queue(const VirtioPci& pci, std::uint64_t address, std::uint16_t size) {
    pci.write16(kCommonQueueSelect, 0);
    pci.write64(kCommonQueueDescriptors, address);
    pci.write64(kCommonQueueDriver, address);
    pci.write64(kCommonQueueDevice, address);
    pci.write16(kCommonQueueSize, size);
}

// Up to the point where the queue would be set up.
bool negotiate_again(VirtioPci& pci) {
    return pci.reset() && pci.negotiate(kFeatureVersion1);
}

void write_status(VirtioBlk& disk, std::uint8_t status) {
    disk.pci().write8(kCommonStatus, status);
}

constexpr Violation kQueueRegisters[] = {
    {"the queue's registers written after DRIVER_OK (bad addresses)",
     [](VirtioBlk& d) { poison_queue(d.pci(), kHole, HostileBench::kQueueSize); }},
    {"the queue's registers written after DRIVER_OK (size 0)",
     [](VirtioBlk& d) { d.pci().write16(kCommonQueueSize, 0); }},
    {"the queue's registers written after DRIVER_OK (size 65535)",
     [](VirtioBlk& d) { d.pci().write16(kCommonQueueSize, 0xffff); }},
    {"a queue enabled twice", [](VirtioBlk& d) { d.pci().write16(kCommonQueueEnable, 1); }},
    {"a queue enabled by 0", [](VirtioBlk& d) { d.pci().write16(kCommonQueueEnable, 0); }},
    {"a queue enabled by 65535", [](VirtioBlk& d) { d.pci().write16(kCommonQueueEnable, 0xffff); }},
    {"a queue enabled whose rings are nowhere",
     [](VirtioBlk& d) {
         if (negotiate_again(d.pci())) {
             poison_queue(d.pci(), kHole, HostileBench::kQueueSize);
             d.pci().write16(kCommonQueueEnable, 1);
             d.pci().add_status(kStatusDriverOk);
             d.pci().notify(0);
         }
     }},
    {"a queue enabled whose rings wrap around",
     [](VirtioBlk& d) {
         if (negotiate_again(d.pci())) {
             poison_queue(d.pci(), ~std::uint64_t{15}, HostileBench::kQueueSize);
             d.pci().write16(kCommonQueueEnable, 1);
             d.pci().add_status(kStatusDriverOk);
             d.pci().notify(0);
         }
     }},
    {"a queue size that is no power of two",
     [](VirtioBlk& d) {
         if (negotiate_again(d.pci())) {
             d.pci().write16(kCommonQueueSelect, 0);
             d.pci().write16(kCommonQueueSize, 15);
             d.pci().write16(kCommonQueueEnable, 1);
             d.pci().add_status(kStatusDriverOk);
             d.pci().notify(0);
         }
     }},
};

constexpr Violation kStates[] = {
    {"a notification before DRIVER_OK",
     [](VirtioBlk& d) {
         if (negotiate_again(d.pci())) {
             d.pci().notify(0);
         }
     }},
    {"a notification after a reset",
     [](VirtioBlk& d) {
         static_cast<void>(d.pci().reset());
         d.pci().notify(0);
     }},
    {"a thousand notifications",
     [](VirtioBlk& d) {
         for (unsigned i = 0; i < 1000; ++i) {
             d.pci().notify(0);
         }
     }},
    {"every status bit", [](VirtioBlk& d) { write_status(d, 0xff); }},
    {"status bits taken back", [](VirtioBlk& d) { write_status(d, kStatusAcknowledge); }},
    {"DRIVER_OK alone",
     [](VirtioBlk& d) {
         static_cast<void>(d.pci().reset());
         write_status(d, kStatusDriverOk);
         d.pci().notify(0);
     }},
    {"features changed after FEATURES_OK",
     [](VirtioBlk& d) {
         d.pci().write32(kCommonDriverFeatureSelect, 0);
         d.pci().write32(kCommonDriverFeature, 0xffffffff);
     }},
    {"twenty resets in a row",
     [](VirtioBlk& d) {
         for (unsigned i = 0; i < 20; ++i) {
             write_status(d, 0);
         }
     }},
    {"every register written with ones, every width",
     [](VirtioBlk& d) {
         for (std::uint16_t offset = 0; offset < 56; ++offset) {
             d.pci().write8(offset, 0xff);
             d.pci().write16(offset, 0xffff);
             d.pci().write32(offset, 0xffffffff);
             mmio_write(d.pci().common() + offset, ~std::uint64_t{0});
         }
     }},
    {"every register read, every width",
     [](VirtioBlk& d) {
         for (std::uint64_t at = d.pci().common(); at < d.pci().common() + 80; ++at) {
             static_cast<void>(mmio_read<std::uint8_t>(at));
             static_cast<void>(mmio_read<std::uint16_t>(at));
             static_cast<void>(mmio_read<std::uint32_t>(at));
             static_cast<void>(mmio_read<std::uint64_t>(at));
         }
     }},
    {"the device configuration written and read beyond its end",
     [](VirtioBlk& d) {
         for (std::uint64_t at = 0; at < 0x100; at += 4) {
             mmio_write(d.pci().device_config() + at, 0xffffffffU);
             static_cast<void>(mmio_read<std::uint32_t>(d.pci().device_config() + at));
         }
     }},
    {"bus mastering switched off under a request",
     [](VirtioBlk& d) {
         const std::uint16_t command = config_read16(d.pci().bdf(), kPciCommand);
         config_write16(d.pci().bdf(), kPciCommand,
                        static_cast<std::uint16_t>(command & ~kCommandBusMaster));
         d.pci().notify(0);
         config_write16(d.pci().bdf(), kPciCommand, command);
     }},
};

// What the specification promises in so many words.
void check_promises(VirtioBlk& disk) {
    VirtioPci& pci = disk.pci();
    const std::uint16_t absent[] = {pci.queue_count(), 0x7fff};
    for (const std::uint16_t select : absent) {
        pci.write16(kCommonQueueSelect, select);
        check_equal(pci.read16(kCommonQueueSize), 0, "a queue that is not has size 0");
    }
    pci.write16(kCommonQueueSelect, 0);
    pci.write32(kCommonDeviceFeatureSelect, 7);
    check_equal(pci.read32(kCommonDeviceFeature), 0, "there are no features 224 and up");
    pci.write16(kCommonConfigVector, 0x7ff);
    check_equal(pci.read16(kCommonConfigVector), kNoVector,
                "a vector that is not reads back as none");
    pci.write16(kCommonQueueVector, 0xfffe);
    check_equal(pci.read16(kCommonQueueVector), kNoVector,
                "a queue's vector that is not reads back as none");
    check(reads_well(disk), "the disk still reads");
    poison_queue(pci, kHole, 1);
    check(reads_well(disk), "a running queue ignores its registers");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    check_promises(bench.disk);
    for (const Violation& violation : kQueueRegisters) {
        bench.run(violation);
    }
    for (const Violation& violation : kStates) {
        bench.run(violation);
    }
    finish();
}
