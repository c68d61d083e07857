// SPDX-License-Identifier: Apache-2.0
// VirtioBench: a virtio-blk-pci below a root port of fakes, driven through its registers alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/loop/io_thread.h"
#include "pci/express_port.h"
#include "tests/harness/driver_pci.h"
#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "virtio/block/blk_pci.h"
#include "virtio/block/block_device.h"
#include "virtio/block/spec.h"
#include "virtio/spec.h"

namespace siskin {

// Runs what is due when the test says so.
class ManualRelay final : public InterruptRelay {
public:
    Result<std::unique_ptr<Binding>> watch(const EventFd& event,
                                           std::function<void()> relayed) override {
        watches_.push_back(Watch{++last_, &event, std::move(relayed)});
        return std::make_unique<Bound>(*this, last_);
    }
    void run() const {
        for (const Watch& watch : std::vector<Watch>(watches_)) {
            if (watch.event->take() != 0) {
                watch.relayed();
            }
        }
    }
    [[nodiscard]] std::size_t watched() const { return watches_.size(); }

private:
    struct Watch {
        unsigned number;
        const EventFd* event;
        std::function<void()> relayed;
    };
    class Bound : public Binding {
    public:
        Bound(ManualRelay& owner, unsigned number) : owner_(owner), number_(number) {}
        ~Bound() override {
            std::erase_if(owner_.watches_,
                          [this](const Watch& watch) { return watch.number == number_; });
        }
        Bound(const Bound&) = delete;
        Bound& operator=(const Bound&) = delete;

    private:
        ManualRelay& owner_;
        unsigned number_;
    };
    std::vector<Watch> watches_;
    unsigned last_ = 0;
};

// True as soon as `condition` is; false after some seconds.
inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

// Keeps what a device's machine would be told.
class ErrorLog final : public BlockErrorSink {
public:
    void on_block_error(const BlockError& error) override {
        const std::lock_guard hold(mutex_);
        errors_.push_back(error);
    }
    std::vector<BlockError> errors() const {
        const std::lock_guard hold(mutex_);
        return errors_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<BlockError> errors_;
};

struct VirtioBench {
    static constexpr Bdf kPort{0, DevFn::of(1, 0)};
    static constexpr Bdf kBdf{1, DevFn::of(0, 0)};
    static constexpr std::uint64_t kMsixBar = 0xe0000000;
    static constexpr std::uint64_t kBar = 0xe0100000;
    static constexpr std::uint64_t kDiskSize = 1 * kMiB;
    static constexpr std::uint16_t kMemoryAndMaster = 0x6;

    // With several threads they serve the queues in turn. `other`: the device's disk in the stead
    // of the one in memory.
    explicit VirtioBench(const BlkPciConfig& settings = {}, bool read_only = false,
                         bool unmap = false, std::size_t threads = 1, BlockNode* other = nullptr)
        : disk(kDiskSize, read_only), node(other == nullptr ? disk : *other) {
        while (more_threads.size() + 1 < threads) {
            more_threads.push_back(*IoThread::create("more"));
        }
        disk.unmap = unmap;
        pci.open_bridge(kPort, 1, 1, kMsixBar, kMsixBar + 0x0fffffff);
        auto created = create(settings);
        SISKIN_ASSERT(created.has_value());
        device = std::move(*created);
        pci.assign_bar(kBdf, 1, kMsixBar);
        pci.assign_bar(kBdf, 4, kBar);
        pci.set_command(kBdf, kMemoryAndMaster);
    }
    Result<std::unique_ptr<VirtioPci>> create(const BlkPciConfig& settings) {
        PciPlace place = machine.place(port->secondary(), kBdf.devfn, false, "b0");
        place.type_name = "virtio-blk-pci";
        auto sink = std::make_unique<ErrorLog>();
        errors = sink.get();
        BlockThreads threads{{io_thread.get()}, {}};
        for (const auto& thread : more_threads) {
            threads.threads.push_back(thread.get());
        }
        for (std::size_t queue = 0; queue < settings.blk.num_queues.value_or(2); ++queue) {
            threads.thread_of_queue.push_back(queue % threads.threads.size());
        }
        return create_blk_pci(place, std::make_shared<BlkPciConfig>(settings), services,
                              BlkPciBackends{node, std::move(threads), 2, std::move(sink)});
    }

    BlockDevice& block() { return dynamic_cast<BlockDevice&>(device->device()); }

