// SPDX-License-Identifier: Apache-2.0
// Sets of descriptors, and paths that name them.
#include "base/fd_sets.h"

#include <cerrno>
#include <cstdint>
#include <utility>

#include <fcntl.h>

#include "base/text.h"

namespace siskin {
namespace {

// What open_user_file() looks in. Descriptors are the process's own, and so is this.
const FdSets* sets_behind_paths = nullptr;

// The flags that fcntl(2) can still set on an open file.
constexpr int kStatusFlags = O_APPEND | O_DIRECT | O_NONBLOCK;

tl::unexpected<Error> no_such(std::string_view what) {
    return fail(concat("File descriptor named '", what, "' not found"));
}

}  // namespace

FdSets::~FdSets() {
    if (sets_behind_paths == this) {
        sets_behind_paths = nullptr;
    }
}

void FdSets::serve_paths() {
    sets_behind_paths = this;
}

Result<FdSets::Place> FdSets::add(std::optional<Number> set, Fd fd,
                                  std::optional<std::string> opaque) {
    if (set && *set < 0) {
        return fail("Parameter 'fdset-id' expects a non-negative value");
    }
    Number lowest_free = 0;
    while (sets_.contains(lowest_free)) {
        ++lowest_free;
    }
    const Place place{set.value_or(lowest_free), fd.get()};
    sets_[place.set].push_back(Member{std::move(fd), std::move(opaque)});
    return place;
}

Result<> FdSets::remove(Number set, std::optional<std::int64_t> fd) {
    const auto found = sets_.find(set);
    if (found == sets_.end()) {
        return no_such(concat("fdset-id:", set));
    }
    std::vector<Member>& members = found->second;
    if (fd) {
        const std::size_t removed =
            std::erase_if(members, [&](const Member& member) { return member.fd.get() == *fd; });
        if (removed == 0) {
            return no_such(concat("fdset-id:", set, ", fd:", *fd));
        }
    }
    if (!fd || members.empty()) {
        sets_.erase(found);
    }
    return {};
}

std::size_t FdSets::size() const {
    std::size_t count = 0;
    for (const auto& entry : sets_) {
        count += entry.second.size();
    }
    return count;
}

Fd FdSets::open(std::string_view path, int flags, int& error_number) const {
    const auto number = parse_unsigned(path.substr(kFdSetPrefix.size()));
    if (!number || *number > INT64_MAX) {
        error_number = EINVAL;
        return {};
    }
    const auto set = sets_.find(static_cast<Number>(*number));
    if (set == sets_.end()) {
        error_number = ENOENT;
        return {};
    }
    error_number = EACCES;
    for (const Member& member : set->second) {
        const int status = ::fcntl(member.fd.get(), F_GETFL);
        if (status < 0 || (status & O_ACCMODE) != (flags & O_ACCMODE)) {
            continue;
        }
        Fd copy(::fcntl(member.fd.get(), F_DUPFD_CLOEXEC, 0));
        const int wanted = status | (flags & kStatusFlags);
        if (!copy.valid() || (wanted != status && ::fcntl(copy.get(), F_SETFL, wanted) != 0)) {
            error_number = errno;
            return {};
        }
        return copy;
    }
    return {};
}

Fd open_user_file(const std::string& path, int flags, unsigned mode) {
    if (!path.starts_with(kFdSetPrefix)) {
        int number = -1;
        do {
            number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
        } while (number < 0 && errno == EINTR);
        return Fd(number);
    }
    int error_number = ENOENT;
    Fd file =
        sets_behind_paths != nullptr ? sets_behind_paths->open(path, flags, error_number) : Fd();
    if (!file.valid()) {
        errno = error_number;
    }
    return file;
}

}  // namespace siskin
