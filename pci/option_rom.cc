// SPDX-License-Identifier: Apache-2.0
// Loading option ROMs.
#include "pci/option_rom.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/fd.h"
#include "base/text.h"

namespace siskin {
namespace {

Result<std::vector<std::uint8_t>> read_file(const std::string& path) {
    const std::string name = concat("romfile \"", printable(path), '"');
    // Without O_NONBLOCK a FIFO without a writer would wait for one.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return fail(concat("failed to find ", name));
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size == 0) {
        return fail(concat(name, " is empty"));
    }
    if (size > OptionRom::kSizeMax) {
        return fail(
            concat(name, " (", size, " bytes) is too large, the most is ", OptionRom::kSizeMax));
    }
    std::vector<std::uint8_t> bytes(size);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return fail(concat("failed to read ", name));
        }
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

}  // namespace

Result<std::shared_ptr<OptionRom>> OptionRom::load(const PciProperties& properties) {
    if (properties.romsize && !is_power_of_two(*properties.romsize)) {
        return fail(concat("ROM size ", *properties.romsize, " is not a power of two"));
    }
    std::vector<std::uint8_t> bytes;
    if (!properties.romfile.empty()) {
        bytes = SISKIN_TRY(read_file(properties.romfile));
    }
    if (properties.romsize && bytes.size() > *properties.romsize) {
        return fail(concat("romfile \"", printable(properties.romfile), "\" (", bytes.size(),
                           " bytes) is too large for ROM size ", *properties.romsize));
    }
    const std::uint64_t wanted = properties.romsize.value_or(0);
    if (wanted > kSizeMax) {
        return fail(concat("ROM size ", wanted, " is too large, the most is ", kSizeMax));
    }
    if (bytes.empty() || properties.rombar == 0) {
        return std::shared_ptr<OptionRom>();
    }
    const std::uint64_t size = std::max({kSizeMin, wanted, std::bit_ceil(bytes.size())});
    return std::shared_ptr<OptionRom>(new OptionRom(std::move(bytes), ByteCount{size}));
}

std::uint64_t OptionRom::read(IoAccess access) {
    std::uint64_t value = 0;
    for (unsigned index = 0; index < access.width; ++index) {
        const std::uint64_t at = access.offset + index;
        value |= std::uint64_t{at < bytes_.size() ? bytes_[at] : std::uint8_t{0}} << (index * 8);
    }
    return value;
}

}  // namespace siskin
