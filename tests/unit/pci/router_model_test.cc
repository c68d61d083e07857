// SPDX-License-Identifier: Apache-2.0
// Proves pci/topology and pci/host_bridge together: a pure function from all configuration bytes to
// who answers, beside the dispatcher, after each random write on random trees of ports.
#include "pci/topology.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

using Random = std::mt19937;

// What the reference knows: for each function its registers, and who sits below.
struct Node {
    const ConfigSpace* config = nullptr;
    std::uint8_t mark = 0;  // of an endpoint, what its BARs read as
    bool is_bridge = false;
    bool is_express_port = false;
    std::vector<Node*> below;
    unsigned device = 0;
};

std::uint64_t field(const Node& node, unsigned offset, unsigned width) {
    return node.config->registers().get(offset, width);
}
bool has(const Node& node, unsigned offset, unsigned bit) {
    return (field(node, offset, 2) & bit) != 0;
}

bool in_isa_block(std::uint64_t port) {
    return (port & 0x300) == 0;
}
bool is_vga_port(std::uint64_t port, bool all_bits) {
    const std::uint64_t low = all_bits ? port : port & 0x3ff;
    return (low >= 0x3b0 && low <= 0x3bb) || (low >= 0x3c0 && low <= 0x3df);
}

// PCI-to-PCI Bridge 1.2 §4: does the bridge forward this address downstream?
bool forwards(const Node& bridge, std::uint64_t address, bool io) {
    const std::uint64_t control = field(bridge, kBridgeControl, 2);
    if ((control & kBridgeControlReset) != 0 ||
        !has(bridge, kCommand, io ? kCommandIo : kCommandMemory)) {
        return false;
    }
    const bool vga = (control & kBridgeControlVga) != 0;
    if (io) {
        const std::uint64_t base = (field(bridge, kIoBase, 1) & 0xf0) << 8;
        const std::uint64_t limit = (field(bridge, kIoLimit, 1) & 0xf0) << 8 | 0xfff;
        const bool isa = (control & kBridgeControlIsa) != 0;
        return (address >= base && address <= limit && (!isa || in_isa_block(address))) ||
               (vga && is_vga_port(address, (control & kBridgeControlVga16Bit) != 0));
    }
    const auto window = [&](unsigned base_at, unsigned limit_at, unsigned base_upper,
                            unsigned limit_upper) {
        const std::uint64_t high = base_upper == 0 ? 0 : field(bridge, base_upper, 4) << 32;
        const std::uint64_t limit_high = limit_upper == 0 ? 0 : field(bridge, limit_upper, 4) << 32;
        const std::uint64_t base = high | (field(bridge, base_at, 2) & 0xfff0) << 16;
        const std::uint64_t limit =
            limit_high | (field(bridge, limit_at, 2) & 0xfff0) << 16 | 0xfffff;
        return address >= base && address <= limit;
    };
    return window(kMemoryBase, kMemoryLimit, 0, 0) ||
           window(kPrefetchableBase, kPrefetchableLimit, kPrefetchableBaseUpper,
                  kPrefetchableLimitUpper) ||
           (vga && address >= 0xa0000 && address <= 0xbffff);
}

// BAR 0 is memory of 4 KiB, BAR 1 is 16 ports.
bool claims(const Node& node, std::uint64_t address, bool io) {
    const std::uint64_t size = io ? 16 : 0x1000;
    const std::uint64_t bar = field(node, io ? 0x14 : 0x10, 4) & ~(size - 1);
    const std::uint64_t sizing = 0xffffffff & ~(size - 1);
    return has(node, kCommand, io ? kCommandIo : kCommandMemory) && bar != 0 && bar != sizing &&
           address >= bar && address - bar < size && (!io || bar <= 0xffff);
}

// The first one in a walk of the tree, as pci/topology.h says.
std::optional<std::uint8_t> owner(const std::vector<Node*>& bus, std::uint64_t address, bool io) {
    for (const Node* const node : bus) {
        if (!node->is_bridge) {
            if (claims(*node, address, io)) {
                return node->mark;
            }
        } else if (forwards(*node, address, io)) {
            if (const auto below = owner(node->below, address, io)) {
                return below;
            }
        }
    }
    return std::nullopt;
}

