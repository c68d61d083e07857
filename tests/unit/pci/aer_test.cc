// SPDX-License-Identifier: Apache-2.0
// Proves pci/aer, and how messages travel (pci/bridge, pci/express_port).
#include "pci/aer.h"

#include <doctest/doctest.h>

#include <memory>

#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kPort{0, DevFn::of(1, 0)};
constexpr Bdf kDevice{1, DevFn::of(0, 0)};
constexpr unsigned kPortExpress = 0x54;
constexpr unsigned kDeviceExpress = 0x40;
constexpr unsigned kAer = 0x100;
constexpr std::uint32_t kBadTlp = 1U << 6;        // correctable
constexpr std::uint32_t kPoisoned = 1U << 12;     // non-fatal by default
constexpr std::uint32_t kMalformed = 1U << 18;    // fatal by default
constexpr std::uint32_t kUnsupported = 1U << 20;  // non-fatal by default
constexpr std::uint32_t kTimeout = 1U << 14;      // non-fatal by default

// A root port and an endpoint with AER behind it; firmware's SERR# bits are set.
struct Tree {
    Tree()
        : port(make_port(machine, kRootPortType, machine.host.root(), kPort.devfn, "rp")),
          probe(machine.place(port->secondary(), kDevice.devfn), 1) {
        probe.add_express(ExpressRole::Endpoint);
        probe.add_aer(AerOptions{.multiple_headers = true, .log_max = 2});
        probe.plug();
        driver.open_bridge(kPort, 1, 1, 0xe0000000, 0xe00fffff);
        driver.write(kPort, kBridgeControl, 2, kBridgeControlSerr);
        driver.write(kPort, kCommand, 2, 0x0107);
        driver.write(kDevice, kDeviceExpress + kExpressDeviceControl, 2, 0x000f);
        driver.write(kPort, kAer + 0x2c, 4, 0x7);
    }
    std::uint64_t device(unsigned at) { return driver.read(kDevice, kAer + at, 4); }
    std::uint64_t root(unsigned at) { return driver.read(kPort, kAer + at, 4); }
    std::uint64_t device_status() {
        return driver.read(kDevice, kDeviceExpress + kExpressDeviceStatus, 2);
    }

    PciMachine machine;
    std::unique_ptr<ExpressPort> port;
    ProbeFunction probe;
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/aer") {
    TEST_CASE("a correctable error reaches the root port with the device's id (§6.2.4.1, P15)") {
        Tree tree;

        send_error(tree.probe, AerError{.status = kBadTlp, .correctable = true});

        CHECK(tree.device(0x10) == kBadTlp);
        CHECK(tree.device_status() == 0x1);
        CHECK(tree.root(0x30) == 0x1);
        CHECK(tree.root(0x34) == 0x0100);
        send_error(tree.probe, AerError{.status = kBadTlp, .correctable = true});
        CHECK(tree.root(0x30) == 0x3);  // and another one
        tree.driver.write(kPort, kAer + 0x30, 4, 0x3);
        CHECK(tree.root(0x30) == 0);
    }

    TEST_CASE(
        "each error status is cleared by its own 1, at any width, and by nothing else (P15)") {
        Tree tree;
        for (const std::uint32_t error : {kPoisoned, kMalformed, kUnsupported, kTimeout}) {
            send_error(tree.probe, AerError{.status = error});
        }
        send_error(tree.probe, AerError{.status = kBadTlp, .correctable = true});
        constexpr std::uint32_t kAll = kPoisoned | kMalformed | kUnsupported | kTimeout;
        REQUIRE(tree.device(0x04) == kAll);

        tree.driver.write(kDevice, kAer + 0x04, 4, 0);
        tree.driver.write(kDevice, kAer + 0x04, 4, ~kAll);
        CHECK(tree.device(0x04) == kAll);
        tree.driver.write(kDevice, kAer + 0x05, 1, kPoisoned >> 8);
        CHECK(tree.device(0x04) == (kMalformed | kUnsupported | kTimeout));
        tree.driver.write(kDevice, kAer + 0x06, 2, kUnsupported >> 16);
        CHECK(tree.device(0x04) == (kMalformed | kTimeout));
        tree.driver.write(kDevice, kAer + 0x04, 4, 0xffffffff);
        CHECK(tree.device(0x04) == 0);
        CHECK(tree.device(0x10) == kBadTlp);
        tree.driver.write(kDevice, kAer + 0x10, 4, kBadTlp);
        CHECK(tree.device(0x10) == 0);
        CHECK(tree.device_status() != 0);
        tree.driver.write(kDevice, kDeviceExpress + kExpressDeviceStatus, 2, 0xf);
        CHECK((tree.device_status() & 0xf) == 0);
    }

