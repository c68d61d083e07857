// SPDX-License-Identifier: Apache-2.0
// BootSource: `-kernel`, `-initrd` and `-append`, checked at start-up, loaded at every reset.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "firmware/acpi/acpi_tables.h"
#include "firmware/linux/boot_entry.h"
#include "firmware/linux/boot_file.h"
#include "firmware/linux/bzimage.h"
#include "firmware/linux/e820.h"
#include "firmware/linux/elf_image.h"

namespace siskin {

struct BootOptions {
    std::string kernel_path;
    std::string initrd_path;  // empty: none
    std::string append;       // the kernel's command line
};

// What the machine tells the loader.
struct BootEnvironment {
    RamLayout ram;
    std::vector<E820Entry> reserved;  // beside the legacy ranges: the ECAM, KVM's own pages, ...
    const acpi::AcpiTables* acpi = nullptr;  // written as they are; null: none
};

// A kernel of either kind.
using KernelImage = std::variant<BzImage, ElfImage>;

// Owns the open files. VM thread.
class BootSource {
public:
    // All that can be checked without RAM: the files are there and not empty, the kernel is one,
    // the command line is not longer than it takes.
    [[nodiscard]] static Result<BootSource> open(BootOptions options);

    // Would it fit? For start-up, before any guest memory exists; load() checks again.
    [[nodiscard]] Result<> check_fits(const RamLayout& ram) const;

    // Reads both files again and writes kernel, initrd, command line, boot structures and ACPI
    // tables. Errors: a file changed into none or shrank, or something does not fit; guest memory
    // is half-written then and the guest must not run. `memory` holds environment.ram.
    [[nodiscard]] Result<BootEntry> load(const GuestMemory& memory,
                                         const BootEnvironment& environment) const;

private:
    // Where everything goes; computed before anything is written.
    struct Plan {
        KernelImage image;
        GuestAddress initrd;
        ByteCount initrd_size;  // zero: none
    };

    BootSource(BootOptions options, BootFile kernel, std::optional<BootFile> initrd)
        : options_(std::move(options)), kernel_(std::move(kernel)), initrd_(std::move(initrd)) {}
    [[nodiscard]] Result<KernelImage> parse_kernel() const;
    [[nodiscard]] Result<> check_command_line(const KernelImage& image) const;
    [[nodiscard]] Result<Plan> plan(const RamLayout& ram) const;
    [[nodiscard]] Result<> place_initrd(Plan& plan, const RamLayout& ram) const;
    [[nodiscard]] Result<> load_kernel(const GuestMemory& memory, const KernelImage& image) const;

    BootOptions options_;
    BootFile kernel_;
    std::optional<BootFile> initrd_;
};

}  // namespace siskin
