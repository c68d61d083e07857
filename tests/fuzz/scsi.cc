// SPDX-License-Identifier: Apache-2.0
// Fuzzes SCSI from the descriptor chain to the medium: any CDB, any buffers, task management, and
// units that come and go meanwhile.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "devices/scsi/spec.h"
#include "tests/fuzz/device_io.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "virtio/scsi/scsi_io.h"

namespace siskin {
namespace {

constexpr std::uint64_t kDiskSize = 64 * 1024;
constexpr std::uint64_t kBase = 0x100000;  // where buffers lie
constexpr std::uint64_t kRange = 0x20000;
constexpr std::uint16_t kQueueSize = 64;

// What a fuzzer does not find in time: operations, and where the last byte of their length is.
struct Operation {
    std::uint8_t code;
    std::uint8_t length_at;
};
constexpr std::array kOperations{Operation{scsi_spec::kRequestSense, 4},
                                 Operation{scsi_spec::kRead6, 4},
                                 Operation{scsi_spec::kWrite6, 4},
                                 Operation{scsi_spec::kInquiry, 4},
                                 Operation{scsi_spec::kModeSelect6, 4},
                                 Operation{scsi_spec::kModeSense6, 4},
                                 Operation{scsi_spec::kStartStopUnit, 4},
                                 Operation{scsi_spec::kPreventAllowRemoval, 4},
                                 Operation{scsi_spec::kTestUnitReady, 8},
                                 Operation{scsi_spec::kReadCapacity10, 8},
                                 Operation{scsi_spec::kRead10, 8},
                                 Operation{scsi_spec::kWrite10, 8},
                                 Operation{scsi_spec::kWriteAndVerify10, 8},
                                 Operation{scsi_spec::kVerify10, 8},
                                 Operation{scsi_spec::kSynchronizeCache10, 8},
                                 Operation{scsi_spec::kWriteSame10, 8},
                                 Operation{scsi_spec::kUnmap, 8},
                                 Operation{scsi_spec::kReadToc, 8},
                                 Operation{scsi_spec::kGetConfiguration, 8},
                                 Operation{scsi_spec::kGetEventStatus, 8},
                                 Operation{scsi_spec::kReadDiscInformation, 8},
                                 Operation{scsi_spec::kModeSelect10, 8},
                                 Operation{scsi_spec::kModeSense10, 8},
                                 Operation{scsi_spec::kRead16, 13},
                                 Operation{scsi_spec::kWrite16, 13},
                                 Operation{scsi_spec::kWriteAndVerify16, 13},
                                 Operation{scsi_spec::kVerify16, 13},
                                 Operation{scsi_spec::kSynchronizeCache16, 13},
                                 Operation{scsi_spec::kWriteSame16, 13},
                                 Operation{scsi_spec::kServiceActionIn16, 13},
                                 Operation{scsi_spec::kReportLuns, 9},
                                 Operation{scsi_spec::kRead12, 9},
                                 Operation{scsi_spec::kWrite12, 9},
                                 Operation{scsi_spec::kWriteAndVerify12, 9},
                                 Operation{scsi_spec::kVerify12, 9}};
constexpr std::array<virtio_spec::ScsiLunField, 4> kUnits{
    {{1, 0, 0, 0}, {1, 0, 0, 1}, {1, 1, 0, 0}, {1, 2, 0, 3}}};

// What lies in the unit: a disk, or a CD that may be empty.
struct Unit {
    Unit(bool is_cd, bool has_medium, bool read_only)
        : disk(kDiskSize, read_only), unit(options(is_cd), 8, nullptr, nullptr) {
        if (has_medium) {
            [[maybe_unused]] const auto former =
                unit.change_medium(std::move(*ScsiMedium::create(disk, unit.options(), 8)));
        }
    }
    static ScsiUnitOptions options(bool is_cd) {
        ScsiUnitOptions options;
        options.is_cd = is_cd;
        options.block_size = is_cd ? 2048 : 512;
        options.physical_block_size = options.block_size;
        options.serial = "fuzz";
        options.on_write_error = BlockOnError::Enospc;
        return options;
    }
    MemoryDisk disk;
    ScsiUnit unit;
};

struct Machine {
    Machine() : io(*EventFd::create(), shared) {
        io.add_unit(disk.unit, {0, 0}, false);
        io.add_unit(cd.unit, {0, 1}, false);
        io.add_unit(empty.unit, {1, 0}, false);
        ActiveQueues queues;
        queues.accepted =
            FeatureSet{virtio_spec::kScsiFeatureHotplug, virtio_spec::kScsiFeatureChange};
        for (std::uint16_t index = 0; index < 3; ++index) {
            queues.queues.push_back(ActiveQueue{QueueIndex{index}, drivers[index]->virtqueue(),
                                                kicks[index], interrupt});
        }
        io.activate(loop, std::move(queues), host);
    }
    void turn() {
        kicks[2].signal();
        loop.run_one_turn();
    }
    void offer(std::uint16_t queue, const std::vector<DriverBuffer>& buffers) {
        if (next[queue] + buffers.size() > kQueueSize) {
            return;
        }
        drivers[queue]->put_available(drivers[queue]->put_chain(next[queue], buffers));
        next[queue] = static_cast<std::uint16_t>(next[queue] + buffers.size());
        ++offered[queue];
        kicks[queue].signal();
    }

