// SPDX-License-Identifier: Apache-2.0
// PendingRequests: what guest and vCPUs ask of the machine, until the VM thread takes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/mutex.h"
#include "base/result.h"
#include "devices/platform/machine_requests.h"

namespace siskin {

// Any thread asks, the VM thread takes. Bounded by its shape: the first of each kind counts.
class PendingRequests final : public MachineRequests {
public:
    struct Taken {
        bool reset = false;
        bool shutdown = false;
        std::optional<std::uint8_t> debug_exit;
        std::optional<std::string> failure;  // names the vCPU's exit
    };

    [[nodiscard]] static Result<PendingRequests> create();
    PendingRequests(PendingRequests&& other) noexcept : event_(std::move(other.event_)) {}
    PendingRequests& operator=(PendingRequests&&) = delete;
    ~PendingRequests() override = default;

    void request_reset() override;
    void request_shutdown() override;
    void request_debug_exit(std::uint8_t status) override;
    void report_failure(std::string description);

    // Everything asked for so far; nothing is pending afterwards.
    [[nodiscard]] Taken take();
    // Readable when something is pending.
    [[nodiscard]] int event_fd() const { return event_.get(); }

private:
    explicit PendingRequests(EventFd event) : event_(std::move(event)) {}

    EventFd event_;
    Mutex mutex_;  // held for the change of one field
    Taken pending_ SISKIN_GUARDED_BY(mutex_);
};

}  // namespace siskin
