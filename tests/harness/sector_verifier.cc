// SPDX-License-Identifier: Apache-2.0
// SectorVerifier.
#include "tests/harness/sector_verifier.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

namespace siskin::test {

using guest::SectorStamp;
using guest::WriterEvent;
using guest::WriterRecord;

namespace {

// Positions in the log, from 1 on; what was there before the log has 0.
using Moment = std::size_t;
constexpr Moment kNever = std::numeric_limits<Moment>::max();

// What a request means to one sector.
struct Value {
    WriterEvent event = WriterEvent::Write;
    std::uint64_t generation = 0;
    std::uint32_t sectors = 0;
    std::uint32_t index = 0;
    Moment submitted = 0;
    Moment completed = kNever;
    bool is_durable = false;
};

struct Request {
    WriterRecord record;
    Moment submitted = 0;
    Moment completed = kNever;
    bool is_write_through = false;
};

struct History {
    std::map<std::uint64_t, Request> requests;  // by generation
    Moment last_flush = 0;                      // the submission of the last that completed
};

History history_of(std::span<const WriterRecord> log) {
    History history;
    bool write_through = false;
    for (Moment now = 1; now <= log.size(); ++now) {
        const WriterRecord& record = log[now - 1];
        switch (record.event) {
            case WriterEvent::Write:
            case WriterEvent::WriteZeroes:
            case WriterEvent::Discard:
            case WriterEvent::Flush:
                history.requests[record.generation] = Request{record, now, kNever, write_through};
                break;
            case WriterEvent::Completed: {
                Request& request = history.requests[record.generation];
                request.completed = now;
                if (request.record.event == WriterEvent::Flush) {
                    history.last_flush = std::max(history.last_flush, request.submitted);
                }
                break;
            }
            case WriterEvent::WriteThrough: write_through = true; break;
            case WriterEvent::WriteBack: write_through = false; break;
            case WriterEvent::Failed:  // it may have been done, at any time
            case WriterEvent::None: break;
        }
    }
    return history;
}

bool is_durable(const Request& request, Moment last_flush, Survivors survivors) {
    if (request.record.event == WriterEvent::Discard || request.completed == kNever) {
        return false;
    }
    return survivors == Survivors::Completed || request.is_write_through ||
           request.completed < last_flush;
}

// The values of each sector, in the order of their submission.
std::vector<std::vector<Value>> values_of(const History& history, std::size_t sectors,
                                          Survivors survivors) {
    std::vector<std::vector<Value>> values(sectors);
    for (const auto& [generation, request] : history.requests) {
        const bool durable = is_durable(request, history.last_flush, survivors);
        for (std::uint32_t index = 0; index < request.record.sectors; ++index) {
            values.at(request.record.sector + index)
                .push_back(Value{request.record.event, generation, request.record.sectors, index,
                                 request.submitted, request.completed, durable});
        }
    }
    return values;
}

bool is_zero(const SectorWords& words) {
    return std::all_of(words.begin(), words.end(), [](std::uint64_t word) { return word == 0; });
}

// The whole sector that says this.
SectorWords stamped(const SectorStamp& stamp) {
    SectorWords words{};
    guest::write_stamped(stamp, words.data());
    return words;
}

// What `value` puts at this sector.
SectorWords words_of(const Value& value, std::uint64_t sector, std::uint32_t run) {
    if (value.event != WriterEvent::Write) {
        return SectorWords{};
    }
    return stamped(SectorStamp{sector, value.generation, run, 0, value.sectors, value.index});
}

// One sector of the disk and all that is known of it.
struct Case {
    std::uint64_t sector;
    const SectorWords& found;
    const SectorWords& before;
    const std::vector<Value>& values;
    const SectorImage& disk;
    std::uint32_t run;
};

// Each word is that of one value or another.
bool is_torn(const Case& one) {
    std::vector<SectorWords> all{one.before};
    for (const Value& value : one.values) {
        all.push_back(words_of(value, one.sector, one.run));
    }
    for (std::size_t index = 0; index < one.found.size(); ++index) {
        const bool known = std::any_of(all.begin(), all.end(), [&](const SectorWords& words) {
            return words[index] == one.found[index];
        });
        if (!known) {
            return false;
        }
    }
    return true;
}

Damage damage_of_unknown(const Case& one) {
    if (is_zero(one.found)) {
        return Damage::Lost;
    }
    const SectorStamp stamp = guest::read_stamp(one.found.data());
    if (stamped(stamp) != one.found) {
        return is_torn(one) ? Damage::Torn : Damage::Corrupted;
    }
    if (stamp.sector == one.sector || stamp.sector >= one.disk.size()) {
        return Damage::Foreign;
    }
    return one.disk[stamp.sector] == one.found ? Damage::Duplicated : Damage::Misdirected;
}

// A value is too old where another one that has to be there was submitted after it had completed.
std::optional<DamagedSector> examine(const Case& one) {
    Moment bound = 0;
    DamagedSector damaged{one.sector, Damage::Corrupted, 0, 0};
    for (const Value& value : one.values) {
        if (value.is_durable && value.submitted > bound) {
            bound = value.submitted;
            damaged.oldest_allowed = value.generation;
        }
    }
    bool is_known = one.found == one.before;
    if (is_known && bound == 0) {
        return std::nullopt;
    }
    for (const Value& value : one.values) {
        if (one.found != words_of(value, one.sector, one.run)) {
            continue;
        }
        if (value.completed >= bound) {
            return std::nullopt;
        }
        is_known = true;
        damaged.found_generation = value.generation;
    }
    if (!is_known) {
        damaged.found_generation = guest::read_stamp(one.found.data()).generation;
        damaged.damage = damage_of_unknown(one);
    } else {
        damaged.damage = damaged.found_generation == 0 ? Damage::Lost : Damage::Stale;
    }
    return damaged;
}

std::string_view word_for(Damage damage) {
    switch (damage) {
        case Damage::Lost: return "lost";
        case Damage::Stale: return "stale";
        case Damage::Torn: return "torn";
        case Damage::Misdirected: return "misdirected";
        case Damage::Duplicated: return "duplicated";
        case Damage::Corrupted: return "corrupted";
        case Damage::Foreign: return "foreign";
    }
    return "";
}

}  // namespace

std::string describe(const DamagedSector& damaged) {
    return concat("sector ", damaged.sector, " is ", word_for(damaged.damage), ": generation ",
                  damaged.found_generation, " is there, the oldest allowed is ",
                  damaged.oldest_allowed);
}

std::vector<DamagedSector> SectorVerifier::verify(std::span<const WriterRecord> log,
                                                  const SectorImage& disk,
                                                  Survivors survivors) const {
    const auto values = values_of(history_of(log), before_.size(), survivors);
    std::vector<DamagedSector> all;
    for (std::uint64_t sector = 0; sector < before_.size(); ++sector) {
        const Case one{sector, disk.at(sector), before_[sector], values[sector], disk, run_};
        if (const auto damaged = examine(one)) {
            all.push_back(*damaged);
        }
    }
    return all;
}

WriterCounts count_requests(std::span<const WriterRecord> log) {
    WriterCounts counts;
    std::set<std::uint64_t> flushes;
    for (const WriterRecord& record : log) {
        switch (record.event) {
            case WriterEvent::Flush: flushes.insert(record.generation); [[fallthrough]];
            case WriterEvent::Write:
            case WriterEvent::WriteZeroes:
            case WriterEvent::Discard: ++counts.submitted; break;
            case WriterEvent::Completed:
                ++counts.completed;
                counts.flushed += flushes.count(record.generation);
                break;
            case WriterEvent::Failed: ++counts.failed; break;
            default: break;
        }
    }
    return counts;
}

SectorImage fresh_sectors(std::uint64_t sectors) {
    SectorImage image(sectors);
    for (std::uint64_t sector = 0; sector < sectors; ++sector) {
        image[sector] = stamped(SectorStamp{sector, 0, 0, 0, 1, 0});
    }
    return image;
}

SectorImage read_sectors(const std::string& path, std::uint64_t first, std::uint64_t sectors) {
    SectorImage image(sectors);
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    auto* const bytes = reinterpret_cast<char*>(image.data());
    const std::size_t size = sectors * kSectorBytes;
    for (std::size_t done = 0; done < size;) {
        const ssize_t count = ::pread(file.get(), bytes + done, size - done,
                                      static_cast<off_t>(first * kSectorBytes + done));
        if (count <= 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return image;
}

bool write_sectors(const std::string& path, std::uint64_t first, const SectorImage& image) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    const std::size_t size = image.size() * kSectorBytes;
    return ::pwrite(file.get(), image.data(), size, static_cast<off_t>(first * kSectorBytes)) ==
           static_cast<ssize_t>(size);
}

}  // namespace siskin::test
