// SPDX-License-Identifier: Apache-2.0
// Synthetic kernels and the files and RAM they live in.
#include "tests/unit/firmware/test_files.h"

#include <array>

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace siskin::test {

TestFile::TestFile(const FileBytes& content) : fd_(::memfd_create("siskin-test", MFD_CLOEXEC)) {
    SISKIN_ASSERT(fd_.valid());
    replace(content);
}

std::string TestFile::path() const {
    return "/proc/self/fd/" + std::to_string(fd_.get());
}

Fd TestFile::descriptor() const {
    auto copy = fd_.duplicate();
    SISKIN_ASSERT(copy.has_value());
    return *std::move(copy);
}

void TestFile::replace(const FileBytes& content) const {
    truncate(0);
    const ssize_t written = ::pwrite(fd_.get(), content.data(), content.size(), 0);
    SISKIN_ASSERT(written == static_cast<ssize_t>(content.size()));
}

void TestFile::truncate(std::size_t size) const {
    SISKIN_ASSERT(::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0);
}

std::shared_ptr<const GuestMemory> make_ram(std::size_t size) {
    auto mapping = Mapping::anonymous(size);
    SISKIN_ASSERT(mapping.has_value());
    std::memset(mapping->data(), 0xa5, size);
    auto memory = GuestMemory::create(
        {GuestRegion{GuestAddress{0}, std::make_shared<const Mapping>(*std::move(mapping))}});
    SISKIN_ASSERT(memory.has_value());
    return *std::move(memory);
}

FileBytes bytes_of(const std::string& text) {
    FileBytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

FileBytes make_bzimage() {
    FileBytes bytes(kBzImageCodeOffset + kBzImageCodeSize);
    poke<std::uint8_t>(bytes, 0x1f1, 1);            // setup_sects
    poke<std::uint16_t>(bytes, 0x1fe, 0xaa55);      // boot_flag
    poke<std::uint8_t>(bytes, 0x200, 0xeb);         // jump
    poke<std::uint8_t>(bytes, 0x201, 0x6a);         // to 0x26c, where the header ends
    std::memcpy(bytes.data() + 0x202, "HdrS", 4);   // header
    poke<std::uint16_t>(bytes, 0x206, 0x020f);      // version
    poke<std::uint8_t>(bytes, 0x211, 0x01);         // loadflags: LOADED_HIGH
    poke<std::uint32_t>(bytes, 0x22c, 0x7fffffff);  // initrd_addr_max
    poke<std::uint32_t>(bytes, 0x230, 0x200000);    // kernel_alignment
    poke<std::uint8_t>(bytes, 0x234, 1);            // relocatable_kernel
    poke<std::uint16_t>(bytes, 0x236, 0x0001);      // xloadflags: XLF_KERNEL_64
    poke<std::uint32_t>(bytes, 0x238, 255);         // cmdline_size
    poke<std::uint64_t>(bytes, 0x250, 0x1234);      // setup_data, garbage
    poke<std::uint64_t>(bytes, 0x258, 0x200000);    // pref_address
    poke<std::uint32_t>(bytes, 0x260, 0x100000);    // init_size
    for (std::size_t index = 0; index < kBzImageCodeSize; ++index) {
        bytes[kBzImageCodeOffset + index] = static_cast<std::byte>(index % 251);
    }
    return bytes;
}

namespace {

template <typename Header, typename ProgramHeader>
FileBytes make_elf(unsigned char elf_class) {
    FileBytes bytes(kElfCodeOffset + 0x180);
    Header header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = elf_class;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = elf_class == ELFCLASS64 ? EM_X86_64 : EM_386;
    header.e_phoff = sizeof(Header);
    header.e_phentsize = sizeof(ProgramHeader);
    header.e_phnum = 3;
    poke(bytes, 0, header);

    std::array<ProgramHeader, 3> entries{};
    entries[0].p_type = PT_NOTE;
    entries[0].p_offset = kElfNoteOffset;
    entries[0].p_filesz = 40;
    entries[0].p_align = 4;
    entries[1].p_type = PT_LOAD;
    entries[1].p_offset = kElfCodeOffset;
    entries[1].p_paddr = 0x100000;
    entries[1].p_filesz = 0x100;
    entries[1].p_memsz = 0x300;
    entries[2].p_type = PT_LOAD;
    entries[2].p_offset = kElfCodeOffset + 0x100;
    entries[2].p_paddr = 0x200000;
    entries[2].p_filesz = 0x80;
    entries[2].p_memsz = 0x80;
    poke(bytes, sizeof(Header), entries);

    // Two notes: one of another owner first, then Xen's.
    poke(bytes, kElfNoteOffset, std::array<std::uint32_t, 3>{4, 4, 18});
    std::memcpy(bytes.data() + kElfNoteOffset + 12, "GNU\0\1\2\3\4", 8);
    poke(bytes, kElfNoteOffset + 20, std::array<std::uint32_t, 3>{4, 4, 18});
    std::memcpy(bytes.data() + kElfNoteOffset + 32, "Xen", 4);
    poke<std::uint32_t>(bytes, kElfNoteOffset + 36, kElfEntry);
    for (std::size_t index = 0; index < 0x180; ++index) {
        bytes[kElfCodeOffset + index] = static_cast<std::byte>(index % 251);
    }
    return bytes;
}

}  // namespace

FileBytes make_elf64() {
    return make_elf<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64);
}

FileBytes make_elf32() {
    return make_elf<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32);
}

}  // namespace siskin::test
