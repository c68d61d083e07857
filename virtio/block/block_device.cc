// SPDX-License-Identifier: Apache-2.0
// BlockDevice.
#include "virtio/block/block_device.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <utility>

#include "base/bits.h"
#include "base/text.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;

}  // namespace

Result<std::unique_ptr<BlockDevice>> BlockDevice::create(BlockNode& node,
                                                         const BlockThreads& threads,
                                                         const BlockDeviceOptions& options,
                                                         std::unique_ptr<BlockErrorSink> errors) {
    SISKIN_TRY(check_block_options(options, node));
    SISKIN_TRY(node.claim(ImageUse{!node.read_only(), options.share_write}));
    // Releases the node in its end, with the engines gone.
    std::unique_ptr<BlockDevice> device(new BlockDevice(node, options, std::move(errors)));
    device->lanes_ = SISKIN_TRY(BlockLanes::create(
        node, threads, options.queue_size, device->shared_,
        std::span(device->counters_.get(), options.num_queues), device->errors_.get()));
    return device;
}

BlockDevice::BlockDevice(BlockNode& node, const BlockDeviceOptions& options,
                         std::unique_ptr<BlockErrorSink> errors)
    : node_(node),
      options_(options),
      queue_sizes_(options.num_queues, options.queue_size),
      shown_capacity_(usable_capacity()),
      counters_(std::make_unique<BlockCounters[]>(options.num_queues)),
      errors_(std::move(errors)) {
    shared_.limits.capacity = shown_capacity_;
    shared_.on_read_error = options.on_read_error;
    shared_.on_write_error = options.on_write_error;
    shared_.account_failed = options.account_failed;
    shared_.account_invalid = options.account_invalid;
    shared_.limits.block_size = options.logical_block_size;
    shared_.limits.read_only = node.read_only();
    shared_.limits.max_discard_sectors = options.max_discard_sectors;
    shared_.limits.max_write_zeroes_sectors = options.max_write_zeroes_sectors;
    shared_.may_unmap = node.limits().unmap;
    shared_.writeback = options.write_cache;
    std::copy(options.serial.begin(), options.serial.end(), shared_.serial.begin());
}

// A disk that is no whole number of blocks ends at the last whole one.
ByteCount BlockDevice::usable_capacity() const {
    return ByteCount{align_down(node_.capacity().value(), options_.logical_block_size)};
}

BlockDevice::~BlockDevice() {
    settle();
    lanes_.reset();  // the engines, before others may have the node
    node_.release();
}

void BlockDevice::settle() {
    if (settled_.load()) {
        return;
    }
    std::promise<void> gone;
    deactivate([&] { gone.set_value(); });
    gone.get_future().wait();
    // `gone` was set from inside a lane; wait until its thread has left it.
    lanes_->drain();
    settled_.store(true);
}

std::uint16_t BlockDevice::device_id() const {
    return spec::kDeviceIdBlock;
}

std::uint32_t BlockDevice::class_code() const {
    return options_.class_code;
}

FeatureSet BlockDevice::offered_features() const {
    FeatureSet offered{spec::kBlockFeatureSegMax, spec::kBlockFeatureGeometry,
                       spec::kBlockFeatureBlockSize, spec::kBlockFeatureFlush,
                       spec::kBlockFeatureTopology};
    if (node_.read_only()) {
        offered.add(spec::kBlockFeatureReadOnly);
    }
    if (options_.config_wce) {
        offered.add(spec::kBlockFeatureConfigWce);
    }
    if (options_.num_queues > 1) {
        offered.add(spec::kBlockFeatureMultiQueue);
    }
    if (options_.discard) {
        offered.add(spec::kBlockFeatureDiscard);
    }
    if (options_.write_zeroes) {
        offered.add(spec::kBlockFeatureWriteZeroes);
    }
    return offered;
}

