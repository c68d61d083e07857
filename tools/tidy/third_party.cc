// SPDX-License-Identifier: Apache-2.0
// third_party: a header that is not ours enters the tree through one file.
#include <algorithm>
#include <array>
#include <string>

#include "tools/tidy/include_line.h"
#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

// A header, or all headers of a folder where it ends in '/', and the door it comes in by.
constexpr std::size_t kDoorsMax = 3;
struct Entrance {
    std::string_view header;
    std::array<std::string_view, kDoorsMax> doors;  // files, or folders ending in '/'
};

constexpr std::array kEntrances{
    Entrance{"linux/kvm.h", {"vmm/kvm/uapi.h"}},
    Entrance{"asm/kvm.h", {"vmm/kvm/uapi.h"}},
    Entrance{"boost/asio.hpp", {"base/loop/asio.h"}},
    Entrance{"boost/asio/", {"base/loop/asio.h"}},
    Entrance{"boost/lockfree/", {"base/loop/pointer_queue.cc"}},
    Entrance{"tl/expected.hpp", {"base/result.h"}},
    Entrance{"simdjson.h", {"qmp/parser.cc", "tools/qapi_gen/", "tests/"}},
    Entrance{"libfdt.h", {"firmware/fdt/fdt_builder.cc", "tests/"}},
    Entrance{"liburing.h", {"devices/block/uring_engine.cc", "tests/"}},
    Entrance{"libnbd.h", {"devices/block/nbd_connection.cc"}},
    Entrance{"slirp/", {"devices/netdev/user.cc"}},
    Entrance{"seccomp.h", {"vmm/machine/sandbox.cc"}},
    Entrance{"doctest/", {"tests/"}},
};

// What the kernel, the C library and the compiler offer to any file.
constexpr std::array<std::string_view, 9> kSystemFolders{
    "sys/", "linux/", "asm/", "net/", "netinet/", "arpa/", "netpacket/", "bits/", "scsi/"};
constexpr std::array<std::string_view, 32> kSystemHeaders{
    "cpuid.h",    "dirent.h", "dlfcn.h", "elf.h",      "endian.h",  "errno.h",     "fcntl.h",
    "fnmatch.h",  "getopt.h", "glob.h",  "grp.h",      "ifaddrs.h", "immintrin.h", "libgen.h",
    "limits.h",   "link.h",   "netdb.h", "poll.h",     "pthread.h", "pty.h",       "pwd.h",
    "sched.h",    "signal.h", "spawn.h", "stdlib.h",   "syslog.h",  "termios.h",   "time.h",
    "ucontext.h", "unistd.h", "wait.h",  "x86intrin.h"};

bool is_at(std::string_view place, std::string_view path) {
    return place.ends_with('/') ? path.starts_with(place) : path == place;
}

bool is_system_header(std::string_view header) {
    const auto below = [&](std::string_view folder) { return header.starts_with(folder); };
    return std::any_of(kSystemFolders.begin(), kSystemFolders.end(), below) ||
           std::find(kSystemHeaders.begin(), kSystemHeaders.end(), header) != kSystemHeaders.end();
}

void check_bracketed(const SourceFile& file, const IncludeLine& include, Findings& findings) {
    const auto* const entrance =
        std::find_if(kEntrances.begin(), kEntrances.end(),
                     [&](const Entrance& known) { return is_at(known.header, include.header); });
    if (entrance == kEntrances.end()) {
        if (!is_standard_header(include) && !is_system_header(include.header)) {
            findings.add(include.line, "<" + include.header +
                                           "> is not known; give it one entrance in "
                                           "tools/tidy/third_party.cc");
        }
        return;
    }
    const bool allowed = std::any_of(
        entrance->doors.begin(), entrance->doors.end(),
        [&](std::string_view door) { return !door.empty() && is_at(door, file.path()); });
    if (!allowed) {
        findings.add(include.line, "<" + include.header + "> enters through " +
                                       std::string(entrance->doors.front()) + " alone");
    }
}

// Boost.Asio is heavy, so its door is open to sources only.
void check_asio_door(const SourceFile& file, const IncludeLine& include, Findings& findings) {
    const std::string& path = file.path();
    const bool may =
        path.ends_with(".cc") && (path.starts_with("base/loop/") || path.starts_with("qmp/"));
    if (include.header == "base/loop/asio.h" && !may) {
        findings.add(include.line,
                     "\"base/loop/asio.h\" is for .cc files of base/loop and qmp alone");
    }
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    for (const IncludeLine& include : include_lines(file)) {
        if (include.quoted) {
            check_asio_door(file, include, findings);
        } else {
            check_bracketed(file, include, findings);
        }
    }
}

}  // namespace

Rule third_party_rule() {
    return Rule{"third_party",
                "A third-party header enters through one file, so that its cost in build time,\n"
                "its exceptions and its quirks stay there. The doors are listed in\n"
                "tools/tidy/third_party.cc; headers of the C library and the kernel are free,\n"
                "except <linux/kvm.h>, whose structures have other sizes in C++.",
                [](const SourceFile& file) { return file.language() == Language::Cxx; }, check};
}

}  // namespace siskin::tidy
