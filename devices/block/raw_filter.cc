// SPDX-License-Identifier: Apache-2.0
// RawFilter and its engine.
#include "devices/block/raw_filter.h"

#include "base/bits.h"
#include "base/text.h"
#include "devices/block/engine_filter.h"

namespace siskin {
namespace {

constexpr std::uint64_t kSectorSize = 512;

// Moves and trims requests, then they are the lower engine's.
class FilterEngine final : public EngineFilter {
public:
    FilterEngine(std::unique_ptr<BlockEngine> child, std::uint64_t offset, bool unmap)
        : EngineFilter(std::move(child)), offset_(offset), unmap_(unmap) {}

    void submit(BlockOperation& operation) override {
        operation.shift(offset_);
        if (!unmap_) {
            operation.forbid_unmap();
        }
        inner().submit(operation);
    }

private:
    std::uint64_t offset_;
    bool unmap_;
};

}  // namespace

Result<std::unique_ptr<RawFilter>> RawFilter::create(RawFilterOptions options, SharedNode& child) {
    const std::uint64_t whole = child.capacity().value();
    if (options.offset > whole) {
        return fail(concat("Offset (", options.offset,
                           ") cannot be greater than size of the containing file (", whole, ")"));
    }
    const std::uint64_t left = whole - options.offset;
    const std::uint64_t size = options.size.value_or(align_down(left, kSectorSize));
    if (size > left) {
        return fail(concat("The sum of offset (", options.offset, ") and size (", size,
                           ") has to be smaller or equal to the actual size of the containing "
                           "file (",
                           whole, ")"));
    }
    if (size % kSectorSize != 0) {
        return fail("Specified size is not multiple of 512");
    }
    if (size == 0) {
        return fail(
            concat("nothing is left of '", child.name(), "' behind offset ", options.offset));
    }
    const std::uint32_t unit = child.limits().request_alignment;
    if (options.offset % unit != 0) {
        return fail(concat("offset is ", options.offset, ", allowed is a multiple of ", unit,
                           ", the unit of node '", child.name(), "'"));
    }
    return std::unique_ptr<RawFilter>(new RawFilter(std::move(options), child));
}

ByteCount RawFilter::capacity() const {
    const std::uint64_t left = child_.capacity().value() - options_.offset;
    return ByteCount{options_.size.value_or(align_down(left, kSectorSize))};
}

BlockNodeLimits RawFilter::limits() const {
    BlockNodeLimits limits = child_.limits();
    limits.unmap = limits.unmap && options_.unmap;
    return limits;
}

// Behind an offset the lower node ends inside a sector of ours where its size is no sum of sectors.
Result<> RawFilter::resize(ByteCount size) {
    if (options_.read_only) {
        return fail(concat("block node '", options_.node_name, "' is read-only"));
    }
    if (options_.size) {
        return fail(concat("block node '", options_.node_name, "' has a fixed size of ",
                           *options_.size, " bytes"));
    }
    const std::uint64_t whole =
        options_.offset == 0 ? size.value() : options_.offset + align_up(size.value(), kSectorSize);
    return child_.resize(ByteCount{whole});
}

Result<> RawFilter::change_use(std::optional<ImageUse> use) {
    if (!use) {
        child_.release_for(*this);
        return {};
    }
    return child_.claim_for(*this, *use);
}

Result<std::unique_ptr<BlockEngine>> RawFilter::make_engine(std::size_t operations_max) {
    auto engine = SISKIN_TRY(child_.create_engine(operations_max));
    const bool drops_discards = child_.limits().unmap && !options_.unmap;
    if (options_.offset == 0 && !drops_discards) {
        return engine;
    }
    return std::unique_ptr<BlockEngine>(
        std::make_unique<FilterEngine>(std::move(engine), options_.offset, options_.unmap));
}

}  // namespace siskin
