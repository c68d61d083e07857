// SPDX-License-Identifier: Apache-2.0
// qmp_transcript: plays transcripts to the in-process server, to siskin or to QEMU.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "tests/qmp/served_machine.h"
#include "tests/qmp/transcript.h"

namespace siskin::qmp_test {
namespace {

constexpr const char* kUsage =
    "usage: qmp_transcript in-process TRANSCRIPT...\n"
    "       qmp_transcript siskin|qemu BINARY [kernel=FILE] TRANSCRIPT...\n"
    "           one process a transcript; with a kernel, where the machine is to run\n";
constexpr std::string_view kKernelPrefix = "kernel=";

// Who is played to.
struct Target {
    std::string kind;    // in-process, siskin or qemu
    std::string binary;  // of the last two
    std::string kernel;  // or empty
};

// A VMM that listens at a path, and is gone with this object.
class Process {
public:
    Process(const std::string& binary, const std::string& socket_path,
            const std::vector<std::string>& more) {
        std::vector<std::string> words{
            binary,        "-machine", "q35",
            "-nodefaults", "-display", "none",
            "-S",          "-qmp",     concat("unix:", socket_path, ",server=on,wait=off")};
        words.insert(words.end(), more.begin(), more.end());
        std::vector<char*> arguments;
        for (std::string& word : words) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        child_ = ::fork();
        if (child_ == 0) {
            ::execvp(arguments[0], arguments.data());
            ::_exit(127);
        }
    }
    ~Process() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

private:
    pid_t child_ = -1;
};

// The words behind "# args:" of a transcript that wants more than an empty board, and the kernel.
std::vector<std::string> arguments_of(const std::string& path, const std::string& folder,
                                      const std::string& kernel) {
    static constexpr std::string_view kPrefix = "# args:";
    std::vector<std::string> words;
    if (!kernel.empty()) {
        words = {"-kernel", kernel};
    }
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(kPrefix)) {
            std::istringstream rest(line.substr(kPrefix.size()));
            for (std::string word; rest >> word;) {
                words.push_back(with_folder(word, folder));
            }
        }
    }
    return words;
}

bool has_kvm() {
    return Fd(::open("/dev/kvm", O_RDWR | O_CLOEXEC)).valid();
}

Result<std::size_t> play_file(const std::string& path, const Target& target) {
    const auto lines = SISKIN_TRY(read_transcript(path));
    if (target.kind == "in-process") {
        ServedMachine machine;
        machine.start();
        return play(lines, machine.path(), true);
    }
    const std::string folder = new_folder();
    const auto compared = [&] {
        const Process process(target.binary, folder + "/qmp",
                              arguments_of(path, folder, target.kernel));
        return play(lines, folder + "/qmp", target.kind == "siskin");
    }();
    std::filesystem::remove_all(folder);
    return compared;
}

// The number of transcripts that failed.
int play_all(const std::vector<std::string>& paths, const Target& target) {
    int failed = 0;
    std::size_t compared_in_all = 0;
    for (const std::string& path : paths) {
        const auto compared = play_file(path, target);
        if (compared) {
            compared_in_all += *compared;
        } else {
            ++failed;
            std::printf("FAILED %s: %s\n", path.c_str(), compared.error().message.c_str());
        }
    }
    std::printf("%zu transcripts against %s: %zu messages compared, %d failed\n", paths.size(),
                target.kind.c_str(), compared_in_all, failed);
    return compared_in_all == 0 ? 1 : failed;
}

}  // namespace
}  // namespace siskin::qmp_test

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    siskin::qmp_test::Target target;
    target.kind = words.empty() ? "" : words.front();
    const bool runs_binary = target.kind == "siskin" || target.kind == "qemu";
    std::size_t leading = runs_binary ? 2 : 1;
    if ((target.kind != "in-process" && !runs_binary) || words.size() <= leading) {
        std::fputs(siskin::qmp_test::kUsage, stderr);
        return 2;
    }
    target.binary = runs_binary ? words[1] : "";
    const std::string_view prefix = siskin::qmp_test::kKernelPrefix;
    if (runs_binary && words[2].starts_with(prefix)) {
        target.kernel = words[2].substr(prefix.size());
        ++leading;
    }
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(leading));
    if (target.kind == "siskin" && !siskin::qmp_test::has_kvm()) {
        std::printf("%zu skipped: no usable /dev/kvm\n", words.size());
        return 77;  // SKIP_RETURN_CODE
    }
    return siskin::qmp_test::play_all(words, target) == 0 ? 0 : 1;
}
