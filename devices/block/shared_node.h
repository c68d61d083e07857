// SPDX-License-Identifier: Apache-2.0
// SharedNode: a block node that knows who uses it: a device, and the nodes above it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "devices/block/block_node.h"

namespace siskin {

// What becomes of writes of nothing but zeroes.
enum class DetectZeroes {
    Off,    // they are writes
    On,     // they are write zeroes
    Unmap,  // they are, and the room is given back to the host
};

// One device at most, and any number of nodes above, as long as nobody does what another one does
// not allow. Left out: several devices on one node; two raw nodes over it do that.
// Thread: VM loop, under MachineLock.
class SharedNode : public BlockNode {
public:
    [[nodiscard]] Result<> claim(ImageUse use) final;
    void release() final;
    [[nodiscard]] bool is_claimed() const;

    // For a node above, whose name is for messages. Errors: as of claim().
    [[nodiscard]] Result<> claim_for(const BlockNode& parent, ImageUse use);
    void release_for(const BlockNode& parent);

    // Of engines that are made from now on.
    void set_detect_zeroes(DetectZeroes detect) { detect_zeroes_ = detect; }
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> create_engine(
        std::size_t operations_max) final;

protected:
    // As create_engine(), without regard to zeroes.
    [[nodiscard]] virtual Result<std::unique_ptr<BlockEngine>> make_engine(
        std::size_t operations_max) = 0;
    // What all users together do; nothing: there are none. After an error all is as before.
    [[nodiscard]] virtual Result<> change_use(std::optional<ImageUse> use) = 0;

private:
    struct User {
        const BlockNode* parent;  // null: the device
        ImageUse use;
    };

    [[nodiscard]] Result<> add(User user);
    void remove(const BlockNode* parent);
    [[nodiscard]] std::optional<ImageUse> whole_use() const;

    std::vector<User> users_;
    DetectZeroes detect_zeroes_ = DetectZeroes::Off;
};

}  // namespace siskin
