// SPDX-License-Identifier: Apache-2.0
// Fuzzes the setup header of bzImages: whatever the bytes, an Error or an image inside its limits.
#include "firmware/linux/bzimage.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "firmware/linux/boot_params.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using siskin::ByteCount;
    using siskin::BzImage;
    const auto file = std::as_bytes(std::span(data, size));
    const auto image =
        siskin::parse_bzimage(file.first(std::min(size, BzImage::kProbeSize)), ByteCount{size});
    if (image) {
        SISKIN_ASSERT(image->code_offset.value() + image->code_size.value() == size);
        SISKIN_ASSERT(image->header.size() <= BzImage::kHeaderEndMax - BzImage::kHeaderOffset);
        SISKIN_ASSERT(image->load_address.value() >= siskin::kMiB);
        static_cast<void>(siskin::build_boot_params(*image, {}, {}));
    }
    return 0;
}
