// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/boot_source with synthetic kernels, and with a real one where it is given.
#include "firmware/linux/boot_source.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "firmware/linux/boot_layout.h"
#include "firmware/linux/boot_params.h"
#include "firmware/linux/pvh.h"
#include "tests/unit/firmware/test_files.h"

namespace siskin {
using test::FileBytes;
using test::poke;
using test::TestFile;

namespace {

constexpr std::size_t kRamSize = 8 * kMiB;
constexpr RamLayout kRam{ByteCount{kRamSize}, ByteCount{0}};

BootSource open(const TestFile& kernel, const std::string& initrd_path, std::string append) {
    auto source = BootSource::open({kernel.path(), initrd_path, std::move(append)});
    REQUIRE_MESSAGE(source.has_value(), source.error().message);
    return *std::move(source);
}

std::string open_refusal(const BootOptions& options) {
    const auto source = BootSource::open(options);
    REQUIRE_FALSE(source.has_value());
    return source.error().message;
}

BootEnvironment environment() {
    BootEnvironment result;
    result.ram = kRam;
    return result;
}

std::string load_refusal(const BootSource& source, const GuestMemory& memory) {
    const auto entry = source.load(memory, environment());
    REQUIRE_FALSE(entry.has_value());
    return entry.error().message;
}

unsigned byte_at(const GuestMemory& memory, std::uint64_t address) {
    return memory.read_object<std::uint8_t>(GuestAddress{address}).value();
}

std::string text_at(const GuestMemory& memory, GuestAddress address, std::size_t size) {
    std::string text(size, '?');
    REQUIRE(memory.read(address, std::as_writable_bytes(std::span(text))).has_value());
    return text;
}

std::uint32_t header_dword(const BootParams& params, std::size_t offset) {
    std::uint32_t value = 0;
    std::memcpy(&value, params.header.data() + (offset - BzImage::kHeaderOffset), sizeof(value));
    return value;
}

constexpr std::size_t kRamdiskImage = 0x218;
constexpr std::size_t kRamdiskSize = 0x21c;

const char* real_kernel() {
    const char* path = std::getenv("SISKIN_TEST_KERNEL");
    static const bool told = [&] {
        if (path == nullptr) {
            std::puts("SKIPPED: SISKIN_TEST_KERNEL names no stock kernel to parse");
        }
        return true;
    }();
    return told ? path : nullptr;
}

}  // namespace

TEST_SUITE("firmware/linux/boot_source") {
    TEST_CASE("a file that is no kernel is told with what is allowed") {
        const TestFile text(test::bytes_of("#!/bin/sh\n"));
        const TestFile byte(test::bytes_of("x"));

        CHECK(open_refusal({text.path(), "", ""}) ==
              "kernel '" + text.path() +
                  "' is no kernel: allowed are an x86 bzImage with a 64-bit entry point and an ELF "
                  "file with a PVH note");
        CHECK(open_refusal({byte.path(), "", ""}).find("is no kernel") != std::string::npos);
        CHECK(open_refusal({"/nonexistent", "", ""}) ==
              "kernel: could not open '/nonexistent': No such file or directory");
    }

    TEST_CASE("a kernel that cannot be booted is told with the field at fault") {
        FileBytes old = test::make_bzimage();
        poke<std::uint16_t>(old, 0x206, 0x0204);
        const TestFile old_kernel(old);
        FileBytes program = test::make_elf64();
        poke<char>(program, test::kElfNoteOffset + 32, 'Y');
        const TestFile elf(program);

        CHECK(open_refusal({old_kernel.path(), "", ""}) ==
              "kernel '" + old_kernel.path() +
                  "' is no kernel that can be booted: its boot protocol is 2.4, the least is 2.12");
        CHECK(open_refusal({elf.path(), "", ""}).find("without a PVH note") != std::string::npos);
    }

    TEST_CASE("a missing, empty or special initrd is told at start-up") {
        const TestFile kernel(test::make_bzimage());
        const TestFile empty({});

        CHECK(open_refusal({kernel.path(), "/nonexistent", ""}).find("initrd: could not open") ==
              0);
        CHECK(open_refusal({kernel.path(), empty.path(), ""}) ==
              "initrd '" + empty.path() + "' is empty");
        CHECK(open_refusal({kernel.path(), "/proc", ""}) == "initrd '/proc' is a directory");
    }

    TEST_CASE("a command line may be as long as cmdline_size and not one byte longer (boot.rst)") {
        const TestFile kernel(test::make_bzimage());

        CHECK(BootSource::open({kernel.path(), "", std::string(255, 'a')}).has_value());
        CHECK(open_refusal({kernel.path(), "", std::string(256, 'a')}) ==
              "the command line is 256 bytes long, the most kernel '" + kernel.path() +
                  "' takes is 255");
    }

    TEST_CASE("an ELF kernel's command line is bounded by its room") {
        const TestFile kernel(test::make_elf64());

        CHECK(BootSource::open({kernel.path(), "", std::string(65535, 'a')}).has_value());
        CHECK(open_refusal({kernel.path(), "", std::string(65536, 'a')}).find("is 65535") !=
              std::string::npos);
    }

    TEST_CASE("a bzImage is loaded for the 64-bit entry with all it needs (boot.rst)") {
        const TestFile kernel(test::make_bzimage());
        const TestFile initrd(test::bytes_of(std::string(5000, 'i')));
        const auto memory = test::make_ram(kRamSize);
        acpi::AcpiTables acpi;
        acpi.base = acpi.rsdp = boot_layout::kAcpiTables;
        acpi.bytes = {'R', 'S', 'D'};
        BootEnvironment with_acpi = environment();
        with_acpi.acpi = &acpi;

        const auto entry = open(kernel, initrd.path(), "console=ttyS0").load(*memory, with_acpi);

        REQUIRE_MESSAGE(entry.has_value(), entry.error().message);
        CHECK(entry->mode == EntryMode::Long64);
        CHECK(entry->instruction == GuestAddress{0x200200});
        CHECK(entry->rsi == boot_layout::kBootParams.value());
        CHECK(byte_at(*memory, 0x200000) == 0);
        CHECK(byte_at(*memory, 0x200000 + 250) == 250);
        CHECK(byte_at(*memory, 0x200000 + 8191) == 8191 % 251);
        CHECK(byte_at(*memory, 0x200000 + 8192) == 0xa5);
        CHECK(text_at(*memory, boot_layout::kCommandLine, 14) ==
              std::string("console=ttyS0\0", 14));
        CHECK(text_at(*memory, boot_layout::kAcpiTables, 3) == "RSD");
        const auto params = memory->read_object<BootParams>(boot_layout::kBootParams).value();
        CHECK(params.acpi_rsdp_address == 0xe0000);
        CHECK(params.e820_entry_count == 4);
        CHECK(header_dword(params, kRamdiskSize) == 5000);
        CHECK(header_dword(params, kRamdiskImage) == kRamSize - 8192);
        CHECK(text_at(*memory, GuestAddress{kRamSize - 8192}, 5000) == std::string(5000, 'i'));
        CHECK(byte_at(*memory, kRamSize - 8192 + 5000) == 0xa5);
    }

    TEST_CASE("an ELF kernel is loaded for the PVH entry, its bss zeroed (Xen: pvh.pandoc)") {
        const TestFile kernel(test::make_elf64());
        const TestFile initrd(test::bytes_of("initrd"));
        const auto memory = test::make_ram(kRamSize);

        const auto entry = open(kernel, initrd.path(), "quiet").load(*memory, environment());

        REQUIRE_MESSAGE(entry.has_value(), entry.error().message);
        CHECK(entry->mode == EntryMode::Protected32);
        CHECK(entry->instruction == GuestAddress{test::kElfEntry});
        CHECK(entry->rbx == boot_layout::kStartInfo.value());
        CHECK(byte_at(*memory, 0x1000ff) == 0xff % 251);
        CHECK(byte_at(*memory, 0x100100) == 0);
        CHECK(byte_at(*memory, 0x1002ff) == 0);
        CHECK(byte_at(*memory, 0x100300) == 0xa5);
        CHECK(byte_at(*memory, 0x200000) == 0x100 % 251);
        const auto info = memory->read_object<PvhStartInfo>(boot_layout::kStartInfo).value();
        CHECK(info.module_count == 1);
        const auto module = memory->read_object<PvhModule>(GuestAddress{info.module_list}).value();
        CHECK(module.address == kRamSize - 4096);
        CHECK(text_at(*memory, GuestAddress{module.address}, 6) == "initrd");
        CHECK(text_at(*memory, GuestAddress{info.command_line}, 6) == std::string("quiet\0", 6));
        CHECK(info.rsdp == 0);
    }

    TEST_CASE("a second load repairs what the guest overwrote") {
        const TestFile kernel(test::make_bzimage());
        const auto memory = test::make_ram(kRamSize);
        const BootSource source = open(kernel, "", "a");
        REQUIRE(source.load(*memory, environment()).has_value());
        REQUIRE(memory->write_object<std::uint8_t>(GuestAddress{0x200001}, 0xee).has_value());
        REQUIRE(memory->write_object<std::uint8_t>(boot_layout::kCommandLine, 0xee).has_value());

        REQUIRE(source.load(*memory, environment()).has_value());

        CHECK(byte_at(*memory, 0x200001) == 1);
        CHECK(text_at(*memory, boot_layout::kCommandLine, 2) == std::string("a\0", 2));
    }

    TEST_CASE("a kernel needs RAM up to the end of its init_size and says how much") {
        FileBytes file = test::make_bzimage();
        poke<std::uint32_t>(file, 0x260, 6 * kMiB);
        const TestFile fits(file);
        poke<std::uint32_t>(file, 0x260, 6 * kMiB + 1);
        const TestFile too_large(file);

        CHECK(open(fits, "", "").check_fits(kRam).has_value());
        CHECK(open(too_large, "", "").check_fits(kRam).error().message ==
              "kernel '" + too_large.path() +
                  "' needs RAM up to 9 MiB, the guest has 8 MiB below 4 GiB");
    }

    TEST_CASE("code larger than init_size counts as well") {
        FileBytes file = test::make_bzimage();
        poke<std::uint32_t>(file, 0x260, 1);
        file.resize(test::kBzImageCodeOffset + 6 * kMiB);
        const TestFile fits(file);
        file.resize(file.size() + 1);
        const TestFile too_large(file);

        CHECK(open(fits, "", "").check_fits(kRam).has_value());
        CHECK_FALSE(open(too_large, "", "").check_fits(kRam).has_value());
    }

    TEST_CASE("an initrd fills the room behind the kernel and not one byte more") {
        const TestFile kernel(test::make_bzimage());
        const TestFile initrd(FileBytes(5 * kMiB));
        const BootSource source = open(kernel, initrd.path(), "");
        const auto memory = test::make_ram(kRamSize);

        CHECK(source.load(*memory, environment()).has_value());
        initrd.truncate(5 * kMiB + 1);

        CHECK(source.check_fits(kRam).error().message ==
              "initrd '" + initrd.path() +
                  "' is 6 MiB long, the kernel leaves 5 MiB of the guest's RAM for it");
        CHECK(load_refusal(source, *memory).find("is 6 MiB long") != std::string::npos);
    }

    TEST_CASE("an initrd ends at or below initrd_addr_max (boot.rst)") {
        FileBytes file = test::make_bzimage();
        poke<std::uint32_t>(file, 0x22c, 0x3fffff);
        const TestFile kernel(file);
        const TestFile initrd(FileBytes(4096));
        const auto memory = test::make_ram(kRamSize);

        REQUIRE(open(kernel, initrd.path(), "").load(*memory, environment()).has_value());

        const auto params = memory->read_object<BootParams>(boot_layout::kBootParams).value();
        CHECK(header_dword(params, kRamdiskImage) == 0x3ff000);
        poke<std::uint32_t>(file, 0x22c, 0);
        const TestFile nowhere(file);
        CHECK(load_refusal(open(nowhere, initrd.path(), ""), *memory).find("leaves 0 bytes") !=
              std::string::npos);
    }

    TEST_CASE("a file that changed or shrank before a reset is an error, never a crash") {
        const TestFile kernel(test::make_bzimage());
        const TestFile initrd(FileBytes(4096));
        const BootSource source = open(kernel, initrd.path(), std::string(200, 'a'));
        const auto memory = test::make_ram(kRamSize);

        initrd.truncate(0);
        CHECK(load_refusal(source, *memory) == "initrd '" + initrd.path() + "' is empty");
        initrd.truncate(1);
        kernel.truncate(600);
        CHECK(load_refusal(source, *memory).find("can be booted") != std::string::npos);
        kernel.truncate(0);
        CHECK(load_refusal(source, *memory) == "kernel '" + kernel.path() + "' is empty");
        kernel.replace(test::bytes_of("something else"));
        CHECK(load_refusal(source, *memory).find("is no kernel") != std::string::npos);
        FileBytes shorter = test::make_bzimage();
        poke<std::uint32_t>(shorter, 0x238, 100);
        kernel.replace(shorter);
        CHECK(load_refusal(source, *memory).find("takes is 100") != std::string::npos);
        kernel.replace(test::make_elf64());
        CHECK(source.load(*memory, environment()).value().mode == EntryMode::Protected32);
    }

    TEST_CASE("an ELF segment over the boot structures or the reserved area is an error") {
        const auto opens_with = [](std::uint64_t address, std::uint64_t size) {
            FileBytes file = test::make_elf64();
            const std::size_t header = test::kElf64Headers + 2 * test::kElf64HeaderSize;
            poke<std::uint64_t>(file, header + 24, address);
            poke<std::uint64_t>(file, header + 40, size);
            const TestFile kernel(file);
            return BootSource::open({kernel.path(), "", ""}).has_value();
        };

        CHECK(opens_with(0x30000, 0x1000));
        CHECK_FALSE(opens_with(0x2ffff, 0x1000));
        CHECK_FALSE(opens_with(0x480, 0x81));
        CHECK(opens_with(0x480, 0x80));
        CHECK(opens_with(0x9f000, 0xc00));
        CHECK_FALSE(opens_with(0x9f000, 0xc01));
        CHECK_FALSE(opens_with(0xfff80, 0x80));
    }

    TEST_CASE("an ELF segment above the guest's RAM is an error") {
        FileBytes file = test::make_elf64();
        const std::size_t header = test::kElf64Headers + 2 * test::kElf64HeaderSize;
        poke<std::uint64_t>(file, header + 24, 0x100000000);
        const TestFile kernel(file);

        CHECK(open(kernel, "", "").check_fits(kRam).error().message.find("needs RAM up to 4097") !=
              std::string::npos);
    }

    TEST_CASE("RAM that is smaller than the machine says is an error") {
        const TestFile kernel(test::make_bzimage());
        const auto memory = test::make_ram(2 * kMiB);

        CHECK(load_refusal(open(kernel, "", ""), *memory).find("are not RAM") != std::string::npos);
    }

    TEST_CASE("a stock kernel is understood" * doctest::skip(real_kernel() == nullptr)) {
        const auto source = BootSource::open({real_kernel(), "", "console=ttyS0"});
        REQUIRE_MESSAGE(source.has_value(), source.error().message);
        const auto memory = test::make_ram(256 * kMiB);
        BootEnvironment large;
        large.ram.below_4g = ByteCount{256 * kMiB};

        const auto entry = source->load(*memory, large);

        REQUIRE_MESSAGE(entry.has_value(), entry.error().message);
        CHECK(entry->mode == EntryMode::Long64);
        CHECK(entry->instruction.value() % 0x1000 == 0x200);
        CHECK_FALSE(source->check_fits({ByteCount{24 * kMiB}, ByteCount{0}}).has_value());
    }
}

}  // namespace siskin
