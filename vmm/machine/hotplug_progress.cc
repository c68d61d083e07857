// SPDX-License-Identifier: Apache-2.0
// Steps and waits.
#include "vmm/machine/hotplug_progress.h"

#include <algorithm>

#include "base/text.h"

namespace siskin {
namespace {

constexpr std::uint32_t bit_of(HotplugStep step) {
    return std::uint32_t{1} << static_cast<unsigned>(step);
}

constexpr std::uint32_t kGuestsSteps = bit_of(HotplugStep::Acknowledged) |
                                       bit_of(HotplugStep::Enumerated) |
                                       bit_of(HotplugStep::Enabled) | bit_of(HotplugStep::DriverOk);

}  // namespace

void HotplugProgress::begin(HotplugOperation operation, std::string id, std::string path,
                            Clock::time_point since) {
    for (Waiter& waiter : waiters_) {
        if (waiter.path == path && waiter.operation != operation && !waiter.told) {
            waiter.told = fail(operation == HotplugOperation::Unplug
                                   ? concat("Device '", path, "' is going")
                                   : concat("Device '", path, "' is another one by now"));
        }
    }
    std::erase_if(operations_, [&](const Operation& earlier) { return earlier.path == path; });
    operations_.push_back(Operation{operation, std::move(id), std::move(path), since, 0, {}});
}

bool HotplugProgress::is_under_way(std::string_view path, HotplugOperation operation) const {
    const Operation* const found = find(path);
    return found != nullptr && found->operation == operation;
}

void HotplugProgress::note(std::string_view path, HotplugOperation operation, HotplugStep step) {
    const auto found =
        std::find_if(operations_.begin(), operations_.end(), [&](const Operation& under_way) {
            return under_way.path == path && under_way.operation == operation;
        });
    if (found == operations_.end() || (found->seen & bit_of(step)) != 0) {
        return;
    }
    found->seen |= bit_of(step);
    found->last = step;
    reports_.push_back(
        HotplugReport{found->id, found->path, operation, step, Clock::now() - found->since});
    for (Waiter& waiter : waiters_) {
        if (waiter.path == path && waiter.operation == operation && waiter.wait.step == step &&
            !waiter.told) {
            waiter.told = waiter.at_step;
        }
    }
}

bool HotplugProgress::is_untouched(std::string_view path) const {
    const Operation* const found = find(path);
    return found != nullptr && found->operation == HotplugOperation::Plug &&
           (found->seen & kGuestsSteps) == 0;
}

std::string_view HotplugProgress::last_step(std::string_view path) const {
    const Operation* const found = find(path);
    return found == nullptr || !found->last ? std::string_view() : qmp::to_text(*found->last);
}

void HotplugProgress::end(std::string_view path, const std::string& reason) {
    std::erase_if(operations_, [&](const Operation& over) { return over.path == path; });
    for (Waiter& waiter : waiters_) {
        if (waiter.path == path && !waiter.told) {
            waiter.told = fail(reason);
        }
    }
}

HotplugProgress::WaitId HotplugProgress::wait(EventLoop& loop, std::string path,
                                              HotplugOperation operation, HotplugWait wait,
                                              std::function<void(WaitId)> expired) {
    // Whose clients have gone do not add up while one device comes and goes.
    waiters_.remove_if(
        [](const Waiter& waiter) { return !waiter.told && !waiter.wait.is_wanted(); });
    const Operation* const found = find(path);
    const bool is_there =
        found != nullptr && found->operation == operation && (found->seen & bit_of(wait.step)) != 0;
    const WaitId number = ++last_wait_;
    const auto limit = wait.limit;
    waiters_.push_back(
        Waiter{number, std::move(path), operation, std::move(wait), nullptr, {}, {}});
    if (is_there) {
        waiters_.back().told = Result<>();
    } else {
        waiters_.back().timer =
            loop.after(limit, [number, expired = std::move(expired)] { expired(number); });
    }
    return number;
}

std::optional<HotplugProgress::Waiting> HotplugProgress::find_wait(WaitId wait) const {
    const auto found = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
        return waiter.number == wait && !waiter.told;
    });
    return found == waiters_.end()
               ? std::nullopt
               : std::optional(Waiting{found->path, found->operation, found->wait.is_wanted()});
}

void HotplugProgress::fail_wait(WaitId wait, std::string reason) {
    if (Waiter* const waiter = find_waiter(wait)) {
        waiter->told = fail(std::move(reason));
    }
}

void HotplugProgress::fail_wait_when_released(WaitId wait, std::string reason) {
    if (Waiter* const waiter = find_waiter(wait)) {
        waiter->operation = HotplugOperation::Unplug;
        waiter->wait.step = HotplugStep::Released;
        waiter->at_step = fail(std::move(reason));
    }
}

std::vector<HotplugProgress::Answer> HotplugProgress::take_answers() {
    std::vector<Answer> answers;
    for (auto next = waiters_.begin(); next != waiters_.end();) {
        if (next->told) {
            answers.emplace_back(std::move(next->wait.done), std::move(*next->told));
            next = waiters_.erase(next);
        } else {
            ++next;
        }
    }
    return answers;
}

const HotplugProgress::Operation* HotplugProgress::find(std::string_view path) const {
    const auto found = std::find_if(operations_.begin(), operations_.end(),
                                    [&](const Operation& one) { return one.path == path; });
    return found == operations_.end() ? nullptr : &*found;
}

HotplugProgress::Waiter* HotplugProgress::find_waiter(WaitId wait) {
    const auto found = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
        return waiter.number == wait && !waiter.told;
    });
    return found == waiters_.end() ? nullptr : &*found;
}

}  // namespace siskin
