// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/elf_image.
#include "firmware/linux/elf_image.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <string>

#include <elf.h>

#include "tests/unit/firmware/test_files.h"

namespace siskin {
using test::FileBytes;
using test::poke;

namespace {

Result<ElfImage> parse(const FileBytes& bytes) {
    const test::TestFile file(bytes);
    return parse_elf(BootFile::from_fd("kernel", "k", file.descriptor()).value());
}

template <typename T>
std::string refusal_with(std::size_t offset, T value) {
    FileBytes file = test::make_elf64();
    poke(file, offset, value);
    const auto image = parse(file);
    REQUIRE_FALSE(image.has_value());
    return image.error().message;
}

constexpr std::size_t program_header(std::size_t number, std::size_t field) {
    return test::kElf64Headers + number * test::kElf64HeaderSize + field;
}

constexpr std::size_t kOffset = offsetof(Elf64_Phdr, p_offset);
constexpr std::size_t kAddress = offsetof(Elf64_Phdr, p_paddr);
constexpr std::size_t kFileSize = offsetof(Elf64_Phdr, p_filesz);
constexpr std::size_t kMemorySize = offsetof(Elf64_Phdr, p_memsz);

}  // namespace

TEST_SUITE("firmware/linux/elf_image") {
    TEST_CASE("both classes give their segments and the PVH entry") {
        for (const FileBytes& file : {test::make_elf64(), test::make_elf32()}) {
            const auto image = parse(file);
            REQUIRE(image.has_value());
            CHECK(image->pvh_entry == GuestAddress{test::kElfEntry});
            REQUIRE(image->segments.size() == 2);
            CHECK(image->segments[0].address == GuestAddress{0x100000});
            CHECK(image->segments[0].file_offset == test::kElfCodeOffset);
            CHECK(image->segments[0].file_size == ByteCount{0x100});
            CHECK(image->segments[0].memory_size == ByteCount{0x300});
            CHECK(image->segments[1].end() == 0x200080);
        }
    }

    TEST_CASE("an 8-byte note in an 8-aligned segment is read as well") {
        FileBytes file = test::make_elf64();
        poke<std::uint64_t>(file, program_header(0, offsetof(Elf64_Phdr, p_align)), 8);
        poke(file, test::kElfNoteOffset, std::array<std::uint32_t, 3>{4, 8, 18});
        std::memcpy(file.data() + test::kElfNoteOffset + 12, "Xen", 4);
        poke<std::uint64_t>(file, test::kElfNoteOffset + 16, 0x200000);

        CHECK(parse(file).value().pvh_entry == GuestAddress{0x200000});
    }

    TEST_CASE("a segment past the end of the file is an error at the first byte too many") {
        FileBytes file = test::make_elf64();
        poke<std::uint64_t>(file, program_header(2, kMemorySize), 0x1000);
        poke<std::uint64_t>(file, program_header(2, kFileSize), 0x80);
        REQUIRE(parse(file).has_value());

        poke<std::uint64_t>(file, program_header(2, kFileSize), 0x81);

        CHECK(parse(file).error().message ==
              "its segment at file offset 0x500 + 0x81 is past the end of the file (1408 bytes)");
    }

    TEST_CASE("sizes and addresses that lie are errors") {
        constexpr std::uint64_t kHuge = ~std::uint64_t{0};
        CHECK(refusal_with(program_header(1, kOffset), kHuge).find("past the end of the file") !=
              std::string::npos);
        CHECK(refusal_with(program_header(1, kFileSize), kHuge).find("past the end of the file") !=
              std::string::npos);
        CHECK(refusal_with(program_header(1, kMemorySize), std::uint64_t{0xff}) ==
              "its segment for 0x100000 has p_filesz 0x100, more than its p_memsz 0xff");
        CHECK(refusal_with(program_header(1, kMemorySize), kHuge) ==
              "its segment for 0x100000 + 0xffffffffffffffff wraps around");
        CHECK(refusal_with(program_header(1, kAddress), std::uint64_t{0x200079}) ==
              "its segments for 0x200000 and 0x200079 overlap");
        CHECK(refusal_with(program_header(1, kMemorySize), std::uint64_t{0x100001}) ==
              "its segments for 0x100000 and 0x200000 overlap");
    }

    TEST_CASE("segments that touch do not overlap") {
        FileBytes file = test::make_elf64();
        poke<std::uint64_t>(file, program_header(1, kMemorySize), 0x100000);

        CHECK(parse(file).has_value());
    }

    TEST_CASE("a bad file header is named with its value and what is allowed") {
        CHECK(refusal_with<std::uint32_t>(0, 0) == "it has no ELF magic");
        CHECK(refusal_with<std::uint8_t>(EI_CLASS, 3) == "its ELF class is 3, allowed are 1 and 2");
        CHECK(refusal_with<std::uint8_t>(EI_DATA, ELFDATA2MSB).find("little-endian") !=
              std::string::npos);
        CHECK(refusal_with<std::uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_AARCH64) ==
              "its e_machine is 183, allowed are 3 (i386) and 62 (x86-64)");
        CHECK(refusal_with<std::uint16_t>(offsetof(Elf64_Ehdr, e_phentsize), 55) ==
              "its e_phentsize is 55, allowed is 56");
        CHECK(refusal_with<std::uint16_t>(offsetof(Elf64_Ehdr, e_phnum), 0) ==
              "its e_phnum is 0, allowed are 1 to 128");
        CHECK(refusal_with<std::uint16_t>(offsetof(Elf64_Ehdr, e_phnum), 129) ==
              "its e_phnum is 129, allowed are 1 to 128");
        CHECK(refusal_with(offsetof(Elf64_Ehdr, e_phoff), ~std::uint64_t{0}).find("cannot hold") !=
              std::string::npos);
        CHECK(refusal_with(offsetof(Elf64_Ehdr, e_phoff), std::uint64_t{0x570})
                  .find("were expected") != std::string::npos);
    }