    TestGuest guest;
    Unit disk{false, true, false};
    Unit cd{true, true, false};
    Unit empty{true, false, true};
    Unit plugged{false, true, true};
    IoLoop loop = *IoLoop::create();
    std::array<std::unique_ptr<DriverQueue>, 3> drivers{
        std::make_unique<DriverQueue>(guest, kQueueSize),
        std::make_unique<DriverQueue>(guest, kQueueSize),
        std::make_unique<DriverQueue>(guest, kQueueSize)};
    std::array<EventFd, 3> kicks{*EventFd::create(), *EventFd::create(), *EventFd::create()};
    std::array<std::uint16_t, 3> next{};
    std::array<std::uint16_t, 3> offered{};
    SilentInterrupt interrupt;
    SilentHost host;
    ScsiShared shared;
    ScsiIo io;
};

// The first commands of a unit only hear that it is new.
void hear_attentions(Machine& machine) {
    for (int round = 0; round < 2; ++round) {
        for (std::uint8_t lun = 0; lun < 2; ++lun) {
            const std::uint64_t at = machine.guest.allocate(51);
            virtio_spec::ScsiRequestHeader header;
            header.lun = {virtio_spec::kScsiLunFirst, 0, 0, lun};
            machine.guest.write(at, header);
            machine.offer(2, {{at, 51, false}, {machine.guest.allocate(108), 108, true}});
        }
    }
    machine.turn();
}

// A header with a unit that is there, most of the time; a CDB, of an operation that there is or of
// any bytes; data of a few blocks.
void put_command(FuzzInput& input, Machine& machine) {
    TestGuest& guest = machine.guest;
    const std::uint64_t at = guest.allocate(51);
    const std::uint64_t where = input.take(1);
    virtio_spec::ScsiRequestHeader header;
    header.lun = kUnits[where & 3U];
    if ((where & 0xcU) == 0xcU) {
        header.lun = {
            static_cast<std::uint8_t>(input.take(1)), static_cast<std::uint8_t>(input.take(1)),
            static_cast<std::uint8_t>(input.take(1)), static_cast<std::uint8_t>(input.take(1))};
    }
    header.id = where >> 4U;
    guest.write(at, header);
    const std::uint64_t shape = input.take(1);
    const std::uint64_t cdb = at + sizeof(header);
    if ((shape & 0x10) != 0) {
        for (std::uint64_t index = 0; index < (shape & 0xfU); ++index) {
            guest.write(cdb + index, static_cast<std::uint8_t>(input.take(1)));
        }
    } else {
        const Operation& operation = kOperations[input.pick(kOperations.size())];
        guest.write(cdb, operation.code);
        for (std::uint64_t index = 1; index <= (shape & 3U); ++index) {
            guest.write(cdb + index, static_cast<std::uint8_t>(input.take(1)));
        }
        guest.write(cdb + operation.length_at, static_cast<std::uint8_t>(input.take(1)));
        if ((shape & 4U) != 0) {
            const std::size_t index = 1 + input.pick(15);
            guest.write(cdb + index, static_cast<std::uint8_t>(input.take(1)));
        }
    }
    std::vector<DriverBuffer> buffers{{at, (shape & 0x28) == 0x28 ? 50U : 51U, false}};
    const std::uint64_t data = kBase + input.take(2) % kRange;
    // Few requests have both directions, which is an error.
    const bool sends = (shape & 0xc0) == 0x40 || (shape & 0xe0) == 0xe0;
    const auto size = static_cast<std::uint32_t>((input.take(1) ^ 0x3fU) * 64);
    if (sends && size != 0) {
        for (std::uint32_t index = 0; index < 32; ++index) {
            guest.write(data + index, static_cast<std::uint8_t>(input.take(1)));
        }
        buffers.push_back({data, size, false});
    }
    buffers.push_back({guest.allocate(108), 108, true});
    if ((!sends || (shape & 0x80) != 0) && size != 0) {
        buffers.push_back({data, size, true});
    }
    machine.offer(2, buffers);
}

void put_control(FuzzInput& input, Machine& machine) {
    const std::uint64_t at = machine.guest.allocate(24);
    for (std::uint64_t index = 0; index < 24; ++index) {
        machine.guest.write(at + index,
                            static_cast<std::uint8_t>(index % 4 == 0 ? input.take(1) % 10 : 0));
    }
    machine.offer(0, {{at, static_cast<std::uint32_t>(1 + input.take(1) % 24), false},
                      {machine.guest.allocate(5), 5, true}});
}

void run(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    Machine machine;
    bool is_plugged = false;
    if (const std::uint64_t failing = input.take(1); failing % 4 == 0) {
        machine.disk.disk.fail_operation(static_cast<unsigned>(failing >> 4U),
                                         (failing & 8) != 0 ? ENOSPC : EIO);
    }
    if (input.flip()) {
        hear_attentions(machine);
    }
    while (!input.empty()) {
        switch (input.take(1) % 8) {
            case 0: put_control(input, machine); break;
            case 1:
                machine.offer(1, {{kBase, static_cast<std::uint32_t>(input.take(1)), true}});
                break;
            case 2:
                if (!is_plugged) {
                    machine.io.add_unit(machine.plugged.unit, {2, 3}, true);
                } else {
                    machine.io.remove_unit(machine.plugged.unit, [] {});
                }
                is_plugged = !is_plugged;
                break;
            case 3: machine.io.update_capacity(machine.disk.unit); break;
            case 4: machine.turn(); break;
            case 5: machine.io.resume(); break;
            default: put_command(input, machine);
        }
    }
    for (int turn = 0; turn < 16; ++turn) {
        machine.turn();
        if (turn == 8) {
            machine.io.resume();
        }
    }
    // Each command and each control request was answered.
    require(machine.drivers[2]->used_index() == machine.offered[2]);
    require(machine.drivers[0]->used_index() == machine.offered[0]);
    bool gone = false;
    machine.io.deactivate(machine.loop, [&] { gone = true; });
    require(gone);
    for (std::uint8_t byte : machine.plugged.disk.bytes) {
        require(byte == 0);  // it is read-only
    }
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
