// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/queue_worker on a loop of its own.
#include "virtio/queue/queue_worker.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/loop/io_loop.h"
#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"

namespace siskin {

namespace {

class CountingInterrupt final : public DriverInterrupt {
public:
    void signal() override { ++count; }
    unsigned count = 0;
};

// Keeps what it is given until a test completes it, or completes at once.
class Client final : public QueueClient {
public:
    bool has_room() const override { return held.size() < room; }
    void on_chain(const DescriptorChain& chain) override {
        ++chains;
        held.push_back(chain.head());
        if (complete_at_once) {
            finish();
        }
    }
    void on_bad_chain(std::string_view) override { ++bad_chains; }
    void on_broken_ring(std::string_view) override { ++broken_rings; }
    void finish() {
        worker->complete(held.front(), 0);
        held.erase(held.begin());
    }

    QueueWorker* worker = nullptr;
    std::size_t room = 1000;
    bool complete_at_once = true;
    std::vector<ChainHead> held;
    unsigned chains = 0;
    unsigned bad_chains = 0;
    unsigned broken_rings = 0;
};

// A queue of 4 served on a loop.
struct Bench {
    explicit Bench(FeatureSet accepted = {})
        : worker(ActiveQueue{QueueIndex{0}, driver.virtqueue(accepted), kick, interrupt}, client) {
        client.worker = &worker;
        for (std::uint16_t index = 0; index < 4; ++index) {
            driver.put_chain(index, {{0x1000, 1, false}});
        }
        REQUIRE(worker.attach(loop).has_value());
    }
    ~Bench() { worker.detach(loop); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void start() {
        worker.start();
        loop.run_one_turn();
    }
    void offer(std::uint16_t count) {
        for (std::uint16_t index = 0; index < count; ++index) {
            driver.put_available(index);
        }
    }
    void kick_and_turn() {
        kick.signal();
        loop.run_one_turn();
    }
    // A wait that was short enough: the loop looks from the next turn on.
    void begin_polling() {
        loop.set_poll_limits(PollLimits{std::chrono::seconds(100), 0, 0});
        start();
    }

    TestGuest guest;
    DriverQueue driver{guest, 4};
    IoLoop loop = *IoLoop::create();
    EventFd kick = *EventFd::create();
    CountingInterrupt interrupt;
    Client client;
    QueueWorker worker;
};

}  // namespace

TEST_SUITE("virtio/queue/queue_worker") {
    TEST_CASE("a start looks at the ring without a kick, and a turn is one interrupt") {
        Bench bench;
        bench.offer(3);

        bench.start();

        CHECK(bench.client.chains == 3);
        CHECK(bench.driver.used_index() == 3);
        CHECK(bench.interrupt.count == 1);
    }

    TEST_CASE("a kick brings what was offered since") {
        Bench bench;
        bench.start();
        bench.offer(2);

        bench.kick_and_turn();

        CHECK(bench.client.chains == 2);
        CHECK(bench.interrupt.count == 1);
    }

    TEST_CASE("a kick on an empty ring does nothing") {
        Bench bench;
        bench.start();

        bench.kick_and_turn();

        CHECK(bench.client.chains == 0);
        CHECK(bench.interrupt.count == 0);
    }

    TEST_CASE("a turn takes at most a queue of chains and comes back for the rest") {
        // A driver that offers a new chain for each one taken.
        class Endless final : public QueueClient {
        public:
            explicit Endless(Bench& owner) : bench(owner) {}
            bool has_room() const override { return true; }
            void on_chain(const DescriptorChain& chain) override {
                ++chains;
                worker->complete(chain.head(), 0);
                bench.driver.put_available(0);
            }
            void on_bad_chain(std::string_view) override {}
            void on_broken_ring(std::string_view) override {}

            Bench& bench;
            QueueWorker* worker = nullptr;
            unsigned chains = 0;
        };
        Bench bench;
        Endless endless(bench);
        const EventFd kick = *EventFd::create();
        QueueWorker worker(
            ActiveQueue{QueueIndex{0}, bench.driver.virtqueue(), kick, bench.interrupt}, endless);
        endless.worker = &worker;
        REQUIRE(worker.attach(bench.loop).has_value());
        bench.driver.put_available(0);

        worker.start();
        bench.loop.run_one_turn();
        CHECK(endless.chains == 4);
        bench.loop.run_one_turn();
        CHECK(endless.chains == 8);
        worker.detach(bench.loop);
    }

    TEST_CASE("without room nothing is taken; a completion makes the worker look again") {
        Bench bench;
        bench.client.room = 2;
        bench.client.complete_at_once = false;
        bench.offer(4);
        bench.start();
        REQUIRE(bench.client.chains == 2);

        // The disk's completion is another source of the same loop.
        class Completion final : public IoSource {
        public:
            explicit Completion(Client& owner) : client(owner) {}
            void on_ready() override {
                [[maybe_unused]] const auto count = event.take();
                client.finish();
            }
            Client& client;
            EventFd event = *EventFd::create();
        };
        Completion completion(bench.client);
        REQUIRE(bench.loop.add(completion.event.get(), completion).has_value());
        completion.event.signal();
        bench.loop.run_one_turn();
        CHECK(bench.client.chains == 2);
        bench.loop.run_one_turn();

        CHECK(bench.client.chains == 3);
        bench.loop.remove(completion.event.get(), completion);
    }

    TEST_CASE("a bad chain goes back with length 0 and the next one is served") {
        Bench bench;
        bench.driver.put_available(bench.driver.link_in_a_circle({1, 2}));
        bench.driver.put_available(0);

        bench.start();

        const auto used = bench.driver.take_used();
        REQUIRE(used.has_value());
        CHECK(used->id == 1);
        CHECK(used->length == 0);
        CHECK(bench.client.bad_chains == 1);
        CHECK(bench.client.chains == 1);
        CHECK(bench.interrupt.count == 1);
    }

    TEST_CASE(
        "a broken ring stops the worker for good, and kicks do not keep the loop awake (V14, "
        "V19)") {
        Bench bench;
        bench.driver.set_available_index(100);
        bench.start();
        REQUIRE(bench.client.broken_rings == 1);

        bench.driver.set_available_index(1);
        bench.kick_and_turn();

        CHECK(bench.client.chains == 0);
        CHECK(bench.client.broken_rings == 1);
        CHECK(bench.kick.take() == 0);
    }

    TEST_CASE("a stopped worker takes nothing, and what was offered comes with the start") {
        Bench bench;
        bench.start();
        bench.worker.stop();
        bench.offer(2);
        bench.kick_and_turn();
        REQUIRE(bench.client.chains == 0);

        bench.start();

        CHECK(bench.client.chains == 2);
    }

    TEST_CASE("with event indices no interrupt comes before the driver's event") {
        Bench bench(FeatureSet{virtio_spec::kFeatureRingEventIdx});
        bench.driver.set_used_event(2);
        bench.start();
        bench.offer(2);
        bench.kick_and_turn();
        CHECK(bench.interrupt.count == 0);

        bench.driver.put_available(2);
        bench.kick_and_turn();

        CHECK(bench.interrupt.count == 1);
        CHECK(bench.driver.available_event() == 3);
    }

    TEST_CASE("the same head in several entries is served as often as it was offered (V11)") {
        Bench bench;
        bench.client.complete_at_once = false;
        for (int count = 0; count < 4; ++count) {
            bench.driver.put_available(0);
        }
        bench.start();
        REQUIRE(bench.client.held.size() == 4);

        for (int count = 0; count < 4; ++count) {
            bench.client.finish();
        }
        bench.worker.flush_interrupt();

        CHECK(bench.driver.used_index() == 4);
        CHECK(bench.interrupt.count == 1);
    }
}

TEST_SUITE("virtio/queue/queue_worker: polling") {
    TEST_CASE("a loop that looks finds chains without a kick, and asks for none") {
        Bench bench;
        bench.begin_polling();
        bench.offer(2);

        bench.loop.run_one_turn();

        CHECK(bench.client.chains == 2);
        CHECK(bench.interrupt.count == 1);
        CHECK(bench.driver.used_flags() == virtio_spec::kUsedNoNotify);
    }

    TEST_CASE("before the loop waits, kicks are asked for again, and what came meanwhile counts") {
        Bench bench;
        bench.begin_polling();
        bench.offer(1);
        bench.loop.run_one_turn();
        bench.kick.signal();

        bench.loop.run_one_turn();

        CHECK(bench.client.chains == 1);
        CHECK(bench.driver.used_flags() == 0);
    }

    TEST_CASE("a stopped worker is not looked at, and leaves the driver's ring alone") {
        Bench bench;
        bench.begin_polling();
        bench.worker.stop();
        bench.offer(1);
        bench.kick.signal();

        bench.loop.run_one_turn();

        CHECK(bench.client.chains == 0);
        CHECK(bench.driver.used_flags() == 0);
    }

    TEST_CASE("without room the loop does not find the same chain again and again") {
        Bench bench;
        bench.begin_polling();
        bench.client.complete_at_once = false;
        bench.client.room = 1;
        bench.offer(2);
        bench.loop.run_one_turn();
        REQUIRE(bench.client.chains == 1);
        bench.kick.signal();
        bench.loop.run_one_turn();
        REQUIRE(bench.client.chains == 1);

        bench.client.finish();
        bench.kick_and_turn();
        bench.kick_and_turn();

        CHECK(bench.client.chains == 2);
    }
}

}  // namespace siskin
