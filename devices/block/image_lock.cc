// SPDX-License-Identifier: Apache-2.0
// Image locks by byte ranges.
#include "devices/block/image_lock.h"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>

#include "base/text.h"

namespace siskin {
namespace {

// Facts of QEMU's scheme: who uses a permission holds a shared lock on byte 100 + its number; who
// does not let others use it holds one on byte 200 + its number. A test for an exclusive lock on
// the opposite byte tells whether somebody objects.
constexpr off_t kUsedBase = 100;
constexpr off_t kRefusedBase = 200;

struct Permission {
    off_t number;
    std::string_view name;
};
constexpr Permission kConsistentRead{0, "consistent read"};
constexpr Permission kWrite{1, "write"};

struct flock range_of(short type, off_t start) {
    struct flock range {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = start;
    range.l_len = 1;
    return range;
}

// 0, or an errno value.
int hold(const Fd& file, off_t byte) {
    struct flock range = range_of(F_RDLCK, byte);
    return ::fcntl(file.get(), F_OFD_SETLK, &range) == 0 ? 0 : errno;
}

bool is_held_by_others(const Fd& file, off_t byte) {
    struct flock range = range_of(F_WRLCK, byte);
    return ::fcntl(file.get(), F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

std::string busy(std::string_view kind, const Permission& permission, const std::string& path) {
    return concat("Failed to get ", kind, '"', permission.name, "\" lock on '", path,
                  "': is another process using the image?");
}

void let_go(const Fd& file, off_t byte) {
    struct flock range = range_of(F_UNLCK, byte);
    ::fcntl(file.get(), F_OFD_SETLK, &range);
}

Result<> try_lock(const Fd& file, const std::string& path, ImageUse use, LockNeed need) {
    struct Claim {
        const Permission* permission;
        bool used;
        bool refused;
    };
    const std::array<Claim, 2> claims{
        Claim{&kConsistentRead, true, false},
        Claim{&kWrite, use.writes, !use.others_may_write},
    };
    for (const Claim& claim : claims) {
        for (const off_t base : {kUsedBase, kRefusedBase}) {
            if (base == kUsedBase ? !claim.used : !claim.refused) {
                let_go(file, base + claim.permission->number);
                continue;
            }
            const int error = hold(file, base + claim.permission->number);
            if (error == EINVAL || error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS) {
                return need == LockNeed::IfPossible
                           ? Result<>()
                           : Result<>(fail_errno(concat("could not lock '", path, "'"), error));
            }
            if (error != 0) {
                return fail(busy("", *claim.permission, path));
            }
        }
    }
    for (const Claim& claim : claims) {
        if (claim.used && is_held_by_others(file, kRefusedBase + claim.permission->number)) {
            return fail(busy("", *claim.permission, path));
        }
        if (claim.refused && is_held_by_others(file, kUsedBase + claim.permission->number)) {
            return fail(busy("shared ", *claim.permission, path));
        }
    }
    return {};
}

}  // namespace

Result<> lock_image(const Fd& file, const std::string& path, ImageUse use, LockNeed need) {
    auto locked = try_lock(file, path, use, need);
    if (!locked) {
        unlock_image(file);
    }
    return locked;
}

void unlock_image(const Fd& file) {
    for (const off_t base : {kUsedBase, kRefusedBase}) {
        for (const Permission& permission : {kConsistentRead, kWrite}) {
            let_go(file, base + permission.number);
        }
    }
}

}  // namespace siskin
