// SPDX-License-Identifier: Apache-2.0
// FeatureNegotiation.
#include "virtio/features.h"

#include "virtio/spec.h"

namespace siskin {
namespace {

std::uint32_t window_of(FeatureSet set, std::uint32_t window) {
    return window <= 1 ? static_cast<std::uint32_t>(set.bits() >> (window * 32)) : 0;
}

}  // namespace

std::uint32_t FeatureNegotiation::read_offered(std::uint32_t window) const {
    return window_of(offered_, window);
}

std::uint32_t FeatureNegotiation::read_accepted(std::uint32_t window) const {
    return window_of(accepted_, window);
}

void FeatureNegotiation::write_accepted(std::uint32_t window, std::uint32_t bits) {
    if (frozen_ || window > 1) {
        return;
    }
    const unsigned shift = window * 32;
    const std::uint64_t kept = accepted_.bits() & ~(std::uint64_t{0xffffffff} << shift);
    accepted_ = FeatureSet(kept | (std::uint64_t{bits} << shift));
}

bool FeatureNegotiation::is_acceptable() const {
    const bool has_platform = accepted_.has(virtio_spec::kFeatureAccessPlatform) ||
                              !offered_.has(virtio_spec::kFeatureAccessPlatform);
    return offered_.contains(accepted_) && accepted_.has(virtio_spec::kFeatureVersion1) &&
           has_platform;
}

void FeatureNegotiation::reset() {
    accepted_ = FeatureSet();
    frozen_ = false;
}

}  // namespace siskin
