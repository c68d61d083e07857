// SPDX-License-Identifier: Apache-2.0
// Parses ELF kernels.
#include "firmware/linux/elf_image.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <type_traits>

#include <elf.h>

#include "base/bits.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr std::uint32_t kXenPhys32Entry = 18;  // Xen: public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY
constexpr std::string_view kXenName{"Xen\0", 4};

// A program header of either class, widened.
struct ProgramHeader {
    std::uint32_t type = 0;
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t file_size = 0;
    std::uint64_t memory_size = 0;
    std::uint64_t alignment = 0;
};

template <typename T>
Result<T> read_object(const BootFile& file, std::uint64_t offset) {
    T object;
    SISKIN_TRY(file.read(offset, std::as_writable_bytes(std::span(&object, 1))));
    return object;
}

template <typename FileHeader, typename FileProgramHeader>
Result<std::vector<ProgramHeader>> read_program_headers(const BootFile& file) {
    const auto header = SISKIN_TRY(read_object<FileHeader>(file, 0));
    if (header.e_machine != EM_X86_64 && header.e_machine != EM_386) {
        return fail(concat("its e_machine is ", header.e_machine, ", allowed are ", EM_386,
                           " (i386) and ", EM_X86_64, " (x86-64)"));
    }
    if (header.e_phentsize != sizeof(FileProgramHeader)) {
        return fail(concat("its e_phentsize is ", header.e_phentsize, ", allowed is ",
                           sizeof(FileProgramHeader)));
    }
    if (header.e_phnum == 0 || header.e_phnum > ElfImage::kProgramHeadersMax) {
        return fail(concat("its e_phnum is ", header.e_phnum, ", allowed are 1 to ",
                           ElfImage::kProgramHeadersMax));
    }
    std::vector<FileProgramHeader> stored(header.e_phnum);
    SISKIN_TRY(file.read(header.e_phoff, std::as_writable_bytes(std::span(stored))));
    std::vector<ProgramHeader> headers;
    for (const FileProgramHeader& entry : stored) {
        headers.push_back({entry.p_type, entry.p_offset, entry.p_paddr, entry.p_filesz,
                           entry.p_memsz, entry.p_align});
    }
    return headers;
}

Result<std::vector<ProgramHeader>> read_headers(const BootFile& file) {
    std::array<std::uint8_t, EI_NIDENT> ident{};
    SISKIN_TRY(file.read(0, std::as_writable_bytes(std::span(ident))));
    if (std::memcmp(ident.data(), ELFMAG, SELFMAG) != 0) {
        return fail("it has no ELF magic");
    }
    if (ident[EI_DATA] != ELFDATA2LSB || ident[EI_VERSION] != EV_CURRENT) {
        return fail("it is not a little-endian ELF file of version 1");
    }
    switch (ident[EI_CLASS]) {
        case ELFCLASS64: return read_program_headers<Elf64_Ehdr, Elf64_Phdr>(file);
        case ELFCLASS32: return read_program_headers<Elf32_Ehdr, Elf32_Phdr>(file);
        default: return fail(concat("its ELF class is ", ident[EI_CLASS], ", allowed are 1 and 2"));
    }
}

bool is_inside(std::uint64_t offset, std::uint64_t size, ByteCount whole) {
    return offset <= whole.value() && size <= whole.value() - offset;
}

Result<ElfSegment> check_segment(const ProgramHeader& header, ByteCount file_size) {
    if (!is_inside(header.offset, header.file_size, file_size)) {
        return fail(concat("its segment at file offset ", hex(header.offset), " + ",
                           hex(header.file_size), " is past the end of the file (",
                           file_size.value(), " bytes)"));
    }
    if (header.file_size > header.memory_size) {
        return fail(concat("its segment for ", hex(header.address), " has p_filesz ",
                           hex(header.file_size), ", more than its p_memsz ",
                           hex(header.memory_size)));
    }
    if (!checked_add(GuestAddress{header.address}, ByteCount{header.memory_size})) {
        return fail(concat("its segment for ", hex(header.address), " + ", hex(header.memory_size),
                           " wraps around"));
    }
    return ElfSegment{header.offset, ByteCount{header.file_size}, GuestAddress{header.address},
                      ByteCount{header.memory_size}};
}

