// SPDX-License-Identifier: Apache-2.0
// Proves what engines make of a host that fails: errors of single requests (bug class B06), and the
// rules of flushes (B08).
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <vector>

#include <sys/resource.h>

#include "base/loop/io_loop.h"
#include "devices/block/raw_file.h"
#include "tests/harness/host_calls.h"
#include "tests/harness/loop_wake.h"
#include "tests/unit/devices/block/temporary_file.h"

namespace siskin {
namespace {

using test::HostCalls;
using Call = HostCalls::Call;

constexpr std::uint64_t kFileSize = 1 << 20;
constexpr std::uint64_t kSize = 1024;  // of a request, in two pieces

// What happened, in order. Any thread.
class Log {
public:
    enum class Event { Submitted, Completed, SyncBegan };
    struct Entry {
        Event event;
        std::size_t request = 0;
    };

    void add(Event event, std::size_t request = 0) {
        const std::lock_guard hold(mutex_);
        entries_.push_back(Entry{event, request});
    }
    std::vector<Entry> entries() const {
        const std::lock_guard hold(mutex_);
        return entries_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Entry> entries_;
};

class Request final : public BlockOperation {
public:
    enum class Kind { Read, Write, DurableWrite, Flush };

    Request(Kind request_kind, std::uint64_t offset, std::size_t number, Log& log)
        : kind_(request_kind), number_(number), log_(log) {
        if (kind_ == Kind::Read) {
            prepare_read(offset, buffers_);
        } else if (kind_ == Kind::Flush) {
            prepare_flush();
        } else {
            prepare_write(offset, buffers_, kind_ == Kind::DurableWrite);
        }
    }
    void complete(int error_number) override {
        log_.add(Log::Event::Completed, number_);
        result = error_number;
        is_done = true;
    }

    [[nodiscard]] Kind request_kind() const { return kind_; }

