// SPDX-License-Identifier: Apache-2.0
// ScsiBus: the places of an initiator's bus, and the seam to who carries its commands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/loop/io_thread.h"
#include "base/result.h"
#include "devices/scsi/scsi_unit.h"

namespace siskin {

struct ScsiAddress {
    std::uint16_t target = 0;
    std::uint16_t lun = 0;

    friend auto operator<=>(const ScsiAddress&, const ScsiAddress&) = default;
};

// Carries commands to units. Thread: VM loop, under MachineLock.
class ScsiTransport {
public:
    virtual ~ScsiTransport() = default;
    // Where its units run.
    [[nodiscard]] virtual IoThread& io_thread() = 0;
    // Commands that one unit can have under way.
    [[nodiscard]] virtual std::size_t tasks_max() const = 0;
    // The unit is addressed from now on, and outlives remove(). `is_new`: the driver is told.
    virtual void add(ScsiUnit& unit, ScsiAddress address, bool is_new) = 0;
    // It is addressed no more, and `done` is called, once, from any thread, when nothing of it is
    // in flight and no other thread is inside it. The driver is told.
    virtual void remove(ScsiUnit& unit, std::function<void()> done) = 0;
    // The driver is told, where it wants to hear of it, that the unit's capacity is another one.
    virtual void tell_capacity_changed(ScsiUnit& unit) = 0;
};

// What a device's properties say of its place; what is not said is chosen.
struct ScsiPlaceWish {
    std::uint32_t channel = 0;
    std::optional<std::uint32_t> target;
    std::optional<std::uint32_t> lun;
};

// Thread: VM loop, under MachineLock.
class ScsiBus {
public:
    static constexpr std::uint32_t kChannelMax = 0;
    static constexpr std::uint32_t kTargetMax = 255;
    static constexpr std::uint32_t kLunMax = 16383;

    // `transport` may be null, of a plan; it outlives the bus.
    ScsiBus(std::string name, ScsiTransport* transport)
        : name_(std::move(name)), transport_(transport) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] ScsiTransport* transport() const { return transport_; }

    // QEMU's rule: without a target the first whose unit of that number (0) is free, without a unit
    // the first free one. Errors: the place is taken, or there is no such place, or none is free.
    [[nodiscard]] Result<ScsiAddress> choose(const ScsiPlaceWish& wish) const;
    // `user` is for messages: the id of the device, or its type.
    void take(ScsiAddress address, std::string user);
    void give_back(ScsiAddress address) { users_.erase(address); }

private:
    [[nodiscard]] bool is_free(std::uint32_t target, std::uint32_t lun) const;
    [[nodiscard]] std::size_t units_of(std::uint32_t target) const;

    std::string name_;
    ScsiTransport* transport_;
    std::map<ScsiAddress, std::string> users_;
};

}  // namespace siskin
