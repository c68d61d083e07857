// SPDX-License-Identifier: Apache-2.0
// Fuzzes kernel files of either kind through BootSource: opened, changed, loaded into 4 MiB of RAM.
#include "firmware/linux/boot_source.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "base/mapping.h"

namespace siskin {
namespace {

constexpr std::size_t kRamSize = 4 * kMiB;

std::shared_ptr<const GuestMemory> make_ram() {
    auto mapping = Mapping::anonymous(kRamSize);
    SISKIN_ASSERT(mapping.has_value());
    auto memory = GuestMemory::create(
        {GuestRegion{GuestAddress{0}, std::make_shared<const Mapping>(*std::move(mapping))}});
    SISKIN_ASSERT(memory.has_value());
    return *std::move(memory);
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto memory = siskin::make_ram();
    const siskin::Fd file(::memfd_create("kernel", MFD_CLOEXEC));
    SISKIN_ASSERT(file.valid());
    SISKIN_ASSERT(::pwrite(file.get(), data, size, 0) == static_cast<ssize_t>(size));
    const auto source = siskin::BootSource::open(
        {"/proc/self/fd/" + std::to_string(file.get()), "", "console=ttyS0"});
    if (!source) {
        return 0;
    }
    siskin::BootEnvironment environment;
    environment.ram.below_4g = siskin::ByteCount{siskin::kRamSize};
    static_cast<void>(source->load(*memory, environment));
    SISKIN_ASSERT(::ftruncate(file.get(), static_cast<off_t>(size / 2)) == 0);
    static_cast<void>(source->load(*memory, environment));
    return 0;
}
