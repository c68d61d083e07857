// SPDX-License-Identifier: Apache-2.0
// The seams of hot-plug: what the guest does, told to the machine, and the machine's wishes, to it.
#pragma once

namespace siskin {

class PciBus;
class PciFunction;

// What is seen of a slot while a device comes or goes.
enum class SlotSign {
    PlugTold,        // the guest can know that a device came
    PlugAnswered,    // it does: it asked which one, or switches the slot on
    UnplugTold,      // the guest can know that the device shall go
    UnplugAnswered,  // it does: it asked which one, or lets the slot's indicator blink
};

// What is seen of a function while a guest takes it into use, each once after watch_use().
enum class FunctionUse : unsigned char {
    Enumerated = 1,   // a first request to its configuration space
    Enabled = 2,      // a write that leaves Bus Master Enable on
    DriverReady = 4,  // virtio's DRIVER_OK
};

// Called under MachineLock, by whichever thread carries out the guest's access.
class HotplugObserver {
public:
    virtual ~HotplugObserver() = default;
    // The guest let go of all functions of that device: they may be removed now.
    virtual void on_ejected(PciBus& bus, unsigned device) = 0;
    // The guest was asked to, and keeps it.
    virtual void on_eject_refused(PciBus& bus, unsigned device) = 0;
    // How far the two sides have come; for whoever watches.
    virtual void on_slot_sign(PciBus& /*bus*/, unsigned /*device*/, SlotSign /*sign*/) {}
    virtual void on_function_use(PciFunction& /*function*/, FunctionUse /*use*/) {}
};

// Tells the guest in the slots' stead. Thread: under MachineLock.
class HotplugNotifier {
public:
    virtual ~HotplugNotifier() = default;
    // Whether it can tell of that bus, and of devices on it.
    [[nodiscard]] virtual bool covers(const PciBus& bus) const = 0;
    virtual void on_plugged(PciBus& bus, unsigned device) = 0;
    virtual void request_eject(PciBus& bus, unsigned device) = 0;
    // The device has gone: what the guest was not told yet, it is told no more.
    virtual void on_removed(PciBus& bus, unsigned device) = 0;
};

}  // namespace siskin