    int result = -1;
    bool is_done = false;

private:
    Kind kind_;
    std::size_t number_;
    Log& log_;
    std::vector<char> data_ = std::vector<char>(kSize, 'w');
    std::array<iovec, 2> buffers_{iovec{data_.data(), 400}, iovec{data_.data() + 400, kSize - 400}};
};

// An engine of a file of its own.
struct Bench {
    explicit Bench(BlockAio aio) : file(kFileSize) {
        HostCalls::get().reset();
        RawFileOptions options;
        options.path = file.path();
        options.aio = aio;
        node = *RawFile::open(options);
        engine = *node->create_engine(64);
        SISKIN_ASSERT(engine->attach(loop).has_value());
    }
    ~Bench() {
        engine->detach(loop);
        HostCalls::get().reset();
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    Request& submit(Request::Kind kind, std::uint64_t offset = 0) {
        requests.push_back(std::make_unique<Request>(kind, offset, requests.size(), log));
        log.add(Log::Event::Submitted, requests.size() - 1);
        engine->submit(*requests.back());
        return *requests.back();
    }
    void wait_for(const Request& request) {
        while (!request.is_done) {
            // Submissions outside of a turn are begun at the end of the next one.
            wake.wake();
            loop.run_one_turn();
        }
    }
    void wait_for_all() {
        for (const auto& request : requests) {
            wait_for(*request);
        }
    }
    int run(Request::Kind kind, std::uint64_t offset = 0) {
        const Request& request = submit(kind, offset);
        wait_for(request);
        return request.result;
    }

    TemporaryFile file;
    IoLoop loop = *IoLoop::create();
    test::LoopWake wake{loop};
    Log log;
    std::unique_ptr<RawFile> node;
    std::unique_ptr<BlockEngine> engine;
    std::vector<std::unique_ptr<Request>> requests;
};

bool is_skipped(BlockAio aio) {
    if (aio == BlockAio::Uring && !HostCalls::can_answer_uring()) {
        MESSAGE("skipped: this kernel's io_uring gives no made-up answers (Linux 6.10)");
        return true;
    }
    return false;
}

// Five requests at once, again and again; the one that is chosen gets the error, and it alone.
unsigned wrong_of_matrix(BlockAio aio, Request::Kind kind, Call call) {
    constexpr std::size_t kAtOnce = 5;
    Bench bench(aio);
    unsigned wrong = 0;
    for (const int error : {EIO, ENOSPC, EDQUOT, EFBIG, ESTALE, ENOMEM, EROFS, ENXIO}) {
        for (std::size_t failing = 0; failing < kAtOnce; ++failing) {
            HostCalls::get().answer(call, failing * kSize, -error);
            const std::size_t first = bench.requests.size();
            for (std::size_t index = 0; index < kAtOnce; ++index) {
                bench.submit(kind, index * kSize);
            }
            bench.wait_for_all();
            for (std::size_t index = 0; index < kAtOnce; ++index) {
                const int expected = index == failing ? error : 0;
                wrong += bench.requests[first + index]->result == expected ? 0 : 1;
            }
        }
    }
    return wrong;
}

void gives_each_error_to_its_request(BlockAio aio) {
    CHECK(wrong_of_matrix(aio, Request::Kind::Read, Call::Read) == 0);
    CHECK(wrong_of_matrix(aio, Request::Kind::Write, Call::Write) == 0);
}

void goes_on_after_interruptions(BlockAio aio) {
    Bench bench(aio);
    HostCalls::get().answer(Call::Read, 0, -EINTR, 5);
    CHECK(bench.run(Request::Kind::Read) == 0);
    HostCalls::get().answer(Call::Write, 0, -EAGAIN, BlockOperation::kRetriesMax);
    CHECK(bench.run(Request::Kind::Write) == 0);
    HostCalls::get().answer(Call::Write, 0, -EAGAIN, BlockOperation::kRetriesMax + 1);
    CHECK(bench.run(Request::Kind::Write) == EAGAIN);
    HostCalls::get().answer(Call::Sync, 0, -EINTR, 3);
    CHECK(bench.run(Request::Kind::Flush) == 0);
}

void finishes_short_transfers(BlockAio aio) {
    Bench bench(aio);
    // In the first piece, at its end, and in the second one.
    for (const std::int64_t size : {1, 399, 400}) {
        HostCalls::get().answer(Call::Write, 0, size);
        CHECK(bench.run(Request::Kind::Write) == 0);
    }
    const auto bytes = bench.file.bytes();
    CHECK(std::count(bytes.begin(), bytes.end(), 'w') == kSize);
    HostCalls::get().answer(Call::Read, 0, 200);
    CHECK(bench.run(Request::Kind::Read) == 0);
    // An error after a part is an error.
    HostCalls::get().answer(Call::Write, 4096, 100);
    HostCalls::get().answer(Call::Write, 4196, -ENOSPC);
    CHECK(bench.run(Request::Kind::Write, 4096) == ENOSPC);
    // Nothing more comes: no endless loop, no success.
    HostCalls::get().answer(Call::Write, 8192, 0);
    CHECK(bench.run(Request::Kind::Write, 8192) == EIO);
}

void never_forgets_a_failed_sync(BlockAio aio) {
    for (const int error : {EIO, ENOSPC, EDQUOT}) {
        Bench bench(aio);
        CHECK(bench.run(Request::Kind::Flush) == 0);
        HostCalls::get().answer(Call::Sync, 0, -error);
        const Request& first = bench.submit(Request::Kind::Flush);
        const Request& second = bench.submit(Request::Kind::Flush);
        bench.wait_for_all();

        CHECK(first.result == error);
        CHECK(second.result == error);
        CHECK(bench.run(Request::Kind::Flush) == error);
        CHECK(bench.run(Request::Kind::DurableWrite) == error);
        CHECK(bench.run(Request::Kind::Write) == 0);
    }
}

// For each flush that succeeded: a sync began after all that had completed when it was submitted,
// and before it completed itself. For each durable write: a sync began between its two ends.
unsigned flushes_without_sync(const Bench& bench) {
    const auto entries = bench.log.entries();
    unsigned wrong = 0;
    for (std::size_t index = 0; index < bench.requests.size(); ++index) {
        const auto kind = bench.requests[index]->request_kind();
        if (kind != Request::Kind::Flush && kind != Request::Kind::DurableWrite) {
            continue;
        }
        std::size_t since = 0;
        std::size_t end = 0;
        for (std::size_t at = 0; at < entries.size(); ++at) {
            if (entries[at].request == index && entries[at].event == Log::Event::Submitted) {
                end = at;
                break;
            }
            since = entries[at].event == Log::Event::Completed ? at : since;
        }
        since = kind == Request::Kind::DurableWrite ? end : since;
        bool has_sync = false;
        for (std::size_t at = since; at < entries.size(); ++at) {
            has_sync = has_sync || entries[at].event == Log::Event::SyncBegan;
            if (entries[at].request == index && entries[at].event == Log::Event::Completed) {
                break;
            }
        }
        wrong += has_sync ? 0 : 1;
    }
    return wrong;
}

void syncs_what_completed_before(BlockAio aio) {
    std::mt19937 random(11);
    unsigned wrong = 0;
    for (int schedule = 0; schedule < 100; ++schedule) {
        Bench bench(aio);
        HostCalls::get().skip_syncs();
        HostCalls::get().on_sync_begin([&] { bench.log.add(Log::Event::SyncBegan, SIZE_MAX); });
        for (int step = 0; step < 40; ++step) {
            if (random() % 3 == 0) {
                bench.wake.wake();
                bench.loop.run_one_turn();
            } else {
                bench.submit(static_cast<Request::Kind>(random() % 4), random() % 64 * kSize);
            }
        }
        bench.wait_for_all();
        wrong += flushes_without_sync(bench);
    }
    CHECK(wrong == 0);
}

}  // namespace

TEST_SUITE("devices/block/host_faults") {
    TEST_CASE("errors, interruptions and short transfers with system calls (B06)") {
        gives_each_error_to_its_request(BlockAio::Threads);
        goes_on_after_interruptions(BlockAio::Threads);
        finishes_short_transfers(BlockAio::Threads);
    }

    TEST_CASE("errors, interruptions and short transfers with io_uring (B06)") {
        if (!is_skipped(BlockAio::Uring)) {
            gives_each_error_to_its_request(BlockAio::Uring);
            goes_on_after_interruptions(BlockAio::Uring);
            finishes_short_transfers(BlockAio::Uring);
        }
    }

    TEST_CASE("after a sync that failed no flush succeeds (B08)") {
        never_forgets_a_failed_sync(BlockAio::Threads);
        if (!is_skipped(BlockAio::Uring)) {
            never_forgets_a_failed_sync(BlockAio::Uring);
        }
    }

    TEST_CASE("a flush completes after a sync that began behind all before it (B08)") {
        syncs_what_completed_before(BlockAio::Threads);
        if (!is_skipped(BlockAio::Uring)) {
            syncs_what_completed_before(BlockAio::Uring);
        }
    }

    TEST_CASE("a file that may not grow is an error, not a signal (B06, SIGXFSZ)") {
        Bench bench(BlockAio::Threads);
        bench.file.truncate(4096);
        const auto before = std::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
        const rlimit small{4096, limit.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);

        const int result = bench.run(Request::Kind::Write, 8192);

        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
        std::signal(SIGXFSZ, before);
        CHECK(result == EFBIG);
    }

    TEST_CASE("a file that is cut while in use gives errors behind its end (B14)") {
        for (const BlockAio aio : {BlockAio::Threads, BlockAio::Uring}) {
            Bench bench(aio);
            bench.file.truncate(4096);

            CHECK(bench.run(Request::Kind::Read, 0) == 0);
            CHECK(bench.run(Request::Kind::Read, 8192) == EIO);
        }
    }
}

}  // namespace siskin
