// SPDX-License-Identifier: Apache-2.0
// ScsiMedium.
#include "devices/scsi/scsi_medium.h"

#include <utility>

namespace siskin {

Result<std::unique_ptr<ScsiMedium>> ScsiMedium::create(BlockNode& node,
                                                       const ScsiUnitOptions& options,
                                                       std::size_t tasks_max) {
    const bool writes = !options.is_cd && !node.read_only();
    SISKIN_TRY(node.claim(ImageUse{writes, options.share_write}));
    std::unique_ptr<ScsiMedium> medium(new ScsiMedium(node));
    auto engine = SISKIN_TRY(node.create_engine(tasks_max));
    medium->engine_ = SISKIN_TRY(ThrottledEngine::create(std::move(engine)));
    return medium;
}

}  // namespace siskin
