// SPDX-License-Identifier: Apache-2.0
// ScsiDisk.
#include "devices/scsi/scsi_disk.h"

#include <future>
#include <utility>

#include "base/text.h"

namespace siskin {

class ScsiDisk::Events final : public ScsiUnitEvents {
public:
    explicit Events(std::function<void(bool)> told) : told_(std::move(told)) {}
    void on_tray_moved(bool is_open) override {
        if (told_) {
            told_(is_open);
        }
    }

private:
    const std::function<void(bool)> told_;
};

ScsiDisk::ScsiDisk(const DeviceType& type, std::string id, std::shared_ptr<void> config,
                   ScsiBus& bus, ScsiAddress address)
    : Device(type, std::move(id), std::move(config)), bus_(bus), address_(address) {}

Result<std::unique_ptr<ScsiDisk>> ScsiDisk::create(const DeviceType& type, std::string id,
                                                   std::shared_ptr<void> config,
                                                   ScsiUnitOptions options, ScsiAddress address,
                                                   ScsiDiskBackends backends, bool hot_plugged) {
    std::vector<Error> problems = scsi_option_problems(options, backends.node);
    if (!problems.empty()) {
        return fail(in_context(type.name, std::move(problems.front())));
    }
    ScsiTransport& transport = *backends.bus.transport();
    std::unique_ptr<ScsiMedium> medium;
    if (backends.node != nullptr) {
        medium = SISKIN_TRY_IN(type.name,
                               ScsiMedium::create(*backends.node, options, transport.tasks_max()));
    }
    std::unique_ptr<ScsiDisk> disk(
        new ScsiDisk(type, std::move(id), std::move(config), backends.bus, address));
    disk->errors_ = std::move(backends.errors);
    disk->events_ = std::make_unique<Events>(std::move(backends.on_tray_moved));
    disk->unit_ = std::make_unique<ScsiUnit>(std::move(options), transport.tasks_max(),
                                             disk->errors_.get(), disk->events_.get());
    if (medium != nullptr) {
        disk->node_ = &medium->node();
        disk->engine_ = &medium->engine();
        // Nobody else has seen the unit yet.
        [[maybe_unused]] const auto former = disk->unit_->change_medium(std::move(medium));
    }
    disk->bus_.take(address, disk->id().empty() ? std::string(type.name) : disk->id());
    disk->plugged_ = true;
    disk->settled_ = false;
    transport.add(*disk->unit_, address, hot_plugged);
    return disk;
}

ScsiDisk::~ScsiDisk() {
    ScsiDisk::settle();
}

void ScsiDisk::unplug(std::function<void()> done) {
    if (!std::exchange(plugged_, false)) {
        done();
        return;
    }
    bus_.give_back(address_);
    transport().remove(*unit_, std::move(done));
}

void ScsiDisk::settle() {
    if (plugged_) {
        std::promise<void> gone;
        unplug([&] { gone.set_value(); });
        gone.get_future().wait();
    }
    if (!std::exchange(settled_, true)) {
        // That was told from inside the unit; wait until the thread has left it.
        transport().io_thread().run_and_wait([](IoLoop&) {});
    }
}

BlockTotals ScsiDisk::totals() const {
    BlockTotals totals;
    unit_->counters().add_to(totals);
    return totals;
}

void ScsiDisk::set_throttle_group(std::shared_ptr<ThrottleGroup> group) {
    group_use_ = ThrottleGroupUse(std::move(group));
    if (engine_ != nullptr) {
        transport().io_thread().post(
            [unit = unit_.get(), engine = engine_, group = throttle_group()](IoLoop&) {
                // It may have been taken out meanwhile.
                if (unit->medium() != nullptr && &unit->medium()->engine() == engine) {
                    engine->set_group(group);
                }
            });
    }
}

std::uint64_t ScsiDisk::held_operations() const {
    return former_held_operations_ + (engine_ == nullptr ? 0 : engine_->held_operations());
}

std::uint64_t ScsiDisk::held_ns() const {
    return former_held_ns_ + (engine_ == nullptr ? 0 : engine_->held_ns());
}

void ScsiDisk::run_when_idle(const std::function<void()>& work) {
    std::promise<void> done;
    transport().io_thread().post([&](IoLoop&) {
        unit_->when_idle([&] {
            work();
            done.set_value();
        });
    });
    done.get_future().wait();
}

Result<> ScsiDisk::resize(ByteCount size) {
    Result<> resized;
    run_when_idle([&] { resized = node_->resize(size); });
    return resized;
}

void ScsiDisk::publish_size() {
    transport().tell_capacity_changed(*unit_);
}

Result<> ScsiDisk::move_to(IoThread&, MachineLock&) {
    return fail(concat("disk '", id(), "' has the I/O thread of its controller"));
}

void ScsiDisk::move_tray(bool open) {
    transport().io_thread().run_and_wait([&](IoLoop&) { unit_->move_tray(open); });
}

void ScsiDisk::request_eject(bool force) {
    transport().io_thread().run_and_wait([&](IoLoop&) { unit_->request_eject(force); });
}

Result<> ScsiDisk::insert_medium(BlockNode& node) {
    const std::vector<Error> problems = scsi_option_problems(unit_->options(), &node);
    if (!problems.empty()) {
        return fail(problems.front());
    }
    auto medium = SISKIN_TRY(ScsiMedium::create(node, unit_->options(), unit_->tasks_max()));
    put_in(std::move(medium));
    set_throttle_group(throttle_group());
    return {};
}

void ScsiDisk::remove_medium() {
    if (node_ != nullptr) {
        put_in(nullptr);
    }
}

void ScsiDisk::put_in(std::unique_ptr<ScsiMedium> medium) {
    former_held_operations_ = held_operations();
    former_held_ns_ = held_ns();
    node_ = medium == nullptr ? nullptr : &medium->node();
    engine_ = medium == nullptr ? nullptr : &medium->engine();
    run_when_idle([&] { medium = unit_->change_medium(std::move(medium)); });
    // What was there before goes here, on the loop that may release it.
}

}  // namespace siskin
