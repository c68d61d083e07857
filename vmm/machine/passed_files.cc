// SPDX-License-Identifier: Apache-2.0
// Taking what was passed.
#include "vmm/machine/passed_files.h"

#include <cerrno>
#include <set>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

// The error messages are QEMU's.
Result<int> take_one(const OptionUse& use, FdSets& sets) {
    AddFdOptions options;
    SISKIN_TRY(apply_options(option_keys("add-fd"), &options, use.members));
    if (!options.fd) {
        return fail("fd option is required and must be non-negative");
    }
    const int number = static_cast<int>(*options.fd);
    if (number <= STDERR_FILENO) {
        return fail("fd cannot be a standard I/O stream");
    }
    const int flags = ::fcntl(number, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) {
        return fail("fd is not valid or already in use");
    }
    if (!options.set) {
        return fail("set option is required and must be non-negative");
    }
    Fd copy(::fcntl(number, F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) {
        return fail_errno("error duplicating fd", errno);
    }
    [[maybe_unused]] const FdSets::Place place =
        SISKIN_TRY(sets.add(*options.set, std::move(copy), std::move(options.opaque)));
    return number;
}

}  // namespace

Result<> take_passed_files(const MachineConfig& config, FdSets& sets) {
    std::set<int> taken;  // one may go to several sets
    for (const OptionUse& use : config.passed_files) {
        taken.insert(SISKIN_TRY_IN(use.text, take_one(use, sets)));
    }
    for (const int number : taken) {
        Fd(number).reset();
    }
    return {};
}

}  // namespace siskin
