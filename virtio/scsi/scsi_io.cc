// SPDX-License-Identifier: Apache-2.0
// ScsiIo.
#include "virtio/scsi/scsi_io.h"

#include <algorithm>
#include <utility>

namespace siskin {

namespace spec = virtio_spec;

template <typename Queue>
Queue* ScsiIo::queue_of_kind() const {
    for (const auto& queue : queues()) {
        if (auto* const found = dynamic_cast<Queue*>(queue.get())) {
            return found;
        }
    }
    return nullptr;
}

void ScsiIo::add_unit(ScsiUnit& unit, ScsiAddress address, bool is_new) {
    unit.set_idle_hook([this] { look_again(); });
    if (loop() != nullptr) {
        unit.attach(*loop());
    }
    for (const Entry& other : units_) {
        if (is_new) {
            other.unit->raise(scsi_sense::kLunsChanged);
        }
    }
    const auto at =
        std::upper_bound(units_.begin(), units_.end(), address,
                         [](ScsiAddress one, const Entry& other) { return one < other.address; });
    units_.insert(at, Entry{address, &unit});
    if (is_new && accepted_.has(spec::kScsiFeatureHotplug)) {
        tell(spec::kScsiEventTransportReset, address, spec::kScsiResetRescan);
    }
}

void ScsiIo::remove_unit(ScsiUnit& unit, std::function<void()> done) {
    const auto found = std::find_if(units_.begin(), units_.end(),
                                    [&](const Entry& entry) { return entry.unit == &unit; });
    if (found == units_.end()) {
        done();
        return;
    }
    const ScsiAddress address = found->address;
    static_cast<void>(
        cancel_tasks(ScsiTaskSet{address.target, address.lun, std::nullopt}, spec::kScsiOk));
    units_.erase(found);
    for (const auto& queue : queues()) {
        if (auto* const requests = dynamic_cast<ScsiRequestQueue*>(queue.get())) {
            requests->forget(unit);
        }
    }
    leaving_.push_back(&unit);
    unit.when_idle([this, &unit, done = std::move(done)] {
        std::erase(leaving_, &unit);
        unit.detach();
        unit.set_idle_hook(nullptr);
        done();
    });
    if (accepted_.has(spec::kScsiFeatureHotplug)) {
        tell(spec::kScsiEventTransportReset, address, spec::kScsiResetRemoved);
    }
}

void ScsiIo::update_capacity(ScsiUnit& unit) {
    const auto found = std::find_if(units_.begin(), units_.end(),
                                    [&](const Entry& entry) { return entry.unit == &unit; });
    if (found == units_.end() || unit.medium() == nullptr) {
        return;
    }
    unit.update_capacity();
    // §5.6.6.3.2: not of MMC devices.
    if (accepted_.has(spec::kScsiFeatureChange) && !unit.options().is_cd) {
        constexpr std::uint32_t kReason = scsi_sense::kCapacityChanged.code |
                                          std::uint32_t{scsi_sense::kCapacityChanged.qualifier}
                                              << 8U;
        tell(spec::kScsiEventParameterChange, found->address, kReason);
    }
}

void ScsiIo::tell(std::uint32_t event, ScsiAddress address, std::uint32_t reason) {
    auto* const queue = queue_of_kind<ScsiEventQueue>();
    if (queue == nullptr) {
        return;
    }
    queue->add(spec::ScsiEvent{event, scsi_lun_field(address), reason});
    if (is_serving()) {
        queue->worker().start();
    }
}

Result<> ScsiIo::attach_back_end(IoLoop& loop) {
    for (const Entry& entry : units_) {
        entry.unit->attach(loop);
    }
    return {};
}

// The end of a device's reset, too: units begin anew.
void ScsiIo::detach_back_end(IoLoop&) {
    on_look();
    for (const Entry& entry : units_) {
        entry.unit->detach();
        entry.unit->reset();
    }
    accepted_ = FeatureSet();
}

void ScsiIo::hand_back_held() {
    for (const Entry& entry : units_) {
        entry.unit->hand_back_held();
    }
    for (ScsiUnit* const unit : leaving_) {
        unit->release_held();
    }
}

std::unique_ptr<ServedQueue> ScsiIo::make_queue(ActiveQueue queue) {
    ScsiQueueOwner& owner = *this;
    ScsiTaskManager& tasks = *this;
    switch (queue.index.value()) {
        case spec::kScsiControlQueue:
            return std::make_unique<ScsiControlQueue>(std::move(queue), owner, tasks);
        case spec::kScsiEventQueue:
            return std::make_unique<ScsiEventQueue>(std::move(queue), owner);
        default: return std::make_unique<ScsiRequestQueue>(std::move(queue), owner);
    }
}

void ScsiIo::on_error_forgotten() {
    for (const Entry& entry : units_) {
        entry.unit->forget_stop_error();
    }
}

void ScsiIo::on_look() {
    if (std::exchange(hand_back_due_, false)) {
        hand_back_held();
    }
    // One that has settled is not in the list any more.
    for (ScsiUnit* const unit : std::vector<ScsiUnit*>(leaving_)) {
        unit->settle();
    }
    for (const Entry& entry : units_) {
        entry.unit->settle();
    }
}

ScsiUnit* ScsiIo::find_unit(ScsiAddress address) const {
    const auto at =
        std::lower_bound(units_.begin(), units_.end(), address,
                         [](const Entry& entry, ScsiAddress one) { return entry.address < one; });
    return at == units_.end() || at->address != address ? nullptr : at->unit;
}

std::span<const std::uint16_t> ScsiIo::units_of(std::uint16_t target) {
    auto at =
        std::lower_bound(units_.begin(), units_.end(), ScsiAddress{target, 0},
                         [](const Entry& entry, ScsiAddress one) { return entry.address < one; });
    std::size_t count = 0;
    for (; at != units_.end() && at->address.target == target && count < luns_.size(); ++at) {
        luns_[count++] = at->address.lun;
    }
    return std::span(luns_).first(count);
}

void ScsiIo::on_cancelled_task_done() {
    if (auto* const control = queue_of_kind<ScsiControlQueue>()) {
        control->on_task_done();
    }
}

std::size_t ScsiIo::count_tasks(const ScsiTaskSet& tasks) const {
    std::size_t count = 0;
    for (const auto& queue : queues()) {
        if (const auto* const requests = dynamic_cast<const ScsiRequestQueue*>(queue.get())) {
            count += requests->count(tasks);
        }
    }
    return count;
}

std::size_t ScsiIo::cancel_tasks(const ScsiTaskSet& tasks, std::uint8_t response) {
    std::size_t count = 0;
    for (const auto& queue : queues()) {
        if (auto* const requests = dynamic_cast<ScsiRequestQueue*>(queue.get())) {
            count += requests->cancel(tasks, response);
        }
    }
    // What waits for a limit would not end soon. Not in here: who asks does not know the count yet.
    if (count != 0) {
        hand_back_due_ = true;
        look_again();
    }
    return count;
}

void ScsiIo::reset_units(std::uint16_t target, std::optional<std::uint16_t> lun) {
    for (const Entry& entry : units_) {
        if (entry.address.target == target && (!lun || *lun == entry.address.lun)) {
            entry.unit->reset();
        }
    }
}

}  // namespace siskin