    TEST_CASE("a kernel without a PVH note is told as such") {
        const std::string message =
            "it is an ELF file without a PVH note (XEN_ELFNOTE_PHYS32_ENTRY)";
        CHECK(refusal_with<std::uint32_t>(program_header(0, 0), PT_NULL) == message);
        CHECK(refusal_with<std::uint32_t>(test::kElfNoteOffset + 28, 17) == message);
        CHECK(refusal_with<char>(test::kElfNoteOffset + 32, 'Y') == message);
        // Notes that claim more than there is: name, content, both.
        CHECK(refusal_with<std::uint32_t>(test::kElfNoteOffset, 0xffffffff) == message);
        CHECK(refusal_with<std::uint32_t>(test::kElfNoteOffset + 4, 0xffffffff) == message);
        CHECK(refusal_with<std::uint32_t>(test::kElfNoteOffset + 24, 5) == message);
        CHECK(refusal_with<std::uint64_t>(program_header(0, kFileSize), 39) == message);
    }

    TEST_CASE("notes beyond the file or larger than 64 KiB are an error") {
        FileBytes file = test::make_elf64();
        file.resize(0x20000);
        poke<std::uint64_t>(file, program_header(0, kFileSize), 0x10001);

        CHECK(parse(file).error().message.find("larger than 65536 bytes") != std::string::npos);
        CHECK(refusal_with(program_header(0, kOffset), ~std::uint64_t{0}).find("past the end") !=
              std::string::npos);
    }

    TEST_CASE("an entry outside the segments is an error") {
        CHECK(refusal_with<std::uint32_t>(test::kElfNoteOffset + 36, 0x100300) ==
              "its PVH entry point 0x100300 lies in no segment below 4 GiB");
        CHECK(refusal_with<std::uint32_t>(test::kElfNoteOffset + 36, 0xfffff).find("0xfffff") !=
              std::string::npos);
    }

    TEST_CASE("cut at any byte it is an error") {
        const FileBytes whole = test::make_elf64();

        for (std::size_t size = 1; size < whole.size(); ++size) {
            CAPTURE(size);
            REQUIRE_FALSE(
                parse(FileBytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))
                    .has_value());
        }
    }
}

}  // namespace siskin
