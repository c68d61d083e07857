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
    "       qmp_transcript siskin|qemu BINARY TRANSCRIPT...   one process a transcript\n";

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

// The words behind "# args:" of a transcript that wants more than an empty board.
std::vector<std::string> arguments_of(const std::string& path, const std::string& folder) {
    static constexpr std::string_view kPrefix = "# args:";
    std::vector<std::string> words;
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

Result<std::size_t> play_file(const std::string& path, const std::string& target,
                              const std::string& binary) {
    const auto lines = SISKIN_TRY(read_transcript(path));
    if (target == "in-process") {
        ServedMachine machine;
        machine.start();
        return play(lines, machine.path(), true);
    }
    const std::string folder = new_folder();
    const auto compared = [&] {
        const Process process(binary, folder + "/qmp", arguments_of(path, folder));
        return play(lines, folder + "/qmp", target == "siskin");
    }();
    std::filesystem::remove_all(folder);
    return compared;
}

// The number of transcripts that failed.
int play_all(const std::vector<std::string>& paths, const std::string& target,
             const std::string& binary) {
    int failed = 0;
    std::size_t compared_in_all = 0;
    for (const std::string& path : paths) {
        const auto compared = play_file(path, target, binary);
        if (compared) {
            compared_in_all += *compared;
        } else {
            ++failed;
            std::printf("FAILED %s: %s\n", path.c_str(), compared.error().message.c_str());
        }
    }
    std::printf("%zu transcripts against %s: %zu messages compared, %d failed\n", paths.size(),
                target.c_str(), compared_in_all, failed);
    return compared_in_all == 0 ? 1 : failed;
}

}  // namespace
}  // namespace siskin::qmp_test

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const std::string target = words.empty() ? "" : words.front();
    const bool runs_binary = target == "siskin" || target == "qemu";
    const std::size_t leading = runs_binary ? 2 : 1;
    if ((target != "in-process" && !runs_binary) || words.size() <= leading) {
        std::fputs(siskin::qmp_test::kUsage, stderr);
        return 2;
    }
    const std::string binary = runs_binary ? words[1] : "";
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(leading));
    if (target == "siskin" && !siskin::qmp_test::has_kvm()) {
        std::printf("%zu skipped: no usable /dev/kvm\n", words.size());
        return 77;  // SKIP_RETURN_CODE
    }
    return siskin::qmp_test::play_all(words, target, binary) == 0 ? 0 : 1;
}