    TEST_CASE("severity decides between non-fatal and fatal, and headers are logged (§6.2.4.2)") {
        Tree tree;
        const TlpWords header{0x40000001, 0x0000000f, 0xe0000000, 0x12345678};

        send_error(tree.probe, AerError{.status = kPoisoned, .header = header});
        send_error(tree.probe, AerError{.status = kMalformed});

        CHECK(tree.device(0x04) == (kPoisoned | kMalformed));
        CHECK((tree.device(0x18) & 0x1f) == 12);
        CHECK(tree.device(0x1c) == 0x40000001);
        CHECK(tree.device(0x28) == 0x12345678);
        CHECK(tree.device_status() == 0x6);
        CHECK(tree.root(0x30) == 0x6c);  // uncorrectable, more of them, non-fatal, fatal
        CHECK((tree.root(0x34) >> 16) == 0x0100);
        CHECK((tree.driver.read(kPort, kSecondaryStatus, 2) & kStatusSystemError) != 0);
    }

    TEST_CASE("masked errors set their status alone, without a header (§6.2.5)") {
        Tree tree;
        tree.driver.write(kDevice, kAer + 0x08, 4, kPoisoned);
        tree.driver.write(kDevice, kAer + 0x14, 4, kBadTlp);

        send_error(tree.probe, AerError{.status = kPoisoned, .header = TlpWords{1, 2, 3, 4}});
        send_error(tree.probe, AerError{.status = kBadTlp, .correctable = true});

        CHECK(tree.device(0x04) == kPoisoned);
        CHECK(tree.device(0x10) == kBadTlp);
        CHECK(tree.device(0x1c) == 0);
        CHECK(tree.device_status() == 0x3);
        CHECK(tree.root(0x30) == 0);
    }

    TEST_CASE("an advisory error goes out as a correctable one, unless masked (§6.2.3.2.4)") {
        Tree tree;

        send_error(tree.probe, AerError{.status = kPoisoned, .advisory = true});
        CHECK(tree.device(0x10) == 0x2000);
        CHECK(tree.device(0x04) == 0);  // masked by default
        CHECK(tree.root(0x30) == 0);
        tree.driver.write(kDevice, kAer + 0x14, 4, 0);
        send_error(tree.probe, AerError{.status = kPoisoned, .advisory = true});

        CHECK(tree.device(0x04) == kPoisoned);
        CHECK(tree.root(0x30) == 0x1);
    }

    TEST_CASE("an unsupported request needs its own enable besides (§6.2.6)") {
        Tree tree;
        tree.driver.write(kDevice, kDeviceExpress + kExpressDeviceControl, 2, 0x0007);

        send_error(tree.probe, AerError{.status = kUnsupported});
        CHECK(tree.root(0x30) == 0);
        CHECK(tree.device_status() == 0xa);
        tree.driver.write(kDevice, kDeviceExpress + kExpressDeviceControl, 2, 0x000f);
        send_error(tree.probe, AerError{.status = kUnsupported});

        CHECK(tree.root(0x30) == 0x24);
    }