std::uint64_t BlockDevice::read_config(std::uint64_t offset, unsigned width) {
    generation_.on_read();
    const spec::BlockConfigSpace config =
        block_config_space(options_, shown_capacity_, shared_.writeback.load(), shared_.may_unmap);
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

void BlockDevice::write_legacy_config(std::uint64_t offset, std::uint64_t value) {
    // §5.2.5.3: before the driver has told its features, too, as far as they are offered.
    const bool may_switch =
        legacy_ ? accepted_.has(spec::kBlockFeatureConfigWce) : options_.config_wce;
    if (offset == offsetof(spec::BlockConfigSpace, writeback) && may_switch) {
        shared_.writeback.store((value & 1) != 0);
    }
}

std::uint16_t BlockDevice::config_size() const {
    return block_config_size(options_);
}

void BlockDevice::features_accepted(FeatureSet accepted) {
    accepted_ = accepted;
    legacy_ = !accepted.has(spec::kFeatureVersion1);
    shared_.limits.discard = accepted.has(spec::kBlockFeatureDiscard);
    shared_.limits.write_zeroes = accepted.has(spec::kBlockFeatureWriteZeroes);
    // §5.2.5.3: the cache is as a legacy driver that may switch it has left it.
    if (legacy_ && accepted.has(spec::kBlockFeatureConfigWce)) {
        return;
    }
    // §5.2.5.2, §5.2.6.2: a driver that cannot flush gets durable writes.
    shared_.writeback.store(options_.write_cache && accepted.has(spec::kBlockFeatureFlush));
}

void BlockDevice::features_forgotten() {
    accepted_ = FeatureSet();
    legacy_ = false;
    shared_.writeback.store(options_.write_cache);
}

void BlockDevice::activate(ActiveQueues queues, DeviceHost& host) {
    lanes().activate(std::move(queues), host);
}

void BlockDevice::deactivate(std::function<void()> done) {
    accepted_ = FeatureSet();
    legacy_ = false;
    lanes().deactivate([this, done = std::move(done)] {
        shared_.writeback.store(options_.write_cache);
        done();
    });
}

void BlockDevice::reset_queue(QueueIndex index, std::function<void()> done) {
    lanes().reset_queue(index, std::move(done));
}

void BlockDevice::enable_queue(ActiveQueue queue) {
    lanes().enable_queue(std::move(queue));
}

void BlockDevice::pause(std::function<void()> done) {
    lanes().pause(std::move(done));
}

void BlockDevice::allow_transfers(bool allowed) {
    lanes().allow_transfers(allowed);
}

BlockTotals BlockDevice::totals() const {
    BlockTotals totals;
    for (std::uint16_t queue = 0; queue < options_.num_queues; ++queue) {
        counters_[queue].add_to(totals);
    }
    return totals;
}

void BlockDevice::set_throttle_group(std::shared_ptr<ThrottleGroup> group) {
    if (settled_.load()) {
        lanes_->begin_with_throttle_group(group);
    } else {
        lanes().set_throttle_group(group);
    }
    group_use_ = ThrottleGroupUse(std::move(group));
}

Result<> BlockDevice::resize(ByteCount size) {
    // Shared: who sets it may still be inside it when the wait is over.
    const auto held = std::make_shared<std::promise<void>>();
    lanes().hold([held] { held->set_value(); });
    held->get_future().wait();
    // No thread looks at these until they are let go.
    Result<> result = node_.resize(size);
    shared_.limits.capacity = usable_capacity();
    lanes().let_go();
    return result;
}

void BlockDevice::follow_size() {
    const ByteCount capacity = usable_capacity();
    lanes().set_capacity(capacity);
    publish_size();
}

Result<> BlockDevice::move_to(IoThread& thread, MachineLock& lock) {
    if (lanes_->size() != 1) {
        return fail(concat("block node '", node_.name(), "' is of a disk with ", lanes_->size(),
                           " I/O threads, allowed is 1"));
    }
    lanes().move_to(thread, lock);
    return {};
}

void BlockDevice::publish_size() {
    shown_capacity_ = usable_capacity();
    generation_.on_change();
    lanes().tell_config_changed();
}

}  // namespace siskin
