// SPDX-License-Identifier: Apache-2.0
// ScsiBus.
#include "devices/scsi/scsi_bus.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "devices/scsi/scsi_target.h"

namespace siskin {

bool ScsiBus::is_free(std::uint32_t target, std::uint32_t lun) const {
    return !users_.contains(
        ScsiAddress{static_cast<std::uint16_t>(target), static_cast<std::uint16_t>(lun)});
}

std::size_t ScsiBus::units_of(std::uint32_t target) const {
    return static_cast<std::size_t>(
        std::count_if(users_.begin(), users_.end(),
                      [&](const auto& user) { return user.first.target == target; }));
}

Result<ScsiAddress> ScsiBus::choose(const ScsiPlaceWish& wish) const {
    if (wish.channel > kChannelMax) {
        return fail(concat("bad scsi channel id: ", wish.channel));
    }
    if (wish.target && *wish.target > kTargetMax) {
        return fail(concat("bad scsi device id: ", *wish.target));
    }
    if (wish.lun && *wish.lun > kLunMax) {
        return fail(concat("bad scsi device lun: ", *wish.lun));
    }
    std::uint32_t target = wish.target.value_or(0);
    std::uint32_t lun = wish.lun.value_or(0);
    if (!wish.target) {
        while (target < kTargetMax && !is_free(target, lun)) {
            ++target;
        }
        if (!is_free(target, lun)) {
            return fail("no free target");
        }
    } else if (!wish.lun) {
        while (lun < kLunMax && !is_free(target, lun)) {
            ++lun;
        }
    }
    const ScsiAddress address{static_cast<std::uint16_t>(target), static_cast<std::uint16_t>(lun)};
    if (const auto user = users_.find(address); user != users_.end()) {
        return fail(concat("lun already used by '", user->second, "'"));
    }
    if (units_of(target) >= kScsiUnitsPerTargetMax) {
        return fail(concat("target ", target, " has ", units_of(target), " units, the most is ",
                           kScsiUnitsPerTargetMax));
    }
    return address;
}

void ScsiBus::take(ScsiAddress address, std::string user) {
    users_.emplace(address, std::move(user));
}

}  // namespace siskin
