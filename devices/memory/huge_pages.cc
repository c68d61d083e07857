// SPDX-License-Identifier: Apache-2.0
// Huge pages of the host.
#include "devices/memory/huge_pages.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/fd.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr std::string_view kFolderPrefix = "hugepages-";
constexpr std::string_view kFolderSuffix = "kB";

std::string folder_name(std::uint64_t page_size) {
    return concat(kFolderPrefix, page_size / kKiB, kFolderSuffix);
}

}  // namespace

// Linux: Documentation/admin-guide/mm/hugetlbpage.rst, /sys/kernel/mm/hugepages.
std::vector<std::uint64_t> HugePages::sizes() const {
    std::vector<std::uint64_t> sizes;
    std::error_code ignored;
    for (std::filesystem::directory_iterator at(folder_, ignored), end; !ignored && at != end;
         at.increment(ignored)) {
        const std::string name = at->path().filename();
        if (name.starts_with(kFolderPrefix) && name.ends_with(kFolderSuffix)) {
            const auto kib = parse_unsigned(std::string_view(name).substr(
                kFolderPrefix.size(), name.size() - kFolderPrefix.size() - kFolderSuffix.size()));
            sizes.push_back(kib.value_or(0) * kKiB);
        }
    }
    std::sort(sizes.begin(), sizes.end());
    return sizes;
}

Result<> HugePages::check_size(std::uint64_t page_size) const {
    const std::vector<std::uint64_t> known = sizes();
    if (std::find(known.begin(), known.end(), page_size) != known.end()) {
        return {};
    }
    std::vector<std::string> names;
    for (const std::uint64_t size : known) {
        names.push_back(concat(size / kKiB, "k"));
    }
    return fail(concat("hugetlbsize is ", page_size / kKiB, "k, this host has ",
                       names.empty() ? "no huge pages" : join(names, ", ")));
}

std::optional<std::uint64_t> HugePages::count(std::uint64_t page_size,
                                              const std::string& file) const {
    const auto fd = open_file(concat(folder_, '/', folder_name(page_size), '/', file), O_RDONLY);
    std::array<char, 32> text{};
    const ssize_t length = fd ? ::read(fd->get(), text.data(), text.size()) : -1;
    if (length <= 0) {
        return std::nullopt;
    }
    std::string_view number(text.data(), static_cast<std::size_t>(length));
    if (number.ends_with('\n')) {
        number.remove_suffix(1);
    }
    return parse_unsigned(number);
}

std::string HugePages::shortage(std::uint64_t page_size, ByteCount wanted) const {
    return concat("needs ", align_up(wanted.value(), page_size) / page_size, " huge pages of ",
                  page_size / kKiB, " KiB, the host has ",
                  count(page_size, "free_hugepages").value_or(0), " free of ",
                  count(page_size, "nr_hugepages").value_or(0), " (sysctl vm.nr_hugepages)");
}

}  // namespace siskin
