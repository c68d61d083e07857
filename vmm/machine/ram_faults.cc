// SPDX-License-Identifier: Apache-2.0
// The answer to SIGBUS.
#include "vmm/machine/ram_faults.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <span>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin {
namespace {

// What the handler looks at; only async-signal-safe things are done with it.
std::atomic<const RamFaults::Range*> ranges{nullptr};
std::atomic<std::size_t> range_count{0};
std::atomic<int> event_number{-1};
std::atomic<std::byte*> lost_page{nullptr};
struct sigaction before {};

// The page takes the place of the lost one. False where that cannot be.
bool replace(std::byte* page, std::size_t size) {
    return ::mmap(page, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

bool is_answered(std::byte* address) {
    const std::span known(ranges.load(std::memory_order_acquire),
                          range_count.load(std::memory_order_relaxed));
    for (const RamFaults::Range& range : known) {
        if (address >= range.data && address < range.data + range.size) {
            const auto inside = static_cast<std::size_t>(address - range.data);
            std::byte* const page = range.data + (inside - inside % range.page_size);
            if (!replace(page, range.page_size)) {
                return false;
            }
            lost_page.store(page, std::memory_order_release);
            const std::uint64_t one = 1;
            // A full counter is readable all the same.
            [[maybe_unused]] const ssize_t written =
                ::write(event_number.load(std::memory_order_relaxed), &one, sizeof(one));
            return true;
        }
    }
    return false;
}

void on_bus_error(int, siginfo_t* info, void*) {
    const int saved = errno;
    // A code above 0 is the kernel's, of the access that follows again when this returns.
    if (info->si_code <= 0 || !is_answered(static_cast<std::byte*>(info->si_addr))) {
        struct sigaction unanswered {};
        unanswered.sa_handler = SIG_DFL;
        ::sigaction(SIGBUS, &unanswered, nullptr);
        if (info->si_code <= 0) {
            ::raise(SIGBUS);  // pending until this returns
        }
    }
    errno = saved;
}

}  // namespace

Result<std::unique_ptr<RamFaults>> RamFaults::install(std::vector<Range> watched) {
    if (watched.size() > kRangesMax) {
        return fail(concat("guest RAM has ", watched.size(), " ranges, the most is ", kRangesMax));
    }
    SISKIN_ASSERT(ranges.load() == nullptr);
    EventFd event = SISKIN_TRY(EventFd::create());
    std::unique_ptr<RamFaults> self(new RamFaults(std::move(event), std::move(watched)));
    event_number.store(self->event_.get());
    range_count.store(self->ranges_.size());
    lost_page.store(nullptr);
    ranges.store(self->ranges_.data(), std::memory_order_release);
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &before);
    return self;
}

RamFaults::~RamFaults() {
    ::sigaction(SIGBUS, &before, nullptr);
    range_count.store(0);
    ranges.store(nullptr);
    event_number.store(-1);
}

std::optional<const std::byte*> RamFaults::take() {
    static_cast<void>(event_.take());
    const std::byte* const page = lost_page.exchange(nullptr);
    return page == nullptr ? std::nullopt : std::optional(page);
}

}  // namespace siskin
