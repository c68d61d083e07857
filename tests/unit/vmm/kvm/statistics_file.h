// SPDX-License-Identifier: Apache-2.0
// A descriptor with statistics as KVM lays them out, for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/result.h"
#include "vmm/kvm/uapi.h"

namespace siskin::test {

struct StatisticRow {
    std::string name;
    std::uint32_t flags = 0;
    std::int16_t exponent = 0;
    std::vector<std::uint64_t> values;
    std::uint32_t bucket_size = 0;
};

// Header, the VM's name, descriptions, values. Each part can be changed before file() is called.
struct StatisticsFile {
    static constexpr std::uint32_t kNameSize = 48;
    static constexpr std::uint32_t kStride = sizeof(kvm_stats_desc) + kNameSize;

    explicit StatisticsFile(const std::vector<StatisticRow>& rows) {
        header.name_size = kNameSize;
        header.num_desc = static_cast<std::uint32_t>(rows.size());
        header.id_offset = sizeof(header);
        header.desc_offset = header.id_offset + kNameSize;
        header.data_offset = header.desc_offset + header.num_desc * kStride;
        for (const StatisticRow& row : rows) {
            kvm_stats_desc description{};
            description.flags = row.flags;
            description.exponent = row.exponent;
            description.size = static_cast<std::uint16_t>(row.values.size());
            description.offset = static_cast<std::uint32_t>(values.size() * 8);
            description.bucket_size = row.bucket_size;
            descriptions.push_back(description);
            names.push_back(row.name);
            values.insert(values.end(), row.values.begin(), row.values.end());
        }
    }

    [[nodiscard]] Fd file() const {
        std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
        bytes.resize(header.desc_offset, '\0');
        for (std::size_t index = 0; index < names.size(); ++index) {
            bytes.append(reinterpret_cast<const char*>(&descriptions[index]),
                         sizeof(kvm_stats_desc));
            std::string name = names[index];
            name.resize(kNameSize, '\0');
            bytes += name;
        }
        bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * 8);
        Fd fd(::memfd_create("statistics", MFD_CLOEXEC));
        SISKIN_ASSERT(::write(fd.get(), bytes.data(), bytes.size()) ==
                      static_cast<ssize_t>(bytes.size()));
        return fd;
    }

    kvm_stats_header header{};
    std::vector<kvm_stats_desc> descriptions;
    std::vector<std::string> names;
    std::vector<std::uint64_t> values;
};

}  // namespace siskin::test
