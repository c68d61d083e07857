// SPDX-License-Identifier: Apache-2.0
// The seams of hot-plug: what the guest does, told to the machine, and the machine's wishes, to it.
#pragma once

namespace siskin {

class PciBus;

// Called under MachineLock, by whichever thread carries out the guest's access.
class HotplugObserver {
public:
    virtual ~HotplugObserver() = default;
    // The guest let go of all functions of that device: they may be removed now.
    virtual void on_ejected(PciBus& bus, unsigned device) = 0;
    // The guest was asked to, and keeps it.
    virtual void on_eject_refused(PciBus& bus, unsigned device) = 0;
};

// Tells the guest in the slots' stead. Thread: under MachineLock.
class HotplugNotifier {
public:
    virtual ~HotplugNotifier() = default;
    // Whether it can tell of that bus, and of devices on it.
    [[nodiscard]] virtual bool covers(const PciBus& bus) const = 0;
    virtual void on_plugged(PciBus& bus, unsigned device) = 0;
    virtual void request_eject(PciBus& bus, unsigned device) = 0;
};

}  // namespace siskin
