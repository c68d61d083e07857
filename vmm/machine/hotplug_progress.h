// SPDX-License-Identifier: Apache-2.0
// HotplugProgress: how far each device has come that comes or goes, and who waits for that.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/loop/event_loop.h"
#include "base/result.h"
#include "qmp/generated/types.h"

namespace siskin {

// Declared once, in qmp/schema/device.json.
using qmp::HotplugOperation;
using qmp::HotplugStep;

// A step that was seen.
struct HotplugReport {
    std::string id;  // may be empty
    std::string path;
    HotplugOperation operation;
    HotplugStep step;
    std::chrono::nanoseconds elapsed;  // from the begin of the operation, when it was seen
};

// Somebody waits for a step.
struct HotplugWait {
    HotplugStep step;
    std::chrono::milliseconds limit;
    // Called once, on the VM loop, without MachineLock.
    std::function<void(Result<>)> done;
    // Whether anybody still wants to know. VM loop.
    std::function<bool()> is_wanted;
};

// One operation a device at a time, by its path; a step counts once an operation, so a guest cannot
// make more of them than there are. Thread: VM loop or any vCPU, under MachineLock; the functions
// that say so: VM loop alone.
class HotplugProgress {
public:
    using Clock = std::chrono::steady_clock;
    // Numbers a wait.
    using WaitId = std::uint64_t;

    // An operation begins, in the place of an earlier one of that device. Who waits for the other
    // kind of operation is told that it came to nothing.
    void begin(HotplugOperation operation, std::string id, std::string path,
               Clock::time_point since = Clock::now());
    [[nodiscard]] bool is_under_way(std::string_view path, HotplugOperation operation) const;
    // Ignored where that operation is not under way, or has got there already.
    void note(std::string_view path, HotplugOperation operation, HotplugStep step);
    // The guest has not answered in any way to a plug of that device.
    [[nodiscard]] bool is_untouched(std::string_view path) const;
    // "guest-told": the last step, or nothing.
    [[nodiscard]] std::string_view last_step(std::string_view path) const;
    // The operation has come to nothing, or there is nothing more to it: it is forgotten, and who
    // still waits is told `reason`.
    void end(std::string_view path, const std::string& reason);

    // Who waits; VM loop. `expired` is called there when the limit has passed.
    WaitId wait(EventLoop& loop, std::string path, HotplugOperation operation, HotplugWait wait,
                std::function<void(WaitId)> expired);
    struct Waiting {
        std::string path;
        HotplugOperation operation;
        bool is_wanted;
    };
    // Nothing when it is over.
    [[nodiscard]] std::optional<Waiting> find_wait(WaitId wait) const;
    void fail_wait(WaitId wait, std::string reason);
    // From now on it waits until the device is released, and is then told `reason`.
    void fail_wait_when_released(WaitId wait, std::string reason);

    // What was seen since the last call, in order.
    [[nodiscard]] std::vector<HotplugReport> take_reports() { return std::exchange(reports_, {}); }
    // Who need not wait any more, and what each is to be told. VM loop.
    using Answer = std::pair<std::function<void(Result<>)>, Result<>>;
    [[nodiscard]] std::vector<Answer> take_answers();

private:
    struct Operation {
        HotplugOperation operation;
        std::string id;
        std::string path;
        Clock::time_point since;
        std::uint32_t seen = 0;  // one bit a step
        std::optional<HotplugStep> last;
    };
    struct Waiter {
        WaitId number;
        std::string path;
        HotplugOperation operation;
        HotplugWait wait;
        std::unique_ptr<EventLoop::Watch> timer;
        Result<> at_step;              // what it is told when the step is there
        std::optional<Result<>> told;  // nothing while it waits
    };

    [[nodiscard]] const Operation* find(std::string_view path) const;
    [[nodiscard]] Waiter* find_waiter(WaitId wait);

    std::vector<Operation> operations_;
    std::vector<HotplugReport> reports_;
    std::list<Waiter> waiters_;
    WaitId last_wait_ = 0;
};

}  // namespace siskin
