// SPDX-License-Identifier: Apache-2.0
// Loading option ROMs.
#include "pci/option_rom.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/fd.h"
#include "base/text.h"

namespace siskin {
namespace {

struct RomFile {
    Fd fd;
    std::string name;    // for messages
    std::uint64_t size;  // bytes, never 0
};

Result<RomFile> open_file(const std::string& path) {
    std::string name = concat("romfile \"", printable(path), '"');
    // Without O_NONBLOCK a FIFO without a writer would wait for one.
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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
    return RomFile{std::move(fd), std::move(name), size};
}

Result<std::vector<std::uint8_t>> read_file(const RomFile& file) {
    std::vector<std::uint8_t> bytes(file.size);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(file.fd.get(), bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return fail(concat("failed to read ", file.name));
        }
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

// The properties are good; of how many bytes the register is: 0 for no ROM.
Result<std::uint64_t> register_size(const PciProperties& properties,
                                    const std::optional<RomFile>& file) {
    const std::uint64_t wanted = properties.romsize.value_or(0);
    if (file && properties.romsize && file->size > wanted) {
        return fail(concat(file->name, " (", file->size, " bytes) is too large for ROM size ",
                           *properties.romsize));
    }
    if (wanted > OptionRom::kSizeMax) {
        return fail(
            concat("ROM size ", wanted, " is too large, the most is ", OptionRom::kSizeMax));
    }
    if (!file || properties.rombar == 0) {
        return 0;
    }
    return std::max({OptionRom::kSizeMin, wanted, std::bit_ceil(file->size)});
}

Result<std::optional<RomFile>> find_file(const PciProperties& properties) {
    if (properties.romsize && !is_power_of_two(*properties.romsize)) {
        return fail(concat("ROM size ", *properties.romsize, " is not a power of two"));
    }
    if (properties.romfile.empty()) {
        return std::optional<RomFile>();
    }
    return std::optional(SISKIN_TRY(open_file(properties.romfile)));
}

}  // namespace

Result<std::shared_ptr<OptionRom>> OptionRom::load(const PciProperties& properties) {
    const std::optional<RomFile> file = SISKIN_TRY(find_file(properties));
    const std::uint64_t size = SISKIN_TRY(register_size(properties, file));
    if (size == 0) {
        return std::shared_ptr<OptionRom>();
    }
    return std::shared_ptr<OptionRom>(new OptionRom(SISKIN_TRY(read_file(*file)), ByteCount{size}));
}

Result<std::shared_ptr<OptionRom>> OptionRom::measure(const PciProperties& properties) {
    const std::optional<RomFile> file = SISKIN_TRY(find_file(properties));
    const std::uint64_t size = SISKIN_TRY(register_size(properties, file));
    return std::shared_ptr<OptionRom>(size == 0 ? nullptr : new OptionRom({}, ByteCount{size}));
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
