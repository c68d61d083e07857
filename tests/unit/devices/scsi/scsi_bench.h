// SPDX-License-Identifier: Apache-2.0
// ScsiBench: a logical unit on a disk in memory, and one initiator that sends it commands.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devices/scsi/scsi_unit.h"
#include "tests/unit/virtio/memory_disk.h"

namespace siskin {

using Bytes = std::vector<std::uint8_t>;

class TestTask final : public ScsiTask {
public:
    void on_done() override { is_done = true; }
    void on_kept() override { is_kept = true; }
    void on_handed_back() override { is_handed_back = true; }

    bool is_done = false;
    bool is_kept = false;
    bool is_handed_back = false;
    Bytes bytes;  // the data, in either direction
    iovec buffer{};
};

struct RecordedTray final : ScsiUnitEvents {
    void on_tray_moved(bool is_open) override { moves.push_back(is_open); }
    std::vector<bool> moves;
};

struct RecordedErrors final : BlockErrorSink {
    void on_block_error(const BlockError& error) override { errors.push_back(error); }
    std::vector<BlockError> errors;
};

struct ScsiBench {
    static constexpr std::uint64_t kDiskSize = 1024 * 1024;
    static constexpr std::size_t kTasksMax = 4;

    explicit ScsiBench(ScsiUnitOptions options = {}, bool has_medium = true, bool read_only = false)
        : disk(kDiskSize, read_only),
          loop(*IoLoop::create()),
          unit(std::move(options), kTasksMax, &errors, &tray) {
        unit.attach(loop);
        if (has_medium) {
            insert();
        }
        // Power-on and the new medium have been told of.
        while (run({0, 0, 0, 0, 0, 0})->sense.key == 6) {
        }
    }
    ~ScsiBench() { unit.detach(); }
    ScsiBench(const ScsiBench&) = delete;
    ScsiBench& operator=(const ScsiBench&) = delete;

    static ScsiUnitOptions cd() {
        ScsiUnitOptions options;
        options.is_cd = true;
        options.block_size = 2048;
        options.physical_block_size = 2048;
        options.discard_granularity = 0;
        return options;
    }

    void insert() {
        auto medium = ScsiMedium::create(disk, unit.options(), kTasksMax);
        SISKIN_ASSERT(medium.has_value());
        [[maybe_unused]] const auto former = unit.change_medium(std::move(*medium));
    }
    // Hands it over and does not wait.
    std::unique_ptr<TestTask> send(const Bytes& cdb, Bytes data_out = {}) {
        auto task = std::make_unique<TestTask>();
        task->command = read_command(cdb, unit.options().block_size);
        task->bytes = std::move(data_out);
        task->bytes.resize(task->command.direction == ScsiDirection::None
                               ? 0
                               : static_cast<std::size_t>(task->command.data_size),
                           kUntouched);
        task->buffer = iovec{task->bytes.data(), task->bytes.size()};
        task->data = std::span(&task->buffer, task->bytes.empty() ? 0 : 1);
        unit.execute(*task);
        return task;
    }
    void finish(const TestTask& task) {
        while (!task.is_done && !task.is_kept) {
            loop.run_one_turn();
        }
    }
    std::unique_ptr<TestTask> run(const Bytes& cdb, Bytes data_out = {}) {
        auto task = send(cdb, std::move(data_out));
        finish(*task);
        return task;
    }

    static constexpr std::uint8_t kUntouched = 0xa5;

    RecordedTray tray;
    RecordedErrors errors;
    MemoryDisk disk;
    IoLoop loop;
    ScsiUnit unit;
};

}  // namespace siskin
