// SPDX-License-Identifier: Apache-2.0
// siskin_reference: writes the generated pages under docs/, or says which is not current.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "tools/reference/pages.h"

namespace siskin::reference {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsage =
    "usage: siskin_reference write TREE   write the generated pages and completions of this tree\n"
    "       siskin_reference same TREE    fail if one is not what write would write\n";

std::string read_file(const fs::path& path) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Result<> write_file(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    return file ? Result<>() : Result<>(fail(concat("could not write '", path.string(), '\'')));
}

Result<> run(std::string_view mode, const fs::path& tree) {
    const fs::path manual = tree / "docs/siskin.1";
    const std::vector<std::pair<fs::path, std::string>> pages{
        {tree / "docs/reference/command-line.md", command_line_page()},
        {tree / "docs/reference/devices.md", devices_page()},
        {tree / "docs/reference/hmp.md", hmp_page()},
        {tree / "tools/completion/siskin", siskin_completion()},
        {tree / "tools/completion/siskin-qmp", siskin_qmp_completion()},
        {manual, SISKIN_TRY(manual_with_options(read_file(manual)))},
    };
    for (const auto& [path, text] : pages) {
        if (mode == "write") {
            SISKIN_TRY(write_file(path, text));
        } else if (read_file(path) != text) {
            return fail(concat(path.string(), " is not current; build the target reference_docs"));
        }
    }
    return {};
}

}  // namespace
}  // namespace siskin::reference

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.size() != 2 || (arguments[0] != "write" && arguments[0] != "same")) {
        std::fputs(siskin::reference::kUsage, stderr);
        return 2;
    }
    const auto done = siskin::reference::run(arguments[0], arguments[1]);
    if (!done) {
        std::fprintf(stderr, "siskin_reference: %s\n", done.error().message.c_str());
        return 1;
    }
    return 0;
}