    TEST_CASE("headers of later errors are kept, as many as there is room for") {
        Tree tree;
        tree.driver.write(kDevice, kAer + 0x18, 4, 1U << 10);  // multiple header recording
        const auto poison = [](std::uint32_t mark) {
            return AerError{.status = kPoisoned, .header = TlpWords{mark, 0, 0, 0}};
        };
        send_error(tree.probe, poison(1));
        send_error(tree.probe, AerError{.status = kTimeout, .header = TlpWords{2, 0, 0, 0}});
        send_error(tree.probe, poison(3));
        CHECK((tree.device(0x10) & 0x8000) == 0);
        send_error(tree.probe, poison(4));
        CHECK((tree.device(0x10) & 0x8000) != 0);  // header log overflow

        CHECK(tree.device(0x1c) == 1);
        tree.driver.write(kDevice, kAer + 0x04, 4, kPoisoned);
        CHECK(tree.device(0x1c) == 2);
        CHECK((tree.device(0x18) & 0x1f) == 14);
        tree.driver.write(kDevice, kAer + 0x04, 4, kTimeout);
        CHECK(tree.device(0x1c) == 3);
        CHECK(tree.device(0x04) == kPoisoned);
        tree.driver.write(kDevice, kAer + 0x04, 4, kPoisoned);
        CHECK(tree.device(0x04) == 0);
    }

    TEST_CASE("a bridge without SERR# forwarding keeps the message (Bridge 1.2 §3.2.5.18)") {
        Tree tree;
        tree.driver.write(kPort, kBridgeControl, 2, 0);

        send_error(tree.probe, AerError{.status = kMalformed});

        CHECK(tree.root(0x30) == 0);
        CHECK((tree.driver.read(kPort, kSecondaryStatus, 2) & kStatusSystemError) != 0);
    }

    TEST_CASE("the root port interrupts by pin, and by MSI-X once it is enabled") {
        Tree tree;
        FakeIrqLine line;
        tree.machine.host.intx().connect(IntxInput{1, 0}, &line);
        send_error(tree.probe, AerError{.status = kBadTlp, .correctable = true});
        CHECK(line.asserted);
        tree.driver.write(kPort, kAer + 0x30, 4, 0x1);
        CHECK_FALSE(line.asserted);

        tree.driver.write(kPort, kMemoryBase, 4, 0xe000e000);
        tree.driver.assign_bar(kPort, 0, 0xd0000000);
        tree.driver.set_msix_control(kPort, kMsixEnable);
        tree.driver.set_msix_entry(kPort, 0, MsiMessage{0xfee00000, 0x55}, false);
        send_error(tree.probe, AerError{.status = kBadTlp, .correctable = true});
        send_error(tree.probe, AerError{.status = kBadTlp, .correctable = true});
        tree.machine.msi.deliver();

        CHECK_FALSE(line.asserted);
        REQUIRE(tree.machine.msi.messages.size() == 1);  // once, while it is asserted
        CHECK(tree.machine.msi.messages[0].data == 0x55);
    }

    TEST_CASE("its registers survive a hot reset, not a power-on (PCIe 5.0 §7.4)") {
        Tree tree;
        send_error(tree.probe, AerError{.status = kMalformed, .header = TlpWords{9, 0, 0, 0}});

        tree.driver.write(kPort, kBridgeControl, 2, kBridgeControlReset);
        tree.driver.write(kPort, kBridgeControl, 2, 0);
        CHECK(tree.device(0x04) == kMalformed);
        CHECK(tree.device(0x1c) == 9);
        CHECK(tree.device_status() == 0);
        tree.probe.reset_function();

        CHECK(tree.device(0x04) == 0);
    }

    TEST_CASE("a root port reports its own errors") {
        Tree tree;
        tree.driver.write(kPort, kPortExpress + kExpressDeviceControl, 2, 0x000f);

        send_error(*tree.port, AerError{.status = kTimeout});

        CHECK(tree.root(0x04) == kTimeout);
        CHECK(tree.root(0x30) == 0x24);
        CHECK((tree.root(0x34) >> 16) == 0x0008);
    }
}
