// SPDX-License-Identifier: Apache-2.0
// BlockDevice.
#include "virtio/block/block_device.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <future>
#include <utility>

#include "base/bits.h"
#include "base/text.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;

// Takes a claim back unless told to keep it.
class ClaimGuard {
public:
    explicit ClaimGuard(BlockNode& node) : node_(&node) {}
    ~ClaimGuard() {
        if (node_ != nullptr) {
            node_->release();
        }
    }
    ClaimGuard(const ClaimGuard&) = delete;
    ClaimGuard& operator=(const ClaimGuard&) = delete;
    void keep() { node_ = nullptr; }

private:
    BlockNode* node_;
};

}  // namespace

Result<> check_block_options(const BlockDeviceOptions& options, const BlockNode& node) {
    std::vector<Error> problems = block_option_problems(options, &node);
    return problems.empty() ? Result<>() : Result<>(fail(std::move(problems.front())));
}

std::vector<Error> block_option_problems(const BlockDeviceOptions& options, const BlockNode* node) {
    std::vector<Error> problems;
    const auto note = [&](std::string message) {
        problems.push_back(Error{ErrorClass::GenericError, std::move(message)});
    };
    if (options.serial.size() > spec::kBlockIdSize) {
        note(concat("serial is ", options.serial.size(), " bytes long, the most is ",
                    spec::kBlockIdSize));
    }
    if (!is_power_of_two(options.queue_size)) {
        note(concat("queue-size is ", options.queue_size, ", allowed is a power of two"));
    }
    if (!is_power_of_two(options.logical_block_size) || options.logical_block_size < 512) {
        note(concat("logical_block_size is ", options.logical_block_size,
                    ", allowed is a power of two from 512"));
    }
    if (!is_power_of_two(options.physical_block_size) ||
        options.physical_block_size < options.logical_block_size) {
        note(concat("physical_block_size is ", options.physical_block_size,
                    ", allowed is a power of two from logical_block_size, which is ",
                    options.logical_block_size));
    }
    if (node != nullptr && node->capacity().value() < options.logical_block_size) {
        note(concat("block node '", node->name(), "' has ", node->capacity().value(),
                    " bytes, less than one logical block of ", options.logical_block_size));
    }
    return problems;
}

Result<std::unique_ptr<BlockDevice>> BlockDevice::create(BlockNode& node, IoThread& io_thread,
                                                         const BlockDeviceOptions& options) {
    SISKIN_TRY(check_block_options(options, node));
    SISKIN_TRY(node.claim(ImageUse{!node.read_only(), options.share_write}));
    ClaimGuard claim(node);
    auto engine =
        SISKIN_TRY(node.create_engine(std::size_t{options.num_queues} * options.queue_size));
    EventFd idle = SISKIN_TRY(EventFd::create());
    std::unique_ptr<BlockDevice> device(
        new BlockDevice(node, io_thread, options, std::move(engine), std::move(idle)));
    claim.keep();
    return device;
}

BlockDevice::BlockDevice(BlockNode& node, IoThread& io_thread, const BlockDeviceOptions& options,
                         std::unique_ptr<BlockEngine> engine, EventFd idle)
    : node_(node),
      io_thread_(io_thread),
      options_(options),
      queue_sizes_(options.num_queues, options.queue_size),
      io_(std::move(engine), std::move(idle), shared_) {
    // A disk that is no whole number of blocks ends at the last whole one.
    shared_.limits.capacity =
        ByteCount{align_down(node.capacity().value(), options.logical_block_size)};
    shared_.limits.block_size = options.logical_block_size;
    shared_.limits.read_only = node.read_only();
    shared_.writeback = options.write_cache;
    std::copy(options.serial.begin(), options.serial.end(), shared_.serial.begin());
}

BlockDevice::~BlockDevice() {
    settle();
    node_.release();
}

void BlockDevice::settle() {
    if (settled_) {
        return;
    }
    std::promise<void> gone;
    deactivate([&] { gone.set_value(); });
    gone.get_future().wait();
    // `gone` was set from inside io_; wait until the thread has left it.
    io_thread_.run_and_wait([](IoLoop&) {});
    settled_ = true;
}

void BlockDevice::post(std::function<void(IoLoop&)> work) {
    settled_ = false;
    io_thread_.post(std::move(work));
}

