// SPDX-License-Identifier: Apache-2.0
// PlaceRule: which buses a kind of device may sit on, and which ones would do instead.
#pragma once

#include <string>
#include <string_view>

namespace siskin {

class PciBus;
class Topology;

// PCIe 5.0 §1.3; QEMU 7.2 accepts more than can work. Plain data, one constant a kind of device.
struct PlaceRule {
    // Why not there, in a few words; empty: the bus does. Whether it has room is another matter.
    std::string_view (*objection)(const PciBus& bus);
    // Goes beside a function 0 that has ARI, with a number above 7.
    bool ari = false;

    static const PlaceRule kEndpoint;
    static const PlaceRule kAriEndpoint;
    static const PlaceRule kRootPort;
    static const PlaceRule kUpstreamPort;
    static const PlaceRule kDownstreamPort;
    static const PlaceRule kBridge;    // to conventional PCI
    static const PlaceRule kExpander;  // of the host's root buses
};

// "; free: 'rp2', 'rp3'": buses that follow the rule and have a free slot, at most four; or "; no
// bus of the machine has room for it".
[[nodiscard]] std::string free_buses(const Topology& topology, const PlaceRule& rule);

}  // namespace siskin
