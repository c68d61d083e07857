// SPDX-License-Identifier: Apache-2.0
// What is checked of a block node's options before anything is opened, and what is inherited.
#include "vmm/machine/block_options.h"

#include <utility>

#include "base/text.h"

namespace siskin {
namespace {

// Nodes inside nodes; more than any use has.
constexpr unsigned kDepthMax = 16;

Result<> check_node_options(const qmp::BlockdevOptions& options) {
    if (options.detect_zeroes == qmp::BlockdevDetectZeroesOptions::Unmap &&
        options.discard != qmp::BlockdevDiscardOptions::Unmap) {
        return fail(
            "setting detect-zeroes to unmap is not allowed without setting discard operation to "
            "unmap");
    }
    return {};
}

template <typename T>
void inherit(std::optional<T>& inner, const std::optional<T>& outer) {
    if (!inner) {
        inner = outer;
    }
}

void inherit_all(qmp::BlockdevOptions& inner, const qmp::BlockdevOptions& outer) {
    inherit(inner.read_only, outer.read_only);
    inherit(inner.auto_read_only, outer.auto_read_only);
    inherit(inner.discard, outer.discard);
    if (outer.cache) {
        qmp::BlockdevCacheOptions cache = inner.cache.value_or(qmp::BlockdevCacheOptions{});
        inherit(cache.direct, outer.cache->direct);
        inherit(cache.no_flush, outer.cache->no_flush);
        inner.cache = cache;
    }
}

// Of options that may be changed, or may not.
template <typename Options>
auto file_box_of(Options& options) -> decltype(&options.as_raw->file) {
    if (options.as_raw) {
        return &options.as_raw->file;
    }
    return options.as_throttle ? &options.as_throttle->file : nullptr;
}

Result<> complete(qmp::BlockdevOptions& options, unsigned depth) {
    if (depth > kDepthMax) {
        return fail(concat("nodes are nested ", depth, " deep, the most is ", kDepthMax));
    }
    SISKIN_TRY(check_node_options(options));
    auto* const file = file_box_of(options);
    if (file != nullptr && *file && (*file)->as_definition) {
        qmp::BlockdevOptions& inner = *(*file)->as_definition;
        inherit_all(inner, options);
        SISKIN_TRY(complete(inner, depth + 1));
    }
    return {};
}

}  // namespace

const qmp::BlockdevRef* file_of(const qmp::BlockdevOptions& options) {
    const auto* const file = file_box_of(options);
    return file != nullptr && *file ? &**file : nullptr;
}

Result<qmp::BlockdevOptions> read_node_options(const Value::Dict& members, OptionForm form) {
    qmp::BlockdevOptions options;
    const qmp::Path whole = form == OptionForm::KeyValues ? qmp::Path::of_text() : qmp::Path();
    Value given(members);
    SISKIN_TRY(qmp::decode(given, whole, options));
    return complete_node_options(std::move(options));
}

Result<qmp::BlockdevOptions> complete_node_options(qmp::BlockdevOptions options) {
    SISKIN_TRY(complete(options, 1));
    return options;
}

}  // namespace siskin
