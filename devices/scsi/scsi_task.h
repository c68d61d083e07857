// SPDX-License-Identifier: Apache-2.0
// ScsiTask: one command at a unit, from its CDB to its status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "devices/block/block_counters.h"
#include "devices/block/block_operation.h"
#include "devices/scsi/scsi_command.h"
#include "devices/scsi/scsi_sense.h"

namespace siskin {

class ScsiUnit;

// A slot of the transport, which fills in `command` and `data` and hands it to ScsiUnit::execute();
// the unit's until on_done() or on_kept(). It is its block operation, too, so nothing is allocated.
// Thread: the IoThread's.
class ScsiTask : public BlockOperation {
public:
    ScsiCommand command;
    // As many bytes as the command moves, in its direction; changed on the way.
    std::span<iovec> data;
    // The transport wants it to end: what is under way ends, and nothing more is begun for it.
    bool cancelled = false;

    // When it is done. `sense` goes with CHECK CONDITION.
    std::uint8_t status = 0;
    ScsiSense sense;
    std::uint64_t transferred = 0;  // bytes of data, from the start

    // Once, perhaps inside execute().
    virtual void on_done() = 0;
    // The host failed it and the machine stops: kept until ScsiUnit::retry(). From now on no
    // command is to be handed over.
    virtual void on_kept() = 0;
    // It waited for a limit and was handed back (ScsiUnit::hand_back_held()): kept until
    // ScsiUnit::retry().
    virtual void on_handed_back() = 0;

    // Copies what lies at `offset` of the data; all of it is there.
    void copy_out(std::uint64_t offset, std::span<std::uint8_t> into) const;
    // Writes to the start of the data as much as there is room for.
    void copy_in(std::span<const std::uint8_t> from);
    [[nodiscard]] bool is_all_zero() const;

private:
    friend class ScsiUnit;
    void complete(int error_number) final;

    ScsiUnit* unit_ = nullptr;
    std::uint64_t begun_ns_ = 0;
    std::uint64_t size_ = 0;  // bytes that count
    std::uint64_t end_ = 0;   // where its range ends, in bytes
    BlockAccount account_ = BlockAccount::Flush;
    std::uint32_t descriptors_left_ = 0;  // of an UNMAP
    std::uint64_t next_descriptor_ = 0;   // where in the data
    bool moves_data_ = false;             // READ and WRITE
    std::uint64_t medium_number_ = 0;
};

}  // namespace siskin
