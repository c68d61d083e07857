// SPDX-License-Identifier: Apache-2.0
// SectorWriter: a random load of self-describing sectors, with a log outside the disk of what was
// submitted and what completed. For guests, and for tests of the host that drive a device.
#pragma once

#include <cstdint>

#include "tools/guest/sector_stamp.h"

namespace siskin::guest {

enum class WriterEvent : std::uint32_t {
    None,
    Write,         // submitted; the rest of these, too
    WriteZeroes,   // the range reads as zeroes then
    Discard,       // the range holds what it did, or zeroes
    Flush,         // makes durable what completed before
    Completed,     // the request of this generation, with success
    Failed,        // the same without
    WriteThrough,  // writes submitted from here on are durable when they complete
    WriteBack,     // no longer so
};

struct WriterRecord {
    WriterEvent event = WriterEvent::None;  //  0
    std::uint32_t sectors = 0;              //  4
    std::uint64_t generation = 0;           //  8
    std::uint64_t sector = 0;               // 16
};
static_assert(sizeof(WriterRecord) == 24);

// In memory that outlives the writer. A record counts once `count` says so; each is there before
// what it tells of can have an effect.
struct WriterLog {
    static constexpr std::uint64_t kRecordsMax = 32768;

    std::uint64_t count;
    WriterRecord records[kRecordsMax];

    // False: it is full.
    bool add(const WriterRecord& record) {
        if (count == kRecordsMax) {
            return false;
        }
        records[count] = record;
        __atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
        return true;
    }
};

// Decides what each slot does next; no two requests under way touch the same sector, as it is with
// the drivers of operating systems.
class SectorWriter {
public:
    static constexpr unsigned kSlots = 8;
    static constexpr std::uint32_t kSectorsMax = 128;  // of one request: 64 KiB

    struct Request {
        WriterEvent event = WriterEvent::None;
        std::uint32_t sectors = 0;
        std::uint64_t generation = 0;
        std::uint64_t sector = 0;
    };
    struct Options {
        std::uint32_t run = 0;
        std::uint64_t seed = 0;
        std::uint64_t disk_sectors = 0;
        std::uint32_t sectors_max = kSectorsMax;
        bool ranges = true;  // discards and zeroes, too
    };

    SectorWriter(const Options& options, WriterLog& log)
        : options_(options), log_(log), random_(options.seed * 2 + 1) {
        random(2);  // the first numbers of like seeds are alike
    }

    // The next request of a slot that has none; it is in the log. `event` None: the log is full.
    const Request& begin(unsigned slot) {
        Request& request = slots_[slot];
        request = choose();
        request.generation = ++generation_;
        const WriterRecord record{request.event, request.sectors, request.generation,
                                  request.sector};
        if (!log_.add(record)) {
            request = Request{};
        }
        return request;
    }
    // What a write carries, request.sectors * kStampedWords words.
    void fill(const Request& request, std::uint64_t* words) const {
        SectorStamp stamp;
        stamp.generation = request.generation;
        stamp.run = options_.run;
        stamp.sectors = request.sectors;
        for (std::uint32_t index = 0; index < request.sectors; ++index) {
            stamp.sector = request.sector + index;
            stamp.index = index;
            write_stamped(stamp, words + std::uint64_t{index} * kStampedWords);
        }
    }
    // The slot's request came back.
    void end(unsigned slot, bool succeeded) {
        Request& request = slots_[slot];
        log_.add({succeeded ? WriterEvent::Completed : WriterEvent::Failed, 0, request.generation,
                  request.sector});
        request = Request{};
    }
    // Of every later write.
    void set_write_through(bool on) {
        log_.add({on ? WriterEvent::WriteThrough : WriterEvent::WriteBack, 0, 0, 0});
    }
    [[nodiscard]] bool is_idle(unsigned slot) const {
        return slots_[slot].event == WriterEvent::None;
    }
    std::uint32_t random(std::uint32_t below) {
        random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>(random_ >> 33) % below;
    }

private:
    static constexpr unsigned kAttempts = 8;

    Request choose() {
        const std::uint32_t kind = random(16);
        if (kind < 2) {
            return Request{WriterEvent::Flush, 0, 0, 0};
        }
        Request request{WriterEvent::Write, 0, 0, 0};
        if (options_.ranges && kind < 4) {
            request.event = kind == 2 ? WriterEvent::Discard : WriterEvent::WriteZeroes;
        }
        for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
            request.sectors = 1 + random(largest());
            const auto places =
                static_cast<std::uint32_t>(options_.disk_sectors - request.sectors + 1);
            request.sector = random(places);
            if (!meets_another(request)) {
                return request;
            }
        }
        return Request{WriterEvent::Flush, 0, 0, 0};
    }
    // Most writes are small.
    std::uint32_t largest() {
        const std::uint32_t kind = random(8);
        const std::uint32_t size = kind < 4 ? 8 : kind < 7 ? 32 : kSectorsMax;
        return size < options_.sectors_max ? size : options_.sectors_max;
    }
    [[nodiscard]] bool meets_another(const Request& request) const {
        for (const Request& other : slots_) {
            if (other.sectors != 0 && request.sector < other.sector + other.sectors &&
                other.sector < request.sector + request.sectors) {
                return true;
            }
        }
        return false;
    }

    Options options_;
    WriterLog& log_;
    std::uint64_t random_;
    std::uint64_t generation_ = 0;
    Request slots_[kSlots];
};

}  // namespace siskin::guest