// Configuration: the node that answers there.
const Node* target(const std::vector<Node*>& bus, unsigned number, unsigned own, bool gated,
                   unsigned wanted_device) {
    if (number == own) {
        for (const Node* const node : bus) {
            if (node->device == wanted_device && (!gated || wanted_device == 0)) {
                return node;
            }
        }
        return nullptr;
    }
    for (const Node* const node : bus) {
        if (node->is_bridge && !has(*node, kBridgeControl, kBridgeControlReset) &&
            field(*node, kSecondaryBus, 1) <= number &&
            number <= field(*node, kSubordinateBus, 1)) {
            return target(node->below, number,
                          static_cast<unsigned>(field(*node, kSecondaryBus, 1)),
                          node->is_express_port, wanted_device);
        }
    }
    return nullptr;
}

// Ports and bridges in a random tree, an endpoint on most of the buses.
struct RandomTree {
    RandomTree(Random& random, unsigned port_count) {
        std::vector<PciBus*> buses{&machine.host.root()};
        std::vector<std::vector<Node*>*> levels{&root};
        for (unsigned count = 0; count < port_count; ++count) {
            const std::size_t at = random() % buses.size();
            PciBus& bus = *buses[at];
            const bool one = bus.parent() != nullptr && bus.parent()->has_one_device();
            const auto device = static_cast<unsigned>(bus.functions().size());
            if (device >= (one ? 1U : 30U)) {
                continue;
            }
            nodes.push_back(std::make_unique<Node>());
            Node& node = *nodes.back();
            node.is_bridge = true;
            node.device = device;
            if (bus.is_root() && random() % 2 == 0) {
                ports.push_back(make_port(machine, kIoh3420Type, bus, DevFn::of(device, 0), ""));
                node.is_express_port = true;
            } else {
                ports.push_back(std::make_unique<PciBridge>(
                    machine.place(bus, DevFn::of(device, 0)),
                    PciIdentity{
                        .vendor_id = 1, .class_code = 0x060400, .header = HeaderType::Bridge},
                    "b", PciBusType::Conventional));
                ports.back()->plug();
            }
            node.config = &ports.back()->config();
            levels[at]->push_back(&node);
            functions.push_back(ports.back().get());
            buses.push_back(&ports.back()->secondary());
            levels.push_back(&node.below);
        }
        for (std::size_t at = 0; at < buses.size(); ++at) {
            add_endpoint(*buses[at], *levels[at]);
        }
    }
    ~RandomTree() {
        endpoints.clear();
        while (!ports.empty()) {
            ports.pop_back();
        }
    }
    void add_endpoint(PciBus& bus, std::vector<Node*>& level) {
        const bool one = bus.parent() != nullptr && bus.parent()->has_one_device();
        const auto device = static_cast<unsigned>(bus.functions().size());
        if ((one && device != 0) || endpoints.size() >= 200) {
            return;
        }
        nodes.push_back(std::make_unique<Node>());
        Node& node = *nodes.back();
        node.device = device;
        node.mark = static_cast<std::uint8_t>(endpoints.size() + 1);
        endpoints.push_back(
            std::make_unique<ProbeFunction>(machine.place(bus, DevFn::of(device, 0)), node.mark));
        endpoints.back()->add_probe_bar(0, BarKind::Memory32, 0x1000);
        endpoints.back()->add_probe_bar(1, BarKind::Io, 16);
        endpoints.back()->plug();
        node.config = &endpoints.back()->config();
        level.push_back(&node);
        functions.push_back(endpoints.back().get());
    }

    PciMachine machine;
    std::vector<std::unique_ptr<Node>> nodes;
    std::vector<Node*> root;
    std::vector<std::unique_ptr<PciBridge>> ports;
    std::vector<std::unique_ptr<ProbeFunction>> endpoints;
    std::vector<PciFunction*> functions;
};

