// SPDX-License-Identifier: Apache-2.0
// Fuzzes SCSI from the descriptor chain to the medium: any CDB, any buffers, task management, and
// units that come and go meanwhile.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "devices/block/throttle_group.h"
#include "devices/scsi/scsi_command.h"
#include "devices/scsi/spec.h"
#include "tests/fuzz/device_io.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/scsi_commands.h"
#include "tests/harness/driver_queue.h"
#include "tests/harness/loop_wake.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "virtio/scsi/scsi_io.h"

namespace siskin {
namespace {

constexpr std::uint64_t kDiskSize = 64 * 1024;
constexpr std::uint64_t kBase = 0x100000;  // where buffers lie
constexpr std::uint64_t kRange = 0x20000;
constexpr std::uint16_t kQueueSize = 128;
constexpr std::uint8_t kFirstByte = 0x5a;  // of all that lies on a disk
// Disk, CD, no medium; some twice, as they are worth more; one that comes and goes; two that are
// not there.
constexpr std::array<virtio_spec::ScsiLunField, 8> kUnits{{{1, 0, 0, 0},
                                                           {1, 0, 0, 1},
                                                           {1, 1, 0, 0},
                                                           {1, 0, 0, 0},
                                                           {1, 0, 0, 1},
                                                           {1, 2, 0, 3},
                                                           {1, 0, 0, 7},
                                                           {1, 2, 0, 0}}};

// Names, limits and policies of every kind, by the input.
ScsiUnitOptions some_options(FuzzInput& input, bool is_cd) {
    const std::uint64_t choice = input.take(1);
    ScsiUnitOptions options;
    options.is_cd = is_cd;
    options.block_size = is_cd ? 2048 : 512;
    options.physical_block_size = is_cd || (choice & 1U) != 0 ? options.block_size : 4096;
    options.serial = (choice & 2U) != 0 ? "fuzz" : "";
    options.device_id = (choice & 4U) != 0 ? "disk" : "";
    options.wwn = choice & 8U;
    options.port_wwn = choice & 8U;
    options.port_index = (choice & 8U) != 0 ? 1 : 0;
    options.removable = (choice & 16U) != 0;
    options.dpofua = (choice & 32U) != 0;
    options.discard_granularity = (choice & 64U) != 0 ? 0 : 4096;
    options.write_cache = (choice & 128U) == 0;
    options.max_unmap_size = 16 * 1024;
    constexpr std::array kPolicies{BlockOnError::Stop, BlockOnError::Report, BlockOnError::Enospc,
                                   BlockOnError::Ignore};
    options.on_write_error = kPolicies[input.pick(kPolicies.size())];
    options.on_read_error = options.on_write_error == BlockOnError::Enospc ? BlockOnError::Report
                                                                           : options.on_write_error;
    return options;
}

// A disk, or a CD that may be empty.
struct Unit {
    Unit(const ScsiUnitOptions& options, bool has_medium, bool read_only)
        : disk(kDiskSize, read_only), unit(options, 8, nullptr, nullptr) {
        std::fill(disk.bytes.begin(), disk.bytes.end(), kFirstByte);
        if (has_medium) {
            put_in();
        }
    }
    void put_in() {
        [[maybe_unused]] const auto former =
            unit.change_medium(std::move(*ScsiMedium::create(disk, unit.options(), 8)));
    }
    void take_out() { [[maybe_unused]] const auto former = unit.change_medium(nullptr); }
    void limit(const std::shared_ptr<ThrottleGroup>& group) const {
        if (unit.medium() != nullptr) {
            unit.medium()->engine().set_group(group);
        }
    }
    MemoryDisk disk;
    ScsiUnit unit;
};

struct Machine {
    explicit Machine(FuzzInput& input)
        : disk(some_options(input, false), true, false),
          cd(some_options(input, true), true, false),
          empty(some_options(input, true), false, true),
          plugged(some_options(input, false), true, true),
          io(*EventFd::create(), shared) {
        disk.disk.unmap = input.flip();
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
        wake.wake();
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
    // Not without need: it would start again what was forgotten.
    void resume_if_due() {
        const bool is_stopped = std::any_of(units.begin(), units.end(), [](const Unit* unit) {
            return unit->unit.stop_error() != 0;
        });
        if (is_paused || is_stopped) {
            is_paused = false;
            io.resume();
            for (Unit* const unit : units) {
                unit->unit.forget_stop_error();
            }
        }
    }
    // Nothing is held up any more.
    void let_go() {
        for (const Unit* const unit : {&disk, &cd}) {
            unit->limit(nullptr);
        }
        for (int round = 0; round < 4; ++round) {
            disk.disk.let_go();
            turn();
        }
        require(still != Still::Waiting);
        if (still == Still::Reached) {
            still = Still::No;
            io.let_go();
        }
    }

    TestGuest guest;
    Unit disk;
    Unit cd;
    Unit empty;
    Unit plugged;
    std::array<Unit*, 4> units{&disk, &cd, &empty, &plugged};
    IoLoop loop = *IoLoop::create();
    test::LoopWake wake{loop};
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
    bool is_plugged = false;
    bool is_paused = false;
    enum class Still { No, Waiting, Reached } still = Still::No;
};

// The first commands of a unit only hear that it is new.
void hear_attentions(Machine& machine) {
    for (int round = 0; round < 3; ++round) {
        for (const std::size_t unit : {0U, 1U, 5U}) {
            const std::uint64_t at = machine.guest.allocate(51);
            virtio_spec::ScsiRequestHeader header;
            header.lun = kUnits[unit];
            machine.guest.write(at, header);
            machine.offer(2, {{at, 51, false}, {machine.guest.allocate(108), 108, true}});
        }
    }
    machine.turn();
}

// A header with a unit that is there, most of the time; a command, or bytes that are none; data of
// the size it asks for, most of the time.
void put_command(FuzzInput& input, Machine& machine) {
    TestGuest& guest = machine.guest;
    const std::uint64_t at = guest.allocate(51);
    const std::uint64_t where = input.take(1);
    virtio_spec::ScsiRequestHeader header;
    header.lun = kUnits[where & 7U];
    if ((where & 0x38U) == 0x38U) {
        header.lun = {
            static_cast<std::uint8_t>(input.take(1)), static_cast<std::uint8_t>(input.take(1)),
            static_cast<std::uint8_t>(input.take(1)), static_cast<std::uint8_t>(input.take(1))};
    }
    header.id = where >> 4U;
    guest.write(at, header);
    const bool is_cd = header.lun == kUnits[1] || header.lun == kUnits[2];
    const std::uint32_t block_size = is_cd ? 2048 : 512;
    ScsiCase made = make_scsi_case(input, block_size, kDiskSize / block_size);
    const std::uint64_t shape = input.take(1);
    if ((shape & 0x7U) == 0) {
        for (std::uint8_t& byte : made.cdb) {
            byte = static_cast<std::uint8_t>(input.take(1));
        }
    }
    guest.put(at + sizeof(header), made.cdb);
    const ScsiCommand command = read_command(made.cdb, block_size);
    std::uint64_t size = std::min(command.data_size, kRange);
    if ((shape & 0x38U) == 0x38U) {
        size = input.take(1) * 64;
    }
    std::vector<DriverBuffer> buffers{{at, (shape & 0x38U) == 0x18U ? 50U : 51U, false}};
    const std::uint64_t data = kBase + (input.take(1) << 8U);
    made.parameters.resize(std::max<std::size_t>(made.parameters.size(), block_size));
    guest.put(data, made.parameters);
    // Few requests have both directions, or the wrong one, which is an error.
    const bool sends = (command.direction == ScsiDirection::FromDriver) != ((shape & 0xc0U) == 0);
    const auto half = static_cast<std::uint32_t>((shape & 0x40U) != 0 ? size / 2 : size);
    const auto rest = static_cast<std::uint32_t>(size - half);
    std::vector<DriverBuffer> parts;
    for (const DriverBuffer& part :
         {DriverBuffer{data, half, !sends}, DriverBuffer{data + half, rest, !sends}}) {
        if (part.length != 0) {
            parts.push_back(part);
        }
    }
    if (sends) {
        buffers.insert(buffers.end(), parts.begin(), parts.end());
    }
    buffers.push_back({guest.allocate(108), 108, true});
    if (!sends) {
        buffers.insert(buffers.end(), parts.begin(), parts.end());
    }
    machine.offer(2, buffers);
}

void put_control(FuzzInput& input, Machine& machine) {
    const std::uint64_t at = machine.guest.allocate(24);
    const std::uint64_t choice = input.take(1);
    virtio_spec::ScsiTaskManagementRequest request;
    request.subtype = static_cast<std::uint32_t>(choice & 7U);
    request.lun = kUnits[choice >> 3U & 7U];
    const std::uint64_t more = input.take(1);
    request.id = more & 0xfU;
    machine.guest.write(at, static_cast<std::uint8_t>(more >> 4U < 4 ? more >> 4U : 0));
    machine.guest.write(at + sizeof(std::uint32_t), request);
    if (choice >> 6U == 3) {
        machine.guest.write(at + input.pick(24), static_cast<std::uint8_t>(input.take(1)));
    }
    const std::uint64_t cut = input.take(1);
    machine.offer(0, {{at, cut % 8 != 0 ? 24U : static_cast<std::uint32_t>(1 + cut / 8), false},
                      {machine.guest.allocate(5), 5, true}});
}

// What the host does with media, one at a time.
void change_unit(FuzzInput& input, Machine& machine) {
    const std::uint64_t choice = input.take(1);
    Unit& unit = (choice & 0x80U) != 0 ? machine.disk : machine.cd;
    if (unit.unit.is_waiting()) {
        return;
    }
    switch (choice & 7U) {
        case 0: unit.unit.move_tray((choice & 8U) != 0); break;
        case 1: unit.unit.request_eject((choice & 8U) != 0); break;
        case 2: unit.unit.when_idle([&unit] { unit.take_out(); }); break;
        case 3:
            unit.unit.when_idle([&unit] {
                unit.take_out();
                unit.put_in();
            });
            break;
        case 4:
            unit.unit.when_idle([&unit] {
                unit.take_out();
                unit.disk.refuse_attach = true;
                unit.put_in();
                unit.disk.refuse_attach = false;
            });
            break;
        default:
            unit.unit.when_idle([&unit, &machine, choice] {
                unit.disk.bytes.resize(kDiskSize - (choice & 0x78U) * 512);
                if (unit.unit.medium() != nullptr) {
                    machine.io.update_capacity(unit.unit);
                }
            });
    }
}

void plug_or_unplug(Machine& machine) {
    if (machine.plugged.unit.is_waiting()) {
        return;
    }
    if (!machine.is_plugged) {
        machine.io.add_unit(machine.plugged.unit, {2, 3}, true);
    } else {
        machine.io.remove_unit(machine.plugged.unit, [] {});
    }
    machine.is_plugged = !machine.is_plugged;
}

void hold_or_let_go(Machine& machine) {
    if (machine.still == Machine::Still::No) {
        machine.still = Machine::Still::Waiting;
        machine.io.hold_still([&machine] { machine.still = Machine::Still::Reached; });
    } else if (machine.still == Machine::Still::Reached) {
        machine.still = Machine::Still::No;
        machine.io.let_go();
    }
}

void change_limits(FuzzInput& input, Machine& machine) {
    std::shared_ptr<ThrottleGroup> group;
    if (input.flip()) {
        group = std::make_shared<ThrottleGroup>("slow");
        ThrottleLimits limits;
        limits.of(ThrottleUnit::Requests, ThrottleScope::Total).average = 1;
        group->configure(limits);
    }
    machine.disk.limit(group);
}

// What is not a command.
void step(FuzzInput& input, Machine& machine, std::uint64_t which) {
    MemoryDisk& disk = machine.disk.disk;
    switch (which) {
        case 0: put_control(input, machine); break;
        case 1: machine.offer(1, {{kBase, static_cast<std::uint32_t>(input.take(1)), true}}); break;
        case 2: plug_or_unplug(machine); break;
        case 3: change_unit(input, machine); break;
        case 4: machine.turn(); break;
        case 5:
            machine.is_paused = false;
            machine.io.resume();
            break;
        case 6:
            machine.is_paused = true;
            machine.io.pause([] {});
            break;
        case 7: disk.hold(); break;
        case 8: disk.let_go(static_cast<std::int64_t>(input.take(1) % 4)); break;
        case 9: disk.hand_back(); break;
        case 10: hold_or_let_go(machine); break;
        default: change_limits(input, machine); break;
    }
}

void run(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    Machine machine(input);
    if (input.flip()) {
        plug_or_unplug(machine);
    }
    if (const std::uint64_t failing = input.take(1); failing % 4 == 0) {
        machine.disk.disk.fail_operation(static_cast<unsigned>(failing >> 4U),
                                         (failing & 8) != 0 ? ENOSPC : EIO);
    }
    if (input.take(1) % 8 != 0) {
        hear_attentions(machine);
    }
    while (!input.empty()) {
        const std::uint64_t which = input.take(1) % 32;
        if (which < 12) {
            step(input, machine, which);
        } else {
            put_command(input, machine);
        }
    }
    machine.let_go();
    for (int turn = 0; turn < 16; ++turn) {
        machine.resume_if_due();
        machine.turn();
    }
    // Each command and each control request was answered.
    require(machine.drivers[2]->used_index() == machine.offered[2]);
    require(machine.drivers[0]->used_index() == machine.offered[0]);
    require(!machine.disk.unit.is_waiting() && !machine.cd.unit.is_waiting());
    bool gone = false;
    machine.io.deactivate(machine.loop, [&] { gone = true; });
    require(gone);
    // It is read-only.
    require(machine.plugged.disk.bytes == std::vector<std::uint8_t>(kDiskSize, kFirstByte));
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
