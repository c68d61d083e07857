// SPDX-License-Identifier: Apache-2.0
// StampingDriver: a virtio-blk driver that keeps several random writes of self-describing sectors
// under way, and flushes, discards and zeroes between them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"
#include "tools/guest/sector_writer.h"

namespace siskin::test {

// How the write cache is used.
enum class WriteCache { On, Off, Switched };

class StampingDriver {
public:
    using Writer = guest::SectorWriter;

    StampingDriver(VirtioBench& bench, const Writer::Options& options, guest::WriterLog& log,
                   WriteCache cache)
        : bench_(bench),
          driver_(bench.guest, kQueueSize),
          writer_(options, log),
          cache_(cache),
          words_(std::size_t{Writer::kSectorsMax} * guest::kStampedWords) {
        bench_.start(driver_,
                     {virtio_spec::kBlockFeatureFlush, virtio_spec::kBlockFeatureConfigWce,
                      virtio_spec::kBlockFeatureDiscard, virtio_spec::kBlockFeatureWriteZeroes});
        for (Slot& slot : slots_) {
            slot = Slot{bench.guest.allocate(sizeof(virtio_spec::BlockRequestHeader)),
                        bench.guest.allocate(kSizeMax, 4096), bench.guest.allocate(1)};
        }
        if (cache_ != WriteCache::On) {
            set_write_through(true);
        }
    }

    // So many requests, from the first to the end of the last.
    void run(unsigned requests) {
        unsigned started = 0;
        unsigned finished = 0;
        while (finished < requests) {
            // A few at a time, as a driver has them.
            for (unsigned slot = 0; slot < Writer::kSlots && started < requests; ++slot) {
                if (writer_.is_idle(slot) && writer_.random(4) != 0) {
                    submit(slot);
                    ++started;
                }
            }
            bench_.notify();
            finished += collect();
            if (cache_ == WriteCache::Switched && writer_.random(8) == 0) {
                set_write_through(!write_through_);
            }
        }
    }

private:
    static constexpr std::uint16_t kQueueSize = 64;
    static constexpr std::uint64_t kSizeMax = std::uint64_t{Writer::kSectorsMax} * 512;
    static constexpr std::uint16_t kDescriptorsPerSlot = 6;
    static constexpr unsigned kPiecesMax = 4;

    struct Slot {
        std::uint64_t header = 0;
        std::uint64_t data = 0;
        std::uint64_t status = 0;
    };

    void set_write_through(bool on) {
        // The log never says of a write that it is durable before the device was told.
        if (!on) {
            writer_.set_write_through(false);
        }
        bench_.pci.memory_write(VirtioBench::kBar + VirtioPci::kDeviceOffset + kWritebackOffset, 1,
                                on ? 0 : 1);
        if (on) {
            writer_.set_write_through(true);
        }
        write_through_ = on;
    }

    void submit(unsigned number) {
        const Slot& slot = slots_.at(number);
        const Writer::Request& request = writer_.begin(number);
        bench_.guest.write(slot.header,
                           virtio_spec::BlockRequestHeader{type_of(request.event), 0U,
                                                           is_range(request) ? 0 : request.sector});
        bench_.guest.write(slot.status, std::uint8_t{0xee});
        std::vector<DriverBuffer> buffers{{slot.header, 16, false}};
        add_data(slot, request, buffers);
        buffers.push_back({slot.status, 1, true});
        driver_.put_available(
            driver_.put_chain(static_cast<std::uint16_t>(number * kDescriptorsPerSlot), buffers));
    }
    void add_data(const Slot& slot, const Writer::Request& request,
                  std::vector<DriverBuffer>& buffers) {
        if (is_range(request)) {
            const bool unmap =
                request.event == guest::WriterEvent::WriteZeroes && writer_.random(2) == 0;
            bench_.guest.write(slot.data, virtio_spec::BlockRangeSegment{
                                              request.sector, request.sectors, unmap ? 1U : 0U});
            buffers.push_back({slot.data, sizeof(virtio_spec::BlockRangeSegment), false});
        } else if (request.event == guest::WriterEvent::Write) {
            const std::uint32_t size = request.sectors * 512;
            writer_.fill(request, words_.data());
            std::memcpy(bench_.guest.span(slot.data, size).data(), words_.data(), size);
            cut(slot.data, size, buffers);
        }
    }
    // Anywhere (virtio 1.2 §2.7.4.1 leaves it to the driver).
    void cut(std::uint64_t address, std::uint32_t size, std::vector<DriverBuffer>& buffers) {
        for (unsigned piece = 0; piece < kPiecesMax && size != 0; ++piece) {
            const bool last = piece + 1 == kPiecesMax || writer_.random(2) == 0;
            const std::uint32_t part = last ? size : 1 + writer_.random(size);
            buffers.push_back({address, part, false});
            address += part;
            size -= part;
        }
    }
    // At least one, unless there is none.
    unsigned collect() {
        unsigned count = 0;
        while (count == 0 && !all_idle()) {
            while (const auto used = driver_.take_used()) {
                const unsigned number = used->id / kDescriptorsPerSlot;
                const auto status = bench_.guest.read<std::uint8_t>(slots_.at(number).status);
                writer_.end(number, status == virtio_spec::kBlockStatusOk);
                ++count;
            }
            std::this_thread::yield();
        }
        return count;
    }
    [[nodiscard]] bool all_idle() const {
        unsigned idle = 0;
        for (unsigned slot = 0; slot < Writer::kSlots; ++slot) {
            idle += writer_.is_idle(slot) ? 1 : 0;
        }
        return idle == Writer::kSlots;
    }
    [[nodiscard]] static bool is_range(const Writer::Request& request) {
        return request.event == guest::WriterEvent::Discard ||
               request.event == guest::WriterEvent::WriteZeroes;
    }
    [[nodiscard]] static std::uint32_t type_of(guest::WriterEvent event) {
        switch (event) {
            case guest::WriterEvent::WriteZeroes: return virtio_spec::kBlockWriteZeroes;
            case guest::WriterEvent::Discard: return virtio_spec::kBlockDiscard;
            case guest::WriterEvent::Flush: return virtio_spec::kBlockFlush;
            default: return virtio_spec::kBlockWrite;
        }
    }

    static constexpr std::uint64_t kWritebackOffset = 32;  // §5.2.4

    VirtioBench& bench_;
    DriverQueue driver_;
    Writer writer_;
    WriteCache cache_;
    bool write_through_ = false;
    std::array<Slot, Writer::kSlots> slots_;
    std::vector<std::uint64_t> words_;
};

}  // namespace siskin::test