// A few addresses that windows and BARs are likely to have.
std::uint64_t likely_address(Random& random, bool io) {
    if (io) {
        return random() % 4 == 0 ? 0x3b0 + random() % 0x40
                                 : (random() % 4) << 12 | (random() % 4) << 8 | random() % 0x40;
    }
    return random() % 6 == 0 ? 0xa0000 + random() % 0x30000
                             : 0xc0000000 + (random() % 4 << 20) + (random() % 3 << 12);
}

void random_write(RandomTree& tree, Random& random) {
    PciFunction& function = *tree.functions.at(random() % tree.functions.size());
    const auto write = [&](unsigned offset, unsigned width, std::uint64_t value) {
        function.config_write(IoAccess{offset, width}, value);
    };
    const std::uint64_t number = random();
    if (random() % 3 == 0) {
        write(kCommand, 2, random() % 4 == 0 ? number & 7 : 7);
    } else if (function.as_bridge() == nullptr) {
        const bool io = random() % 2 == 0;
        write(io ? 0x14 : 0x10, 4, random() % 8 == 0 ? 0xffffffff : likely_address(random, io));
    } else {
        switch (random() % 6) {
            case 0: write(kPrimaryBus, 4, number % 8 << 8 | (number >> 8) % 40 << 16); break;
            case 1: write(kIoBase, 2, (number & 0x30) | ((number & 0x30) + 0x20) << 8); break;
            case 2: write(kMemoryBase, 4, 0xc000 | (number & 0x30) | 0xc030ULL << 16); break;
            case 3:
                write(kPrefetchableBase, 4, 0xc000 | 0xc000ULL << 16 | (number & 0x300030));
                break;
            case 4: write(kPrefetchableBaseUpper, 8, random() % 8 == 0 ? 0x100000000 : 0); break;
            default: write(kBridgeControl, 2, random() % 8 == 0 ? number & 0x5f : number & 0x1c);
        }
    }
}

// Compares some addresses and buses; how many were wrong. `answered` counts the interesting ones.
unsigned compare(RandomTree& tree, Random& random, unsigned& answered) {
    DriverPci driver(tree.machine);
    unsigned wrong = 0;
    for (int probe = 0; probe < 6; ++probe) {
        const bool io = random() % 2 == 0;
        const std::uint64_t address = likely_address(random, io);
        const auto wanted = owner(tree.root, address, io);
        const std::uint64_t got = io ? driver.port_read(static_cast<std::uint16_t>(address), 1)
                                     : driver.memory_read(address, 1);
        wrong += got != wanted.value_or(0xff) ? 1 : 0;
        answered += wanted ? 1 : 0;
        const auto bus = static_cast<unsigned>(random() % 10);
        const auto device = static_cast<unsigned>(random() % 4);
        const Node* const node = target(tree.root, bus, 0, false, device);
        const std::uint64_t id = driver.read({static_cast<std::uint8_t>(bus), DevFn::of(device, 0)},
                                             kPrimaryBus - 8U, 4);
        wrong += id != (node == nullptr ? 0xffffffff : field(*node, kPrimaryBus - 8U, 4)) ? 1 : 0;
        answered += node != nullptr ? 1 : 0;
    }
    return wrong;
}

}  // namespace

TEST_SUITE("pci/router_model") {
    TEST_CASE("who answers is what a pure function of all registers says (P04, P08, P10)") {
        const auto seed = std::random_device{}();
        CAPTURE(seed);
        Random random(seed);
        unsigned wrong = 0;
        unsigned answered = 0;

        for (int round = 0; round < 24; ++round) {
            RandomTree tree(random, 1 + random() % 32);
            for (PciFunction* const function : tree.functions) {
                function->config_write(IoAccess{kCommand, 2}, 7);
            }
            for (int step = 0; step < 250; ++step) {
                random_write(tree, random);
                wrong += compare(tree, random, answered);
            }
        }

        CHECK(wrong == 0);
        CHECK(answered > 5000);
    }
}
