// SPDX-License-Identifier: Apache-2.0
// KillLane.
#include "tests/unit/virtio/block/kill_lane.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <span>
#include <utility>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/host_calls.h"
#include "tests/harness/wait_for_locks.h"

namespace siskin::test {
namespace {

constexpr unsigned kPatienceSeconds = 60;

const SectorImage& fresh() {
    static const SectorImage image = fresh_sectors(KillLane::kDiskSectors);
    return image;
}

// What surrounds the disk says that it belongs elsewhere.
const SectorWords& margin() {
    return fresh().front();
}

bool is_margin(const SectorImage& sectors) {
    return std::all_of(sectors.begin(), sectors.end(),
                       [](const SectorWords& words) { return words == margin(); });
}

[[noreturn]] void run_child(std::uint64_t point, const std::function<void()>& work) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(kPatienceSeconds);  // a request that never comes back
    std::atomic<std::uint64_t> count{0};
    HostCalls::get().on_point([&] {
        if (++count == point) {
            ::kill(::getpid(), SIGKILL);
        }
    });
    work();
    ::_exit(0);
}

KillLane::End end_of(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        return KillLane::End::Killed;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? KillLane::End::ByItself
                                                         : KillLane::End::Wrong;
}

}  // namespace

KillLane::KillLane()
    : image_(kFileSize),
      log_(static_cast<guest::WriterLog*>(::mmap(nullptr, sizeof(guest::WriterLog),
                                                 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                                                 -1, 0))) {
    SISKIN_ASSERT(log_ != MAP_FAILED);
}

KillLane::~KillLane() {
    static_cast<void>(finish());
    ::munmap(log_, sizeof(guest::WriterLog));
}

void KillLane::start(std::uint64_t point, std::uint32_t run, std::uint64_t first_sector,
                     const Work& work) {
    run_ = run;
    first_sector_ = first_sector;
    SISKIN_ASSERT(write_sectors(image_.path(), 0, before()));
    log_->count = 0;
    child_ = ::fork();
    SISKIN_ASSERT(child_ >= 0);
    if (child_ == 0) {
        run_child(point, [&] { work(image_.path(), *log_); });
    }
}

KillLane::Outcome KillLane::finish() {
    Outcome outcome;
    if (child_ <= 0) {
        return outcome;
    }
    int status = 0;
    SISKIN_ASSERT(::waitpid(std::exchange(child_, 0), &status, 0) > 0);
    SISKIN_ASSERT(wait_for_locks_of(image_.path()));
    outcome.end = end_of(status);
    const std::span<const guest::WriterRecord> log(log_->records, log_->count);
    outcome.requests = count_requests(log);
    const SectorImage disk = read_sectors(image_.path(), first_sector_, kDiskSectors);
    outcome.damaged = SectorVerifier(fresh(), run_).verify(log, disk, Survivors::Completed);
    outcome.margins_changed = margins_changed();
    return outcome;
}

SectorImage KillLane::before() const {
    SectorImage all(kFileSize / kSectorBytes, margin());
    std::copy(fresh().begin(), fresh().end(),
              all.begin() + static_cast<std::ptrdiff_t>(first_sector_));
    return all;
}

bool KillLane::margins_changed() const {
    const std::uint64_t behind = first_sector_ + kDiskSectors;
    return !is_margin(read_sectors(image_.path(), 0, first_sector_)) ||
           !is_margin(read_sectors(image_.path(), behind, kFileSize / kSectorBytes - behind));
}

}  // namespace siskin::test
