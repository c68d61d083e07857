// SPDX-License-Identifier: Apache-2.0
// FdSets: open files that came from outside, in numbered sets; the path /dev/fdset/N is one of
// set N.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// A set may hold several descriptors; a path gets a duplicate of the first one that was opened for
// the same access (reading, writing or both). So what was opened by a path stays open when its set
// goes. Thread: VM loop's, or before it runs.
class FdSets {
public:
    using Number = std::int64_t;
    struct Member {
        Fd fd;
        std::optional<std::string> opaque;
    };
    struct Place {
        Number set;
        int fd;
    };

    FdSets() = default;
    ~FdSets();
    FdSets(const FdSets&) = delete;
    FdSets& operator=(const FdSets&) = delete;

    // Into the set of that number, which is made if there is none; without a number into a new set
    // with the lowest free one. Error: the number is negative.
    [[nodiscard]] Result<Place> add(std::optional<Number> set, Fd fd,
                                    std::optional<std::string> opaque);
    // Closes one descriptor of a set, or all; an empty set is gone. Error: there is none such.
    [[nodiscard]] Result<> remove(Number set, std::optional<std::int64_t> fd);
    [[nodiscard]] const std::map<Number, std::vector<Member>>& all() const { return sets_; }
    // Descriptors in all sets.
    [[nodiscard]] std::size_t size() const;

    // From now on open_user_file() looks here; one object of the process at a time.
    void serve_paths();

    // A duplicate for `path`, which begins with kFdSetPrefix, with the flags of `flags` that belong
    // to an open file set. Error as errno has it: EINVAL, no number; ENOENT, no such set; EACCES,
    // no descriptor of that access.
    [[nodiscard]] Fd open(std::string_view path, int flags, int& error_number) const;

private:
    std::map<Number, std::vector<Member>> sets_;
};

inline constexpr std::string_view kFdSetPrefix = "/dev/fdset/";

// Opens a file that a user named: by path, or one of a set by /dev/fdset/N. An invalid Fd and errno
// on failure, as open(2) has it. Close-on-exec.
[[nodiscard]] Fd open_user_file(const std::string& path, int flags, unsigned mode = 0);

}  // namespace siskin
