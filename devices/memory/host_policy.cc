// SPDX-License-Identifier: Apache-2.0
// NUMA nodes of the host.
#include "devices/memory/host_policy.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace siskin {

Result<> bind_to_nodes(std::byte* data, std::size_t size, HostMemPolicy policy,
                       const HostNodes& nodes) {
    if (policy == HostMemPolicy::Default) {
        return {};
    }
    constexpr unsigned kWordBits = 64;
    std::array<std::uint64_t, kHostNodesMax / kWordBits> mask{};
    for (const std::uint16_t node : nodes.numbers) {
        mask[node / kWordBits] |= std::uint64_t{1} << node % kWordBits;
    }
    static constexpr std::array kModes{MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE};
    // mbind(2): the kernel looks at one bit less than it is told.
    const long done = ::syscall(SYS_mbind, data, size, kModes[static_cast<std::size_t>(policy)],
                                mask.data(), std::uint64_t{kHostNodesMax} + 1,
                                static_cast<unsigned>(MPOL_MF_STRICT | MPOL_MF_MOVE));
    if (done != 0) {
        return fail_errno("cannot bind memory to host NUMA nodes", errno);
    }
    return {};
}

}  // namespace siskin
