// SPDX-License-Identifier: Apache-2.0
// The disk's data path alone, from the ring to the ring, beside io_uring without anything around
// it: the same file, with the host's page cache and without (O_DIRECT), the same reads at the same
// depth, turn by turn in one thread. And the same with 64 disks on one loop. Prints; gates nothing.
// Usage: bench_engine [rounds] [folder of the file].
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <liburing.h>
#include <sys/resource.h>

#include "base/loop/io_loop.h"
#include "base/text.h"
#include "devices/block/direct_io.h"
#include "devices/block/uring_engine.h"
#include "tests/bench/one_core.h"
#include "tests/harness/driver_queue.h"
#include "tests/harness/temporary_directory.h"
#include "tests/harness/test_guest.h"
#include "virtio/block/block_queue.h"

namespace siskin::test {
namespace {

namespace spec = virtio_spec;

constexpr std::size_t kRoundsDefault = 5;
constexpr unsigned kDisks = 64;
constexpr std::uint64_t kFileSize = std::uint64_t{16} << 20U;
constexpr unsigned kDepthMax = 64;
constexpr std::size_t kPage = 4096;
constexpr std::uint16_t kQueueSize = 256;
constexpr std::uint16_t kDescriptorsEach = 3;

// Many of the ticks by which the kernel tells user from system time are needed: a second has 250.
struct Shape {
    const char* name;
    std::uint32_t size;
    unsigned depth;
    unsigned batches;
    bool direct;
};
constexpr std::array kShapes{
    Shape{"cached, 4 KiB, 1 at a time", 4096, 1, 300'000, false},
    Shape{"cached, 4 KiB, 16 at a time", 4096, 16, 60'000, false},
    Shape{"cached, 4 KiB, 64 at a time", 4096, 64, 15'000, false},
    Shape{"cached, 64 KiB, 16 at a time", 65536, 16, 15'000, false},
    Shape{"direct, 4 KiB, 1 at a time", 4096, 1, 60'000, true},
    Shape{"direct, 4 KiB, 16 at a time", 4096, 16, 15'000, true},
    Shape{"direct, 64 KiB, 16 at a time", 65536, 16, 6'000, true},
};

Fd open_image(const std::string& path, bool direct) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0)));
    SISKIN_ASSERT(file.valid());
    return file;
}

// What a run of `reads` cost this thread.
struct Cost {
    double user_us = 0;  // a read
    double all_us = 0;   // a read, user and system
    double rate = 0;     // reads a second
};

double microseconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

template <typename Action>
Cost cost_of(double reads, Action action) {
    rusage before{};
    rusage after{};
    ::getrusage(RUSAGE_THREAD, &before);
    const auto start = std::chrono::steady_clock::now();
    action();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    ::getrusage(RUSAGE_THREAD, &after);
    const double user = microseconds(after.ru_utime) - microseconds(before.ru_utime);
    const double system = microseconds(after.ru_stime) - microseconds(before.ru_stime);
    return Cost{user / reads, (user + system) / reads, reads / seconds.count()};
}

// Knuth's linear congruential generator: both sides read the same places.
class Places {
public:
    explicit Places(std::uint32_t size) : count_(kFileSize / size), size_(size) {}
    std::uint64_t next() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return (state_ >> 33U) % count_ * size_;
    }

private:
    std::uint64_t state_ = 1;
    std::uint64_t count_;
    std::uint64_t size_;
};

class NoInterrupt final : public DriverInterrupt {
public:
    void signal() override {}
};

class Owner final : public BlockQueueOwner {
public:
    void on_queue_idle() override {}
    void on_handed_back() override {}
    void on_host_error(const BlockError&) override { ++errors; }
    void on_guest_error(std::string_view) override { ++errors; }
    void on_broken_ring(std::string_view) override { ++errors; }
    unsigned errors = 0;
};

// One disk with its queue, and its driver, whose chains stay as they are.
class Disk {
public:
    // `shares_data`: all read into one place, so that the way is measured, and not the host's
    // caches.
    Disk(IoLoop& loop, const std::string& path, std::uint32_t size, bool direct,
         bool shares_data = true)
        : loop_(loop), places_(size) {
        access_.file = open_image(path, direct);
        if (direct) {
            access_.direct = *find_direct_alignment(access_.file, path);
        }
        access_.readable_end = kFileSize;
        shared_.limits.capacity = ByteCount{kFileSize};
        UringUnavailable unavailable;
        engine_ = *UringEngine::create(access_, kQueueSize, unavailable);
        SISKIN_ASSERT(engine_ != nullptr);
        queue_ = std::make_unique<BlockQueue>(
            ActiveQueue{QueueIndex{0}, driver_.virtqueue(FeatureSet{spec::kFeatureRingEventIdx}),
                        kick_, interrupt_},
            *engine_, shared_, counters_, owner_);
        SISKIN_ASSERT(engine_->attach(loop).has_value());
        SISKIN_ASSERT(queue_->worker().attach(loop).has_value());
        for (unsigned index = 0; index < kDepthMax; ++index) {
            data_ = shares_data && data_ != 0 ? data_ : guest_.allocate(size, kPage);
            prepare(index, size);
        }
        queue_->worker().start();
        loop.run_one_turn();
    }
    ~Disk() {
        queue_->worker().detach(loop_);
        engine_->detach(loop_);
    }
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    void run_batch(unsigned depth) { run_chains(0, depth); }
    // The chains from `first` on, all at a time.
    void run_chains(unsigned first, unsigned depth) {
        for (unsigned index = first; index < first + depth; ++index) {
            guest_.write(headers_[index],
                         spec::BlockRequestHeader{spec::kBlockRead, 0U, places_.next() / 512});
            driver_.put_available(static_cast<std::uint16_t>(index * kDescriptorsEach));
        }
        if (wants_notification(depth)) {
            kick_.signal();
        }
        used_ = static_cast<std::uint16_t>(used_ + depth);
        while (driver_.used_index() != used_) {
            loop_.run_one_turn();
        }
    }
    [[nodiscard]] bool is_fine() const {
        return owner_.errors == 0 && guest_.read<std::uint8_t>(status_) == spec::kBlockStatusOk;
    }

private:
    // virtio 1.2 §2.7.10: whether the device asked to hear of one of the `count` last chains.
    [[nodiscard]] bool wants_notification(unsigned count) const {
        const auto since =
            static_cast<std::uint16_t>(driver_.available_index() - driver_.available_event() - 1);
        return since < count;
    }
    void prepare(unsigned index, std::uint32_t size) {
        headers_[index] = guest_.allocate(16);
        status_ = guest_.allocate(1);
        driver_.put_chain(static_cast<std::uint16_t>(index * kDescriptorsEach),
                          {{headers_[index], 16, false}, {data_, size, true}, {status_, 1, true}});
    }

    IoLoop& loop_;
    Places places_;
    TestGuest guest_;
    DriverQueue driver_{guest_, kQueueSize};
    EventFd kick_ = *EventFd::create();
    NoInterrupt interrupt_;
    Owner owner_;
    FileAccess access_;
    BlockShared shared_;
    BlockCounters counters_;
    std::unique_ptr<BlockEngine> engine_;
    std::unique_ptr<BlockQueue> queue_;
    std::array<std::uint64_t, kDepthMax> headers_{};
    std::uint64_t data_ = 0;
    std::uint64_t status_ = 0;
    std::uint16_t used_ = 0;
};

// io_uring as its manual pages use it: a registered file, a batch a system call.
class Bare {
public:
    Bare(const std::string& path, std::uint32_t size, bool direct)
        : places_(size),
          file_(open_image(path, direct)),
          size_(size),
          data_(static_cast<char*>(std::aligned_alloc(kPage, size)), std::free) {
        SISKIN_ASSERT(::io_uring_queue_init(kDepthMax, &ring_, 0) == 0);
        const int number = file_.get();
        SISKIN_ASSERT(::io_uring_register_files(&ring_, &number, 1) == 0);
    }
    ~Bare() { ::io_uring_queue_exit(&ring_); }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;

    void run_batch(unsigned depth) {
        for (unsigned index = 0; index < depth; ++index) {
            io_uring_sqe* const entry = ::io_uring_get_sqe(&ring_);
            ::io_uring_prep_read(entry, 0, data_.get(), size_, places_.next());
            entry->flags |= IOSQE_FIXED_FILE;
        }
        ::io_uring_submit_and_wait(&ring_, depth);
        for (unsigned index = 0; index < depth; ++index) {
            io_uring_cqe* entry = nullptr;
            SISKIN_ASSERT(::io_uring_wait_cqe(&ring_, &entry) == 0 && entry->res > 0);
            ::io_uring_cqe_seen(&ring_, entry);
        }
    }

private:
    Places places_;
    Fd file_;
    std::uint32_t size_;
    std::unique_ptr<char, decltype(&std::free)> data_;
    io_uring ring_{};
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Samples {
    std::vector<double> user;
    std::vector<double> all;
    std::vector<double> rate;
    void add(const Cost& cost) {
        user.push_back(cost.user_us);
        all.push_back(cost.all_us);
        rate.push_back(cost.rate);
    }
};

bool measure_shape(const Shape& shape, const std::string& path, std::size_t rounds) {
    Samples ours;
    Samples bare;
    Samples polled;
    bool fine = true;
    for (std::size_t round = 0; round < rounds; ++round) {
        const double reads = static_cast<double>(shape.batches) * shape.depth;
        const auto run = [&](auto& side) {
            return cost_of(reads, [&] {
                for (unsigned batch = 0; batch < shape.batches; ++batch) {
                    side.run_batch(shape.depth);
                }
            });
        };
        auto loop = *IoLoop::create();
        Disk disk(loop, path, shape.size, shape.direct);
        ours.add(run(disk));
        Bare alone(path, shape.size, shape.direct);
        bare.add(run(alone));
        loop.set_poll_limits(PollLimits{std::chrono::milliseconds(1), 0, 0});
        polled.add(run(disk));
        fine = fine && disk.is_fine();
    }
    std::cout << std::left << std::setw(30) << shape.name << std::right;
    for (const double number :
         {median(ours.user), median(bare.user), median(ours.all), median(polled.all),
          median(bare.all), median(ours.rate) / 1000, median(polled.rate) / 1000,
          median(bare.rate) / 1000, median(ours.rate) / median(bare.rate) * 100,
          median(polled.rate) / median(bare.rate) * 100}) {
        std::cout << std::setw(9) << number;
    }
    std::cout << '\n';
    return fine;
}

// Both ways of as many chains with data of their own: the caches hold as much.
bool measure_many(const std::string& path, std::size_t rounds) {
    Samples one;
    Samples many;
    bool fine = true;
    constexpr unsigned kBatches = 300'000;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (const unsigned count : {1U, kDisks}) {
            auto loop = *IoLoop::create();
            std::vector<std::unique_ptr<Disk>> disks;
            for (unsigned index = 0; index < count; ++index) {
                disks.push_back(std::make_unique<Disk>(loop, path, 4096, false, false));
            }
            (count == 1 ? one : many).add(cost_of(kBatches, [&] {
                for (unsigned batch = 0; batch < kBatches; ++batch) {
                    const unsigned chain = batch % kDisks;
                    disks[chain % count]->run_chains(chain, 1);
                }
            }));
            for (const auto& disk : disks) {
                fine = fine && disk->is_fine();
            }
        }
    }
    std::cout << "\n4 KiB, one at a time, us of user and of all CPU a read: one disk "
              << median(one.user) << ", " << median(one.all) << "; one of " << kDisks << " in turn "
              << median(many.user) << ", " << median(many.all) << '\n';
    return fine;
}

int run(std::size_t rounds, const std::string& path) {
    std::ofstream(path, std::ios::binary) << std::string(kFileSize, 's');
    pin_to_one_core();
    std::cout << "bench: random reads by one thread, medians of " << rounds
              << " rounds: CPU in us a read, thousands of reads a second, and the rate in per cent"
                 " of io_uring alone\n"
              << std::fixed << std::setprecision(2) << std::setw(30) << "";
    for (const char* const title : {"user", "(bare)", "all", "polled", "(bare)", "rate", "polled",
                                    "(bare)", "%", "% polled"}) {
        std::cout << std::setw(9) << title;
    }
    std::cout << '\n';
    bool fine = true;
    for (const Shape& shape : kShapes) {
        fine = measure_shape(shape, path, rounds) && fine;
    }
    fine = measure_many(path, rounds) && fine;
    if (!fine) {
        std::cout << "bench: a read failed\n";
    }
    return fine ? 0 : 1;
}

}  // namespace
}  // namespace siskin::test

int main(int argc, char** argv) {
    const auto asked = argc > 1 ? siskin::parse_unsigned(argv[1]) : std::optional<std::uint64_t>();
    const siskin::test::TemporaryDirectory directory;
    return siskin::test::run(
        asked.value_or(siskin::test::kRoundsDefault),
        argc > 2 ? siskin::concat(argv[2], "/bench_engine.img") : directory.path("disk"));
}
