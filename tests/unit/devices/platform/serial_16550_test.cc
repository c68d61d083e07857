// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/serial_16550, section by section of the PC16550D data sheet.
#include "devices/platform/serial_16550.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "tests/unit/devices/platform/serial_bench.h"

using siskin::IoAccess;
using siskin::Serial16550;
using namespace siskin::test;

TEST_SUITE("devices/platform/serial_16550") {
    TEST_CASE("the registers after reset are those of table III") {
        SerialBench bench;

        CHECK(in8(bench.serial, kEnable) == 0x00);
        CHECK(in8(bench.serial, kId) == 0x01);
        CHECK(in8(bench.serial, kLine) == 0x00);
        CHECK(in8(bench.serial, kModem) == 0x00);
        CHECK(in8(bench.serial, kLineStatus) == 0x60);
        CHECK(in8(bench.serial, kModemStatus) == 0xb0);
        CHECK(in8(bench.serial, kScratch) == 0x00);
        CHECK_FALSE(bench.irq.asserted());
    }

    TEST_CASE("without a chardev carrier is down and output goes nowhere") {
        FakeIrq irq;
        Serial16550 serial(irq);

        out8(serial, kData, 'x');

        CHECK(in8(serial, kModemStatus) == 0x00);
        CHECK(in8(serial, kLineStatus) == 0x60);
    }

    TEST_CASE("a chardev serves one port, and is free again when the port goes") {
        FakeIrq irq;
        FakeChardev chardev;
        {
            Serial16550 first(irq);
            Serial16550 second(irq);
            REQUIRE(first.connect(chardev).has_value());
            CHECK_FALSE(second.connect(chardev).has_value());
        }

        CHECK_FALSE(chardev.in_use());
    }

    TEST_CASE("written characters reach the chardev in order") {
        SerialBench bench;

        for (const char character : std::string("hello")) {
            out8(bench.serial, kData, static_cast<unsigned char>(character));
        }

        CHECK(bench.chardev.output == "hello");
    }

    TEST_CASE("DLAB switches the first two ports to the divisor (§8.1)") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x05);

        out8(bench.serial, kLine, 0x83);
        out8(bench.serial, kData, 0x34);
        out8(bench.serial, kEnable, 0x12);
        const unsigned low = in8(bench.serial, kData);
        const unsigned high = in8(bench.serial, kEnable);
        out8(bench.serial, kLine, 0x03);

        CHECK(low == 0x34);
        CHECK(high == 0x12);
        CHECK(bench.chardev.output.empty());
        CHECK(in8(bench.serial, kEnable) == 0x05);
        CHECK(in8(bench.serial, kLine) == 0x03);
    }

    TEST_CASE("enabling the transmitter interrupt raises it; identification resets it (table IV)") {
        SerialBench bench;

        out8(bench.serial, kEnable, 0x02);
        const bool raised = bench.irq.asserted();
        const unsigned first = in8(bench.serial, kId);
        const unsigned second = in8(bench.serial, kId);

        CHECK(raised);
        CHECK(first == 0x02);
        CHECK(second == kNothingPending);
        CHECK_FALSE(bench.irq.asserted());
    }

    TEST_CASE("disabling and enabling the transmitter interrupt raises it again") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x02);
        CHECK(in8(bench.serial, kId) == 0x02);

        out8(bench.serial, kEnable, 0x00);
        out8(bench.serial, kEnable, 0x02);

        CHECK(in8(bench.serial, kId) == 0x02);
    }

    TEST_CASE("each written character makes an edge of its own") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x02);
        const int before = bench.irq.edges();

        out8(bench.serial, kData, 'a');
        out8(bench.serial, kData, 'b');

        CHECK(bench.irq.edges() == before + 2);
        CHECK(bench.irq.asserted());
    }

    TEST_CASE("a received character is ready, interrupts, and is read once") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x01);

        bench.chardev.type("k");

        CHECK(bench.irq.asserted());
        CHECK(in8(bench.serial, kId) == 0x04);
        CHECK(in8(bench.serial, kLineStatus) == 0x61);
        CHECK(in8(bench.serial, kData) == 'k');
        CHECK(in8(bench.serial, kLineStatus) == 0x60);
        CHECK_FALSE(bench.irq.asserted());
        CHECK(in8(bench.serial, kId) == kNothingPending);
    }

    TEST_CASE("below the trigger level the time-out identifies the interrupt (§8.10)") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x01);
        out8(bench.serial, kFifo, 0x81);

        bench.chardev.type("1234567");
        const unsigned below = in8(bench.serial, kId);
        bench.chardev.type("8");
        const unsigned at = in8(bench.serial, kId);

        CHECK(below == (0xc0 | 0x0c));
        CHECK(at == (0xc0 | 0x04));
    }

    TEST_CASE("each trigger level of §8.5 is honoured") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x01);
        const std::size_t levels[] = {1, 4, 8, 14};
        for (unsigned code = 0; code < 4; ++code) {
            out8(bench.serial, kFifo, 0x03 | (code << 6));
            bench.chardev.type(std::string(levels[code], '.'));
            CHECK(in8(bench.serial, kId) == (0xc0 | 0x04));
            CHECK(in8(bench.serial, kData) == '.');
            CHECK(in8(bench.serial, kId) == (levels[code] == 1 ? 0xc1 : 0xcc));
        }
    }

    TEST_CASE("bytes left after a read make a new edge for an edge-triggered controller") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x01);
        out8(bench.serial, kFifo, 0xc1);
        bench.chardev.type("abc");
        const int before = bench.irq.edges();

        CHECK(in8(bench.serial, kData) == 'a');

        CHECK(bench.irq.edges() == before + 1);
        CHECK(bench.irq.asserted());
    }

    TEST_CASE("a paste of 1 MiB passes through the FIFO without loss (C03)") {
        SerialBench bench;
        out8(bench.serial, kFifo, 0x01);
        std::string paste;
        for (std::size_t number = 0; number < 1024 * 1024; ++number) {
            paste += static_cast<char>('a' + number % 23);
        }

        bench.chardev.type(paste);
        const std::size_t held = paste.size() - bench.chardev.pending().size();
        const std::string received = read_all(bench.serial);

        CHECK(held == Serial16550::kFifoSize);
        CHECK(received == paste);
        CHECK((in8(bench.serial, kLineStatus) & 0x02) == 0);
    }

    TEST_CASE("without FIFO one character waits, the host keeps the others") {
        SerialBench bench;

        bench.chardev.type("xyz");

        CHECK(bench.chardev.pending() == "yz");
        CHECK(read_all(bench.serial) == "xyz");
    }

    TEST_CASE("FIFO control: enable switches and clears, bit 0 gates the others (§8.5)") {
        SerialBench bench;
        out8(bench.serial, kFifo, 0x01);
        bench.chardev.type("abc");
        const unsigned enabled = in8(bench.serial, kId);

        out8(bench.serial, kFifo, 0xc0);
        const unsigned disabled = in8(bench.serial, kId);

        CHECK(enabled == 0xc1);
        CHECK(disabled == 0x01);
        CHECK((in8(bench.serial, kLineStatus) & 0x01) == 0);
    }

    TEST_CASE("clearing the receiver FIFO drops what it holds and lets the host go on") {
        SerialBench bench;
        out8(bench.serial, kFifo, 0x01);
        bench.chardev.type(std::string(16, 'o') + "new");

        out8(bench.serial, kFifo, 0x03);

        CHECK(read_all(bench.serial) == "new");
    }

    TEST_CASE("loopback returns what is sent, and the host hears nothing (§8.8)") {
        SerialBench bench;
        out8(bench.serial, kModem, 0x10);

        out8(bench.serial, kData, 0x5a);

        CHECK(in8(bench.serial, kData) == 0x5a);
        CHECK(bench.chardev.output.empty());
    }

    TEST_CASE("in loopback host input waits, and comes when loopback ends") {
        SerialBench bench;
        out8(bench.serial, kModem, 0x10);
        bench.chardev.type("h");
        CHECK(in8(bench.serial, kLineStatus) == 0x60);

        out8(bench.serial, kModem, 0x00);

        CHECK(read_all(bench.serial) == "h");
    }

    TEST_CASE(
        "loopback overrun: the FIFO keeps its bytes, the holding register the newest (§8.4)") {
        SerialBench bench;
        out8(bench.serial, kModem, 0x10);
        out8(bench.serial, kEnable, 0x04);

        out8(bench.serial, kData, '1');
        out8(bench.serial, kData, '2');
        CHECK(in8(bench.serial, kId) == 0x06);
        CHECK(in8(bench.serial, kLineStatus) == 0x63);
        CHECK(in8(bench.serial, kLineStatus) == 0x61);
        CHECK(in8(bench.serial, kData) == '2');
        out8(bench.serial, kFifo, 0x01);
        for (unsigned number = 0; number < 17; ++number) {
            out8(bench.serial, kData, 'a' + number);
        }

        CHECK(in8(bench.serial, kLineStatus) == 0x63);
        CHECK(read_all(bench.serial) == "abcdefghijklmnop");
    }

    TEST_CASE("loopback loops the four outputs to the four inputs and notes changes (§8.8, §8.9)") {
        SerialBench bench;
        out8(bench.serial, kModem, 0x10);
        CHECK(in8(bench.serial, kModemStatus) == 0x0b);
        CHECK(in8(bench.serial, kModemStatus) == 0x00);

        out8(bench.serial, kModem, 0x1f);
        CHECK(in8(bench.serial, kModemStatus) == 0xfb);
        out8(bench.serial, kModem, 0x1b);

        CHECK(in8(bench.serial, kModemStatus) == 0xb4);
    }

    TEST_CASE("a modem line change interrupts at the lowest priority until it is read") {
        SerialBench bench;
        out8(bench.serial, kEnable, 0x0a);
        out8(bench.serial, kModem, 0x10);

        CHECK(in8(bench.serial, kId) == 0x02);
        CHECK(in8(bench.serial, kId) == 0x00);
        CHECK(bench.irq.asserted());
        CHECK(in8(bench.serial, kModemStatus) == 0x0b);

        CHECK(in8(bench.serial, kId) == kNothingPending);
        CHECK_FALSE(bench.irq.asserted());
    }

    TEST_CASE("scratch keeps its byte; status registers ignore writes") {
        SerialBench bench;

        out8(bench.serial, kScratch, 0xa5);
        out8(bench.serial, kLineStatus, 0xff);
        out8(bench.serial, kModemStatus, 0x0f);
        out8(bench.serial, kModem, 0xe0);
        out8(bench.serial, kEnable, 0xf0);

        CHECK(in8(bench.serial, kScratch) == 0xa5);
        CHECK(in8(bench.serial, kLineStatus) == 0x60);
        CHECK(in8(bench.serial, kModemStatus) == 0xb0);
        CHECK(in8(bench.serial, kModem) == 0x00);
        CHECK(in8(bench.serial, kEnable) == 0x00);
    }

    TEST_CASE("wide accesses are byte accesses at rising ports (C05)") {
        SerialBench bench;

        bench.serial.write(IoAccess{kLine, 2}, 0x0b03);
        bench.serial.write(IoAccess{kData, 1}, 0x141);

        CHECK(in8(bench.serial, kLine) == 0x03);
        CHECK(in8(bench.serial, kModem) == 0x0b);
        CHECK(bench.chardev.output == "A");
        CHECK(bench.serial.read(IoAccess{4, 4}) == 0x00b0600b);
    }

    TEST_CASE("reset returns every register to its power-on value") {
        SerialBench bench;
        out8(bench.serial, kFifo, 0x01);
        out8(bench.serial, kEnable, 0x0f);
        out8(bench.serial, kModem, 0x1b);
        out8(bench.serial, kData, 'x');
        out8(bench.serial, kScratch, 0x77);
        out8(bench.serial, kLine, 0x83);
        CHECK(bench.irq.asserted());

        bench.serial.reset();

        CHECK_FALSE(bench.irq.asserted());
        CHECK(bench.serial.read(IoAccess{1, 1}) == 0x00);
        CHECK(bench.serial.read(IoAccess{2, 2}) == 0x0001);
        CHECK(bench.serial.read(IoAccess{4, 4}) == 0x00b06000);
    }

    TEST_CASE("a million random accesses equal the reference model (C04)") {
        FakeIrq irq;
        FakeChardev chardev;
        Serial16550 serial(irq);
        REQUIRE(serial.connect(chardev).has_value());
        SerialModel model;
        Random random(16550);
        std::uint64_t wrong_reads = 0;
        std::uint64_t wrong_interrupts = 0;
        std::string host_input;

        for (int step = 0; step < 1000000; ++step) {
            const unsigned port = random() % 8;
            const unsigned choice = random() % 100;
            if (choice < 10) {
                const char byte = static_cast<char>(random());
                chardev.type(std::string(1, byte));
                host_input += byte;
            } else if (choice < 60) {
                const unsigned expected = model.read(port);
                wrong_reads += in8(serial, port) == expected ? 0 : 1;
            } else {
                // Rarely into the divisor latch or loopback, or little else would be seen.
                const unsigned mask = port == 3 && random() % 8 != 0 ? 0x7f : 0xff;
                const unsigned value = random() & mask;
                model.write(port, value);
                out8(serial, port, value);
            }
            while (!host_input.empty() && model.room() != 0) {
                model.receive(static_cast<unsigned char>(host_input.front()));
                host_input.erase(0, 1);
            }
            wrong_interrupts += irq.asserted() == (model.id() != 1) ? 0 : 1;
        }

        CHECK(wrong_reads == 0);
        CHECK(wrong_interrupts == 0);
        CHECK(chardev.output == model.sent);
        CHECK(chardev.pending() == host_input);
    }
}
