// SPDX-License-Identifier: Apache-2.0
// Proves pci/option_rom, and the expansion ROM register (pci/bar, pci/function).
#include "pci/option_rom.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tests/harness/driver_pci.h"
#include "tests/harness/temporary_directory.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

struct Files {
    // A file of that size, byte i being i + 1.
    std::string make(std::size_t size) {
        const std::string path = directory.path(std::to_string(size) + ".rom");
        std::ofstream file(path, std::ios::binary);
        for (std::size_t index = 0; index < size; ++index) {
            file.put(static_cast<char>(index + 1));
        }
        return path;
    }
    test::TemporaryDirectory directory;
};

PciProperties with_file(std::string file) {
    PciProperties properties;
    properties.romfile = std::move(file);
    return properties;
}

std::string refusal(const PciProperties& properties) {
    const auto loaded = OptionRom::load(properties);
    return loaded ? "" : loaded.error().message;
}

}  // namespace

TEST_SUITE("pci/option_rom") {
    TEST_CASE("no file is no ROM, and so is one without a BAR") {
        Files files;
        PciProperties hidden = with_file(files.make(512));
        hidden.rombar = 0;

        CHECK(*OptionRom::load(PciProperties{}) == nullptr);
        CHECK(*OptionRom::load(hidden) == nullptr);
    }

    TEST_CASE("missing, empty and wrong sizes are refused in QEMU's words") {
        Files files;
        const std::string empty = files.make(0);
        PciProperties odd;
        odd.romsize = 3;
        PciProperties none;
        none.romsize = 0;
        PciProperties small = with_file(files.make(5000));
        small.romsize = 4096;

        CHECK(refusal(with_file("/nope.rom")) == "failed to find romfile \"/nope.rom\"");
        CHECK(refusal(with_file("/")) == "failed to find romfile \"/\"");
        CHECK(refusal(with_file(empty)) == "romfile \"" + empty + "\" is empty");
        CHECK(refusal(odd) == "ROM size 3 is not a power of two");
        CHECK(refusal(none) == "ROM size 0 is not a power of two");
        CHECK(refusal(small) ==
              "romfile \"" + small.romfile + "\" (5000 bytes) is too large for ROM size 4096");
    }

    TEST_CASE("a huge file is refused before it is read") {
        Files files;
        const std::string path = files.directory.path("huge");
        { std::ofstream(path).put('x'); }
        REQUIRE(::truncate(path.c_str(), off_t{3} << 30) == 0);

        CHECK(refusal(with_file(path)) == "romfile \"" + path +
                                              "\" (3221225472 bytes) is too large, the most is "
                                              "16777216");
    }

    TEST_CASE("the register rounds up to a power of two, 2 KiB at least; the tail is zeroes") {
        Files files;
        const std::size_t sizes[]{1, 511, 512, 2048, 2049, 65537};
        const std::uint64_t rounded[]{2048, 2048, 2048, 2048, 4096, 131072};
        for (unsigned index = 0; index < 6; ++index) {
            const auto rom = *OptionRom::load(with_file(files.make(sizes[index])));
            CAPTURE(sizes[index]);
            CHECK(rom->size().value() == rounded[index]);
            CHECK(rom->read(IoAccess{sizes[index] - 1, 1}) == (sizes[index] & 0xff));
            CHECK(rom->read(IoAccess{sizes[index], 4}) == 0);
        }
    }

    TEST_CASE("a file that is measured gives the same register and errors, and is not kept") {
        Files files;
        for (const std::size_t size : {std::size_t{1}, std::size_t{2049}, std::size_t{65537}}) {
            const PciProperties properties = with_file(files.make(size));
            const auto loaded = *OptionRom::load(properties);
            const auto measured = *OptionRom::measure(properties);
            CHECK(measured->size() == loaded->size());
            CHECK(loaded->kept().value() == size);
            CHECK(measured->kept().value() == 0);
            CHECK(measured->read(IoAccess{0, 1}) == 0);
        }
        PciProperties no_power = with_file(files.make(100));
        no_power.romsize = 100;
        PciProperties too_small = with_file(files.make(100));
        too_small.romsize = 64;
        for (const PciProperties& bad :
             {with_file(files.make(0)), with_file("/nope.rom"), no_power, too_small}) {
            CHECK(OptionRom::measure(bad).error().message == OptionRom::load(bad).error().message);
        }
        CHECK(*OptionRom::measure(PciProperties{}) == nullptr);
    }

    TEST_CASE("romsize is the register's size where it is larger") {
        Files files;
        PciProperties properties = with_file(files.make(100));
        properties.romsize = 65536;

        CHECK((*OptionRom::load(properties))->size().value() == 65536);
    }

    TEST_CASE("a function shows its ROM where firmware put it, while enabled (§7.5.1.2.4)") {
        Files files;
        PciMachine machine;
        DriverPci driver(machine);
        constexpr Bdf kBdf{0, DevFn::of(3, 0)};
        PciProperties properties = with_file(files.make(3000));
        properties.addr = kBdf.devfn;
        const auto place = machine.host.root().place(properties, "T", "t");
        REQUIRE(place.has_value());
        ProbeFunction probe(*place, 1);
        probe.plug();

        driver.write(kBdf, kRomBar, 4, 0xfffffffe);
        CHECK(driver.read(kBdf, kRomBar, 4) == 0xfffff000);
        driver.write(kBdf, kRomBar, 4, 0xe0000000);
        driver.set_command(kBdf, kCommandMemory);
        CHECK(driver.memory_read(0xe0000000, 4) == 0xffffffff);
        driver.write(kBdf, kRomBar, 4, 0xe0000001);
        CHECK(driver.memory_read(0xe0000000, 4) == 0x04030201);
        driver.memory_write(0xe0000000, 4, 0);
        CHECK(driver.memory_read(0xe0000000, 4) == 0x04030201);
        driver.set_command(kBdf, 0);
        CHECK(driver.memory_read(0xe0000000, 4) == 0xffffffff);
    }

    TEST_CASE("a bridge's ROM register is at 0x38 (§7.5.1.3.11)") {
        Files files;
        PciMachine machine;
        DriverPci driver(machine);
        PciPlace place = machine.place(machine.host.root(), DevFn::of(1, 0));
        place.rom = *OptionRom::load(with_file(files.make(3000)));
        PciBridge bridge(place, PciIdentity{.vendor_id = 1, .header = HeaderType::Bridge}, "b",
                         PciBusType::Conventional);
        bridge.plug();

        driver.write({0, DevFn::of(1, 0)}, 0x38, 4, 0xffffffff);
        CHECK(driver.read({0, DevFn::of(1, 0)}, 0x38, 4) == 0xfffff001);
    }
}
