// SPDX-License-Identifier: Apache-2.0
// Loads kernels.
#include "firmware/linux/boot_source.h"

#include <algorithm>
#include <cstring>

#include "base/bits.h"
#include "base/text.h"
#include "firmware/linux/boot_layout.h"
#include "firmware/linux/boot_params.h"
#include "firmware/linux/pvh.h"

namespace siskin {
namespace {

constexpr std::uint64_t kInitrdAlignment = 4096;

// What a kernel's image takes and allows.
struct Footprint {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;               // with what it needs before it reads the memory map
    std::uint64_t command_line_max = 0;  // without NUL
    std::uint64_t initrd_end_max = 0;
};

constexpr std::uint64_t kCommandLineRoom = boot_layout::kCommandLineRoom.value() - 1;

Footprint footprint_of(const BzImage& image) {
    const std::uint64_t size = std::max(image.init_size.value(), image.code_size.value());
    return {image.load_address.value(), image.load_address.value() + size,
            std::min(image.command_line_max, kCommandLineRoom), image.initrd_last.value() + 1};
}

Footprint footprint_of(const ElfImage& image) {
    return {image.segments.front().address.value(), image.segments.back().end(), kCommandLineRoom,
            4 * kGiB};
}

Footprint footprint_of(const KernelImage& image) {
    return std::visit([](const auto& kind) { return footprint_of(kind); }, image);
}

// A kernel may use all of low memory but the boot structures, and what is no RAM in the memory map.
Result<> check_low_memory(const ElfImage& image) {
    for (const ElfSegment& segment : image.segments) {
        const auto meets = [&](GuestAddress begin, GuestAddress end) {
            return segment.address < end && segment.end() > begin.value();
        };
        if (meets(boot_layout::kStructuresBegin, boot_layout::kStructuresEnd) ||
            meets(boot_layout::kEbda, boot_layout::kHighMemory)) {
            return fail(concat("its segment for ", hex(segment.address.value()), " + ",
                               hex(segment.memory_size.value()), " meets the boot structures (",
                               hex(boot_layout::kStructuresBegin.value()), " to ",
                               hex(boot_layout::kStructuresEnd.value()), ") or the reserved area (",
                               hex(boot_layout::kEbda.value()), " to ",
                               hex(boot_layout::kHighMemory.value()), ")"));
        }
    }
    return {};
}

Result<> load_segment(const BootFile& file, const GuestMemory& memory, const ElfSegment& segment) {
    SISKIN_TRY(file.read_to_guest(segment.file_offset, memory, segment.address, segment.file_size));
    const ByteCount rest{segment.memory_size.value() - segment.file_size.value()};
    if (rest.value() == 0) {
        return {};
    }
    const auto zeroed =
        memory.span(GuestAddress{segment.address.value() + segment.file_size.value()}, rest);
    if (!zeroed) {
        return fail(concat(file.label(), " does not fit: its segment for ",
                           hex(segment.address.value()), " is not in RAM"));
    }
    std::memset(zeroed->data(), 0, zeroed->size());
    return {};
}

}  // namespace

Result<BootSource> BootSource::open(BootOptions options) {
    BootFile kernel = SISKIN_TRY(BootFile::open("kernel", options.kernel_path));
    std::optional<BootFile> initrd;
    if (!options.initrd_path.empty()) {
        initrd = SISKIN_TRY(BootFile::open("initrd", options.initrd_path));
    }
    BootSource source(std::move(options), std::move(kernel), std::move(initrd));
    const KernelImage image = SISKIN_TRY(source.parse_kernel());
    SISKIN_TRY(source.check_command_line(image));
    return source;
}

Result<> BootSource::check_fits(const RamLayout& ram) const {
    const auto planned = plan(ram);
    if (!planned) {
        return fail(planned.error());
    }
    return {};
}

Result<BootEntry> BootSource::load(const GuestMemory& memory,
                                   const BootEnvironment& environment) const {
    const Plan planned = SISKIN_TRY(plan(environment.ram));
    const auto e820 = SISKIN_TRY(build_e820(environment.ram, environment.reserved));

    SISKIN_TRY(load_kernel(memory, planned.image));
    if (initrd_) {
        SISKIN_TRY(initrd_->read_to_guest(0, memory, planned.initrd, planned.initrd_size));
    }
    const std::span command_line(options_.append.c_str(), options_.append.size() + 1);
    SISKIN_TRY(memory.write(boot_layout::kCommandLine, std::as_bytes(command_line)));
    GuestAddress rsdp{0};
    if (environment.acpi != nullptr) {
        rsdp = environment.acpi->rsdp;
        SISKIN_TRY(memory.write(environment.acpi->base,
                                std::as_bytes(std::span(environment.acpi->bytes))));
    }

    const auto* bzimage = std::get_if<BzImage>(&planned.image);
    BootEntry entry =
        make_boot_entry(bzimage != nullptr ? EntryMode::Long64 : EntryMode::Protected32);
    if (bzimage != nullptr) {
        const BootParamsInput input{rsdp, boot_layout::kCommandLine, planned.initrd,
                                    planned.initrd_size};
        SISKIN_TRY(memory.write_object(boot_layout::kBootParams,
                                       build_boot_params(*bzimage, input, e820)));
        entry.rsi = boot_layout::kBootParams.value();
        entry.instruction = GuestAddress{bzimage->load_address.value() + BzImage::kEntry64Offset};
    } else {
        const PvhInput input{rsdp, boot_layout::kCommandLine, planned.initrd, planned.initrd_size};
        SISKIN_TRY(write_pvh_start_info(memory, input, e820));
        entry.rbx = boot_layout::kStartInfo.value();
        entry.instruction = std::get<ElfImage>(planned.image).pvh_entry;
    }
    SISKIN_TRY(write_entry_tables(memory, entry));
    return entry;
}

Result<KernelImage> BootSource::parse_kernel() const {
    const ByteCount size = SISKIN_TRY(kernel_.size());
    std::vector<std::byte> probe(std::min<std::uint64_t>(size.value(), BzImage::kProbeSize));
    SISKIN_TRY(kernel_.read(0, probe));
    const std::string refusal = concat(kernel_.label(), " is no kernel that can be booted");
    if (looks_like_bzimage(probe)) {
        return KernelImage(SISKIN_TRY_IN(refusal, parse_bzimage(probe, size)));
    }
    if (looks_like_elf(probe)) {
        ElfImage image = SISKIN_TRY_IN(refusal, parse_elf(kernel_));
        SISKIN_TRY_IN(refusal, check_low_memory(image));
        return KernelImage(std::move(image));
    }
    return fail(concat(kernel_.label(),
                       " is no kernel: allowed are an x86 bzImage with a 64-bit "
                       "entry point and an ELF file with a PVH note"));
}

Result<> BootSource::check_command_line(const KernelImage& image) const {
    const std::uint64_t length_max = footprint_of(image).command_line_max;
    if (options_.append.size() > length_max) {
        return fail(concat("the command line is ", options_.append.size(), " bytes long, the most ",
                           kernel_.label(), " takes is ", length_max));
    }
    return {};
}

Result<BootSource::Plan> BootSource::plan(const RamLayout& ram) const {
    Plan planned{SISKIN_TRY(parse_kernel()), GuestAddress{0}, ByteCount{0}};
    SISKIN_TRY(check_command_line(planned.image));
    const Footprint footprint = footprint_of(planned.image);
    if (footprint.end > ram.below_4g.value()) {
        return fail(concat(kernel_.label(), " needs RAM up to ", size_text(footprint.end),
                           ", the guest has ", size_text(ram.below_4g.value()), " below 4 GiB"));
    }
    SISKIN_TRY(place_initrd(planned, ram));
    return planned;
}

// As high as RAM below 4 GiB and the kernel's initrd_addr_max allow (boot.rst), behind the kernel.
Result<> BootSource::place_initrd(Plan& planned, const RamLayout& ram) const {
    if (!initrd_) {
        return {};
    }
    const Footprint footprint = footprint_of(planned.image);
    const std::uint64_t size = SISKIN_TRY(initrd_->size()).value();
    const std::uint64_t begin_min =
        align_up(std::max(footprint.end, boot_layout::kHighMemory.value()), kInitrdAlignment);
    const std::uint64_t end_max = std::min(ram.below_4g.value(), footprint.initrd_end_max);
    const std::uint64_t room = end_max > begin_min ? end_max - begin_min : 0;
    const std::uint64_t begin = align_down(end_max - std::min(size, end_max), kInitrdAlignment);
    if (size > room || begin < begin_min) {
        return fail(concat(initrd_->label(), " is ", size_text(size), " long, the kernel leaves ",
                           size_text(room), " of the guest's RAM for it"));
    }
    planned.initrd = GuestAddress{begin};
    planned.initrd_size = ByteCount{size};
    return {};
}

Result<> BootSource::load_kernel(const GuestMemory& memory, const KernelImage& image) const {
    if (const auto* bzimage = std::get_if<BzImage>(&image)) {
        return kernel_.read_to_guest(bzimage->code_offset.value(), memory, bzimage->load_address,
                                     bzimage->code_size);
    }
    for (const ElfSegment& segment : std::get<ElfImage>(image).segments) {
        SISKIN_TRY(load_segment(kernel_, memory, segment));
    }
    return {};
}

}  // namespace siskin
