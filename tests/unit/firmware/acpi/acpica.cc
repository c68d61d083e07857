// SPDX-License-Identifier: Apache-2.0
// Runs Intel's ACPI tools.
#include "tests/unit/firmware/acpi/acpica.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>

namespace siskin::acpi::test {
namespace {

namespace fs = std::filesystem;

// A directory of its own below the temporary one, removed at the end.
class Scratch {
public:
    Scratch() {
        std::string pattern = (fs::temp_directory_path() / "siskin-acpi-XXXXXX").string();
        SISKIN_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Scratch() { fs::remove_all(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    void write(const std::string& name, const Bytes& content) const {
        std::ofstream file(path_ / name, std::ios::binary);
        std::copy(content.begin(), content.end(), std::ostreambuf_iterator<char>(file));
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(path_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    // Everything the command prints, run inside the directory.
    [[nodiscard]] std::string run(const std::string& command) const {
        const std::string line = "cd " + path_.string() + " && " + command + " 2>&1";
        const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(line.c_str(), "r"), ::pclose);
        SISKIN_ASSERT(pipe != nullptr);
        std::string output;
        std::array<char, 4096> chunk{};
        std::size_t count = 0;
        while ((count = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) > 0) {
            output.append(chunk.data(), count);
        }
        return output;
    }

private:
    fs::path path_;
};

std::string line_with(const std::string& text, std::string_view needle) {
    const std::size_t found = text.find(needle);
    if (found == std::string::npos) {
        return text;
    }
    const std::size_t begin = text.rfind('\n', found) + 1;
    return text.substr(begin, text.find('\n', found) - begin);
}

std::string result_in(const std::string& output) {
    constexpr std::string_view kBufferStart = "0000: ";
    const std::size_t buffer = output.find(kBufferStart);
    if (buffer == std::string::npos) {
        return line_with(output, "[Integer]");
    }
    const std::size_t begin = buffer + kBufferStart.size();
    const std::string line = output.substr(begin, output.find("//", begin) - begin);
    return line.substr(0, line.find_last_not_of(' ') + 1);
}

}  // namespace

bool has_acpica() {
    static const bool present = [] {
        const Scratch scratch;
        const bool found = scratch.run("iasl -v").find("ASL+") != std::string::npos &&
                           scratch.run("acpiexec -v").find("AML") != std::string::npos;
        if (!found) {
            std::puts("SKIPPED: iasl and acpiexec are missing (package acpica-tools)");
        }
        return found;
    }();
    return present;
}

RoundTrip compile_back(const Bytes& table, const std::vector<Bytes>& externals) {
    const Scratch scratch;
    scratch.write("table.dat", table);
    std::string command = "iasl";
    for (std::size_t index = 0; index < externals.size(); ++index) {
        const std::string name = "external" + std::to_string(index) + ".dat";
        scratch.write(name, externals[index]);
        command += " -e " + name;
    }
    const std::string disassembler = scratch.run(command + " -d table.dat");
    const std::string compiler = scratch.run("iasl -oa -p compiled table.dsl");
    const std::string aml = scratch.read("compiled.aml");
    return {scratch.read("table.dsl"), line_with(compiler, "Compilation"),
            Bytes(aml.begin(), aml.end())};
}

std::vector<std::string> evaluate(const Bytes& definition_block,
                                  const std::vector<std::string>& expressions) {
    const Scratch scratch;
    scratch.write("table.dat", definition_block);
    std::string commands;
    for (const std::string& expression : expressions) {
        commands += "evaluate " + expression + ";";
    }
    const std::string output = scratch.run("acpiexec -b '" + commands + "' table.dat");
    constexpr std::string_view kMark = "Evaluating \\";
    std::vector<std::string> results;
    std::size_t begin = output.find(kMark);
    while (begin != std::string::npos) {
        const std::size_t next = output.find(kMark, begin + 1);
        results.push_back(result_in(output.substr(begin, next - begin)));
        begin = next;
    }
    return results;
}

AcpiConfig example_config() {
    AcpiConfig config;
    config.apic_ids = {0, 1};
    config.ecam.base = GuestAddress{0xb0000000};
    config.memory_windows = {{GuestAddress{0xc0000000}, ByteCount{0x3ec00000}},
                             {GuestAddress{0x800000000}, ByteCount{0x800000000}}};
    return config;
}

std::uint64_t field_at(const Bytes& table, std::size_t offset, unsigned width_bytes) {
    std::uint64_t value = 0;
    for (unsigned index = 0; index < width_bytes; ++index) {
        value |= std::uint64_t{table.at(offset + index)} << (8 * index);
    }
    return value;
}

unsigned byte_sum(const Bytes& table) {
    return std::accumulate(table.begin(), table.end(), 0U) & 0xff;
}

}  // namespace siskin::acpi::test
