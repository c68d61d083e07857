// SPDX-License-Identifier: Apache-2.0
// The list of all device types: what -device can make, and how each is made.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/object/device.h"
#include "base/object/device_type.h"
#include "base/result.h"
#include "vmm/machine/device_environment.h"

namespace siskin {

// A new device starts here: its DeviceType beside the device, one row in device_catalog.cc.
struct CatalogRow {
    const DeviceType* type;
    // `config` is of the type's config struct and filled; `id` is checked or empty.
    Result<std::unique_ptr<Device>> (*build)(DeviceEnvironment& environment, std::string id,
                                             std::shared_ptr<void> config);
    bool has_driver_ok = false;  // its driver says when it is ready, as virtio's do
    // For device_add: what has to be waited for before build(), which must not wait. Null: nothing.
    // Thread: VM loop, without MachineLock; so is `done`.
    void (*prepare)(DeviceEnvironment& environment, const std::shared_ptr<void>& config,
                    std::function<void(Result<>)> done) = nullptr;
};

// In the order of -device help.
[[nodiscard]] std::span<const CatalogRow> device_catalog();

// By name or alias; null when there is none.
[[nodiscard]] const CatalogRow* find_device_type(std::string_view name);

}  // namespace siskin
