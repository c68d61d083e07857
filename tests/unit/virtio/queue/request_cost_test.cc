// SPDX-License-Identifier: Apache-2.0
// Proves that the way of a request through a virtqueue allocates nothing and takes no lock.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <dlfcn.h>
#include <pthread.h>

#include "base/loop/io_loop.h"
#include "tests/harness/driver_ring.h"
#include "tests/harness/test_guest.h"
#include "virtio/queue/chain_reader.h"
#include "virtio/queue/queue_worker.h"

namespace {

struct Costs {
    unsigned allocations = 0;
    unsigned locks = 0;
};
thread_local Costs costs;
thread_local bool counting = false;

}  // namespace

// glibc's own, below the name that a program may take.
extern "C" void* __libc_malloc(std::size_t size) noexcept;

// What operator new calls, too.
extern "C" void* malloc(std::size_t size) noexcept {
    costs.allocations += counting ? 1 : 0;
    return __libc_malloc(size);
}

// What every std::mutex calls.
extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    using Lock = int (*)(pthread_mutex_t*);
    static const Lock real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
    costs.locks += counting ? 1 : 0;
    return real(mutex);
}

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::array kFormats{RingFormat::Split, RingFormat::Packed};
constexpr unsigned kRequests = 10000;

// Counts what this thread does while it lives.
class Counting {
public:
    Counting() { counting = true; }
    ~Counting() { counting = false; }
    Counting(const Counting&) = delete;
    Counting& operator=(const Counting&) = delete;
};

class CountingInterrupt final : public DriverInterrupt {
public:
    void signal() override { ++count; }
    unsigned count = 0;
};

// Reads the request and completes it; every other one waits for the next.
class Client final : public QueueClient {
public:
    bool has_room() const override { return true; }
    void on_chain(const DescriptorChain& chain) override {
        ChainReader reader(chain);
        total += reader.read<std::uint64_t>().value_or(0);
        if (waiting) {
            worker->complete(chain.head(), 1);
            worker->complete(held, 1);
        } else {
            held = chain.head();
        }
        waiting = !waiting;
    }
    void on_bad_chain(std::string_view) override { ++bad; }
    void on_broken_ring(std::string_view) override { ++bad; }

    QueueWorker* worker = nullptr;
    ChainHead held;
    bool waiting = false;
    std::uint64_t total = 0;
    unsigned bad = 0;
};

FeatureSet features(unsigned choice) {
    FeatureSet set{spec::kFeatureRingIndirectDesc};
    if ((choice & 1) != 0) {
        set.add(spec::kFeatureRingEventIdx);
    }
    if ((choice & 2) != 0) {
        set.add(spec::kFeatureInOrder);
    }
    return set;
}

}  // namespace

TEST_SUITE("virtio/queue/queue_worker") {
    TEST_CASE("what counts allocations and locks does count them") {
        costs = {};
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        {
            const Counting now;
            const std::vector<int> one(1);
            pthread_mutex_lock(&mutex);
        }
        pthread_mutex_unlock(&mutex);

        CHECK(costs.allocations == 1);
        CHECK(costs.locks == 1);
    }

    TEST_CASE("from the kick to the interrupt nothing is allocated and no lock is taken") {
        for (const RingFormat format : kFormats) {
            for (unsigned choice = 0; choice < 4; ++choice) {
                TestGuest guest;
                DriverRing driver(guest, format, 16);
                const std::uint64_t tables = guest.next_free();
                IoLoop loop = *IoLoop::create();
                const EventFd kick = *EventFd::create();
                CountingInterrupt interrupt;
                Client client;
                QueueWorker worker(ActiveQueue{QueueIndex{0}, driver.device_side(features(choice)),
                                               kick, interrupt},
                                   client);
                client.worker = &worker;
                REQUIRE(worker.attach(loop).has_value());
                worker.start();
                costs = {};
                unsigned lost = 0;
                for (unsigned request = 0; request < kRequests; request += 2) {
                    guest.give_back(tables);
                    driver.want_interrupt_after(1);
                    driver.offer({{0x1000, 8, false}, {0x2000, 1, true}});
                    driver.offer_indirect({{0x1000, 8, false}, {0x2000, 1, true}});
                    {
                        const Counting now;
                        kick.signal();
                        loop.run_one_turn();
                    }
                    lost += driver.take_used().has_value() ? 0 : 1;
                    lost += driver.take_used().has_value() ? 0 : 1;
                }

                CHECK(lost == 0);
                CHECK(client.bad == 0);
                CHECK(interrupt.count >= kRequests / 4);
                CHECK(costs.allocations == 0);
                CHECK(costs.locks == 0);
                worker.detach(loop);
            }
        }
    }
}

}  // namespace siskin
