// SPDX-License-Identifier: Apache-2.0
// Keeping, naming and closing descriptors.
#include "qmp/descriptors.h"

#include <algorithm>

#include "base/text.h"

namespace siskin::qmp {
namespace {

// The error messages are QEMU's.
tl::unexpected<Error> no_such(std::string_view what, std::string_view state) {
    return fail(concat("File descriptor named '", what, "' ", state));
}

}  // namespace

void Descriptors::begin_command(MonitorIndex monitor, Fd passed) {
    monitor_ = monitor;
    passed_ = std::move(passed);
}

Result<Fd> Descriptors::take(std::string_view name) {
    const auto found = named_.find(Name(monitor_, name));
    if (found == named_.end()) {
        return no_such(name, "has not been found");
    }
    Fd fd = std::move(found->second);
    named_.erase(found);
    return fd;
}

Result<> Descriptors::getfd(const GetfdArguments& arguments) {
    Fd fd = SISKIN_TRY(take_passed());
    const std::string& name = arguments.fdname;
    // A digit begins the number of a descriptor wherever a name may stand, too.
    if (!name.empty() && name.front() >= '0' && name.front() <= '9') {
        return fail("Parameter 'fdname' expects a name not starting with a digit");
    }
    const auto old = named_.find(Name(monitor_, name));
    if (old != named_.end()) {
        old->second = std::move(fd);
        return {};
    }
    SISKIN_TRY(check_room());
    named_.emplace(Name(monitor_, name), std::move(fd));
    return {};
}

Result<> Descriptors::closefd(const ClosefdArguments& arguments) {
    if (named_.erase(Name(monitor_, arguments.fdname)) == 0) {
        return no_such(arguments.fdname, "not found");
    }
    return {};
}

Result<AddfdInfo> Descriptors::add_fd(const AddFdArguments& arguments) {
    Fd fd = SISKIN_TRY(take_passed());
    SISKIN_TRY(check_room());
    const FdSets::Place place =
        SISKIN_TRY(sets_.add(arguments.fdset_id, std::move(fd), arguments.opaque));
    return AddfdInfo{place.set, place.fd};
}

Result<> Descriptors::remove_fd(const RemoveFdArguments& arguments) {
    return sets_.remove(arguments.fdset_id, arguments.fd);
}

Result<std::vector<FdsetInfo>> Descriptors::query_fdsets() {
    std::vector<FdsetInfo> infos;
    for (const auto& [number, members] : sets_.all()) {
        FdsetInfo info{number, {}};
        for (const FdSets::Member& member : members) {
            info.fds.push_back(FdsetFdInfo{member.fd.get(), member.opaque});
        }
        infos.push_back(std::move(info));
    }
    std::reverse(infos.begin(), infos.end());
    return infos;
}

Result<Fd> Descriptors::take_passed() {
    if (!passed_.valid()) {
        return fail("No file descriptor supplied via SCM_RIGHTS");
    }
    return std::move(passed_);
}

Result<> Descriptors::check_room() const {
    if (named_.size() + sets_.size() >= kDescriptorsMax) {
        return fail(concat(kDescriptorsMax, " file descriptors are kept, which is the most"));
    }
    return {};
}

}  // namespace siskin::qmp
