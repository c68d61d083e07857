// SPDX-License-Identifier: Apache-2.0
// Device: something that was created from a DeviceType and sits in the DeviceTree.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/object/device_type.h"
#include "base/result.h"
#include "base/value.h"

namespace siskin {

// An object that belongs to a device and is seen below it in the tree.
struct DevicePart {
    std::string_view name;  // "virtio-backend"
    std::string_view type;  // "virtio-blk-device"
};

// Created, then realized (the guest can see it), then gone. Thread: VM loop, under MachineLock.
class Device {
public:
    // `config` is of the type's own config struct; `id` may be empty.
    Device(const DeviceType& type, std::string id, std::shared_ptr<void> config)
        : type_(type), id_(std::move(id)), config_(std::move(config)) {}
    virtual ~Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    // Back to the state after power-on. Work that another thread still has to finish keeps `done`,
    // which is called exactly once, from any thread, when the device no longer touches guest
    // memory.
    virtual void reset(std::function<void()> done) { done(); }
    // Before its destruction, when nobody reaches it any more: waits until no other thread is
    // inside it, or on its way there. VM loop, without MachineLock, as that may take as long as
    // somebody else's host I/O. Destroying it, which is done under MachineLock, waits for nothing
    // then.
    virtual void settle() {}
    // The machine stops (no guest memory changes after `done`) and goes on.
    virtual void pause(std::function<void()> done) { done(); }
    virtual void resume() {}
    // What management software sees below it.
    [[nodiscard]] virtual std::span<const DevicePart> parts() const { return {}; }

    [[nodiscard]] const DeviceType& type() const { return type_; }
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] void* config() const { return config_.get(); }

private:
    const DeviceType& type_;
    std::string id_;
    std::shared_ptr<void> config_;
};

}  // namespace siskin