Result<std::vector<ElfSegment>> collect_segments(const std::vector<ProgramHeader>& headers,
                                                 ByteCount file_size) {
    std::vector<ElfSegment> segments;
    for (const ProgramHeader& header : headers) {
        if (header.type == PT_LOAD && header.memory_size > 0) {
            segments.push_back(SISKIN_TRY(check_segment(header, file_size)));
        }
    }
    if (segments.empty()) {
        return fail("it has no segment to load");
    }
    std::sort(segments.begin(), segments.end(),
              [](const ElfSegment& left, const ElfSegment& right) {
                  return left.address < right.address;
              });
    for (std::size_t index = 1; index < segments.size(); ++index) {
        if (segments[index].address.value() < segments[index - 1].end()) {
            return fail(concat("its segments for ", hex(segments[index - 1].address.value()),
                               " and ", hex(segments[index].address.value()), " overlap"));
        }
    }
    return segments;
}

// The entry of the first PVH note of a note segment's bytes; nothing where there is none or where
// a note claims more than there is.
std::optional<std::uint64_t> find_pvh_note(std::span<const std::byte> notes,
                                           std::uint64_t alignment) {
    std::uint64_t offset = 0;
    while (is_inside(offset, sizeof(Elf64_Nhdr), ByteCount{notes.size()})) {
        Elf64_Nhdr note;  // the same in both classes
        std::memcpy(&note, notes.data() + offset, sizeof(note));
        const std::uint64_t name = offset + sizeof(note);
        const std::uint64_t content = align_up(name + note.n_namesz, alignment);
        const std::uint64_t next = align_up(content + note.n_descsz, alignment);
        if (!is_inside(content, note.n_descsz, ByteCount{notes.size()})) {
            return std::nullopt;
        }
        if (note.n_type == kXenPhys32Entry && note.n_namesz == kXenName.size() &&
            std::memcmp(notes.data() + name, kXenName.data(), kXenName.size()) == 0 &&
            (note.n_descsz == sizeof(std::uint32_t) || note.n_descsz == sizeof(std::uint64_t))) {
            std::uint64_t entry = 0;
            std::memcpy(&entry, notes.data() + content, note.n_descsz);
            return entry;
        }
        offset = next;
    }
    return std::nullopt;
}

Result<GuestAddress> find_pvh_entry(const BootFile& file, const std::vector<ProgramHeader>& headers,
                                    ByteCount file_size) {
    for (const ProgramHeader& header : headers) {
        if (header.type != PT_NOTE || header.file_size == 0) {
            continue;
        }
        if (header.file_size > ElfImage::kNotesSizeMax ||
            !is_inside(header.offset, header.file_size, file_size)) {
            return fail(concat("its notes at file offset ", hex(header.offset), " + ",
                               hex(header.file_size),
                               " are past the end of the file or larger than ",
                               ElfImage::kNotesSizeMax, " bytes"));
        }
        std::vector<std::byte> notes(header.file_size);
        SISKIN_TRY(file.read(header.offset, notes));
        if (const auto entry = find_pvh_note(notes, header.alignment == 8 ? 8 : 4)) {
            return GuestAddress{*entry};
        }
    }
    return fail("it is an ELF file without a PVH note (XEN_ELFNOTE_PHYS32_ENTRY)");
}

}  // namespace

bool looks_like_elf(std::span<const std::byte> probe) {
    return probe.size() >= SELFMAG && std::memcmp(probe.data(), ELFMAG, SELFMAG) == 0;
}

Result<ElfImage> parse_elf(const BootFile& file) {
    const ByteCount file_size = SISKIN_TRY(file.size());
    const auto headers = SISKIN_TRY(read_headers(file));
    ElfImage image;
    image.pvh_entry = SISKIN_TRY(find_pvh_entry(file, headers, file_size));
    image.segments = SISKIN_TRY(collect_segments(headers, file_size));
    const bool is_loaded =
        std::any_of(image.segments.begin(), image.segments.end(), [&](const ElfSegment& segment) {
            return image.pvh_entry >= segment.address && image.pvh_entry.value() < segment.end();
        });
    if (!is_loaded || image.pvh_entry.value() >= 4 * kGiB) {
        return fail(concat("its PVH entry point ", hex(image.pvh_entry.value()),
                           " lies in no segment below 4 GiB"));
    }
    return image;
}

}  // namespace siskin
