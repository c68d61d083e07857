// SPDX-License-Identifier: Apache-2.0
// RingMemory: memory of our own that a back end shares, with the shadow rings in it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "base/mapping.h"
#include "base/result.h"
#include "virtio/vhost_user/shadow_ring.h"

namespace siskin {

// One for each connection: a back end that is gone, or was given up, cannot reach the rings of its
// successor. Its size is sealed, so nobody can take pages away from under us. Thread: its owner's.
class RingMemory {
public:
    // Error: the host has no descriptor or memory for it.
    [[nodiscard]] static Result<RingMemory> create(std::uint16_t ring_count, std::uint16_t entries);

    [[nodiscard]] const Fd& file() const { return file_; }
    [[nodiscard]] const Mapping& mapping() const { return mapping_; }
    [[nodiscard]] std::vector<ShadowRing>& rings() { return rings_; }

private:
    RingMemory(Fd file, Mapping mapping) : file_(std::move(file)), mapping_(std::move(mapping)) {}

    Fd file_;
    Mapping mapping_;
    std::vector<ShadowRing> rings_;
};

}  // namespace siskin