    // Registers.
    std::uint64_t common(std::uint64_t offset, unsigned width) {
        return pci.memory_read(kBar + offset, width);
    }
    void set_common(std::uint64_t offset, unsigned width, std::uint64_t value) {
        pci.memory_write(kBar + offset, width, value);
    }
    std::uint8_t status() {
        return static_cast<std::uint8_t>(common(virtio_spec::kCommonDeviceStatus, 1));
    }
    void set_status(std::uint8_t value) { set_common(virtio_spec::kCommonDeviceStatus, 1, value); }
    void accept(FeatureSet features) {
        for (std::uint32_t window = 0; window < 2; ++window) {
            set_common(virtio_spec::kCommonDriverFeatureSelect, 4, window);
            set_common(virtio_spec::kCommonDriverFeature, 4,
                       features.bits() >> (window * 32) & 0xffffffff);
        }
    }
    FeatureSet offered() {
        std::uint64_t bits = 0;
        for (std::uint32_t window = 0; window < 2; ++window) {
            set_common(virtio_spec::kCommonDeviceFeatureSelect, 4, window);
            bits |= common(virtio_spec::kCommonDeviceFeature, 4) << (window * 32);
        }
        return FeatureSet(bits);
    }
    void select(std::uint16_t queue) { set_common(virtio_spec::kCommonQueueSelect, 2, queue); }
    void set_address(std::uint64_t offset, GuestAddress address) {
        set_common(offset, 4, address.value() & 0xffffffff);
        set_common(offset + 4, 4, address.value() >> 32);
    }
    // `driver` is a DriverQueue or one like it.
    template <typename Driver>
    void program_queue(std::uint16_t queue, const Driver& driver,
                       std::uint16_t vector = virtio_spec::kNoVector) {
        select(queue);
        set_common(virtio_spec::kCommonQueueSize, 2, driver.size());
        set_address(virtio_spec::kCommonQueueDescriptorTable, driver.config().descriptor_area);
        set_address(virtio_spec::kCommonQueueAvailableRing, driver.config().driver_area);
        set_address(virtio_spec::kCommonQueueUsedRing, driver.config().device_area);
        set_common(virtio_spec::kCommonQueueMsixVector, 2, vector);
        set_common(virtio_spec::kCommonQueueEnable, 2, 1);
    }
    void reach_features_ok(FeatureSet features) {
        set_status(1);
        set_status(3);
        FeatureSet wanted = features;
        wanted.add(virtio_spec::kFeatureVersion1);
        accept(wanted);
        set_status(11);
    }
    // The whole of §3.1.1 with one queue.
    template <typename Driver>
    void start(const Driver& driver, FeatureSet features = {virtio_spec::kBlockFeatureFlush},
               std::uint16_t vector = virtio_spec::kNoVector) {
        reach_features_ok(features);
        program_queue(0, driver, vector);
        set_status(15);
    }
    void notify(std::uint16_t queue = 0) {
        pci.memory_write(kBar + VirtioPci::kNotifyOffset + queue * 4U, 2, queue);
    }
    bool reset_and_wait() {
        set_status(0);
        return eventually([&] { return status() == 0; });
    }
    // Everything posted to the I/O thread so far has run.
    void settle() {
        io_thread->run_and_wait([](IoLoop&) {});
        for (const auto& thread : more_threads) {
            thread->run_and_wait([](IoLoop&) {});
        }
    }

    // Requests.
    struct Request {
        std::uint16_t head;
        std::uint64_t data;
        std::uint64_t status;
    };
    // Takes descriptors 3 * slot to 3 * slot + 2.
    Request prepare(DriverQueue& driver, std::uint16_t slot, std::uint32_t type,
                    std::uint64_t sector, std::uint32_t size = 512) {
        const std::uint64_t header = guest.allocate(16);
        Request request{static_cast<std::uint16_t>(slot * 3), guest.allocate(size + 1),
                        guest.allocate(1)};
        guest.write(header, virtio_spec::BlockRequestHeader{type, 0U, sector});
        guest.write(request.status, std::uint8_t{0xee});
        std::vector<DriverBuffer> buffers{{header, 16, false}};
        if (size != 0) {
            buffers.push_back({request.data, size, type != virtio_spec::kBlockWrite});
        }
        buffers.push_back({request.status, 1, true});
        driver.put_chain(request.head, buffers);
        return request;
    }
    std::uint8_t status_of(const Request& request) const {
        return guest.read<std::uint8_t>(request.status);
    }
    // Offers, notifies and waits; 0xff when nothing comes.
    std::uint8_t run(DriverQueue& driver, const Request& request) {
        driver.put_available(request.head);
        notify();
        if (!eventually([&] { return driver.take_used().has_value(); })) {
            return 0xff;
        }
        return status_of(request);
    }
    std::uint8_t run(DriverQueue& driver, std::uint32_t type, std::uint64_t sector,
                     std::uint32_t size = 512) {
        return run(driver, prepare(driver, 0, type, sector, size));
    }

    TestGuest guest;
    PciMachine machine{2};
    std::unique_ptr<ExpressPort> port =
        make_port(machine, kRootPortType, machine.host.root(), kPort.devfn, "rp1");
    DriverPci pci{machine};
    ManualRelay relay;
    LineEnds line_ends{relay};
    VirtioPciServices services{machine.msi, machine.doorbells, relay, line_ends,
                               [this] { return guest.memory(); }};
    std::unique_ptr<IoThread> io_thread = *IoThread::create("io");
    std::vector<std::unique_ptr<IoThread>> more_threads;
    MemoryDisk disk;
    BlockNode& node;
    ErrorLog* errors = nullptr;  // the device's
    std::unique_ptr<VirtioPci> device;
};

}  // namespace siskin