std::uint16_t BlockDevice::device_id() const {
    return spec::kDeviceIdBlock;
}

std::uint32_t BlockDevice::class_code() const {
    return spec::kBlockClassCode;
}

FeatureSet BlockDevice::offered_features() const {
    FeatureSet offered{spec::kBlockFeatureSegMax, spec::kBlockFeatureBlockSize,
                       spec::kBlockFeatureFlush, spec::kBlockFeatureTopology};
    if (node_.read_only()) {
        offered.add(spec::kBlockFeatureReadOnly);
    }
    if (options_.config_wce) {
        offered.add(spec::kBlockFeatureConfigWce);
    }
    if (options_.num_queues > 1) {
        offered.add(spec::kBlockFeatureMultiQueue);
    }
    return offered;
}

virtio_spec::BlockConfigSpace BlockDevice::config_space() const {
    spec::BlockConfigSpace config;
    config.capacity = shared_.limits.capacity.value() / spec::kSectorSize;
    // The longest chain, less the descriptors of header and status.
    config.seg_max = std::max(options_.queue_size, std::uint16_t{3}) - 2U;
    config.block_size = options_.logical_block_size;
    config.physical_block_exponent = static_cast<std::uint8_t>(
        std::countr_zero(options_.physical_block_size / options_.logical_block_size));
    config.writeback = shared_.writeback.load() ? 1 : 0;
    config.num_queues = options_.num_queues;
    return config;
}

std::uint64_t BlockDevice::read_config(std::uint64_t offset, unsigned width) {
    const spec::BlockConfigSpace config = config_space();
    std::uint64_t value = 0;
    if (offset < sizeof(config)) {
        const auto size = std::min<std::uint64_t>({width, 8, sizeof(config) - offset});
        std::memcpy(&value, reinterpret_cast<const std::byte*>(&config) + offset, size);
    }
    return value;
}

void BlockDevice::write_config(std::uint64_t offset, unsigned width, std::uint64_t value) {
    // §5.2.4: writeback is the one writable field, with CONFIG_WCE only.
    if (offset == offsetof(spec::BlockConfigSpace, writeback) && width == 1 &&
        accepted_.has(spec::kBlockFeatureConfigWce)) {
        shared_.writeback.store((value & 1) != 0);
    }
}

void BlockDevice::features_accepted(FeatureSet accepted) {
    accepted_ = accepted;
    // §5.2.5.2, §5.2.6.2: a driver that cannot flush gets durable writes.
    shared_.writeback.store(options_.write_cache && accepted.has(spec::kBlockFeatureFlush));
}

void BlockDevice::features_forgotten() {
    accepted_ = FeatureSet();
    shared_.writeback.store(options_.write_cache);
}

void BlockDevice::activate(ActiveQueues queues, DeviceHost& host) {
    auto moved = std::make_shared<ActiveQueues>(std::move(queues));
    post([this, moved, &host](IoLoop& loop) { io_.activate(loop, std::move(*moved), host); });
}

void BlockDevice::deactivate(std::function<void()> done) {
    accepted_ = FeatureSet();
    post([this, done = std::move(done)](IoLoop& loop) {
        io_.deactivate(loop, [this, done] {
            shared_.writeback.store(options_.write_cache);
            done();
        });
    });
}

void BlockDevice::reset_queue(QueueIndex index, std::function<void()> done) {
    io_thread_.post(
        [this, index, done = std::move(done)](IoLoop&) { io_.reset_queue(index, done); });
}

void BlockDevice::enable_queue(ActiveQueue queue) {
    auto moved = std::make_shared<ActiveQueue>(std::move(queue));
    io_thread_.post([this, moved](IoLoop&) { io_.enable_queue(std::move(*moved)); });
}

void BlockDevice::pause(std::function<void()> done) {
    allowed_.store(false);
    post([this, done = std::move(done)](IoLoop&) { io_.pause(done); });
}

void BlockDevice::allow_transfers(bool allowed) {
    allowed_.store(allowed);
    quiet_.store(false);
    if (change_posted_.exchange(true)) {
        return;  // it will see what is allowed now
    }
    post([this](IoLoop&) {
        change_posted_.store(false);
        if (allowed_.load()) {
            io_.resume();
        } else {
            quiet_.store(false);
            io_.pause([this] { quiet_.store(true); });
        }
    });
}

}  // namespace siskin
