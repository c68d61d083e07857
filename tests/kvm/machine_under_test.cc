// SPDX-License-Identifier: Apache-2.0
// Builds command lines, makes and reads disk images.
#include "tests/kvm/machine_under_test.h"

#include <cstdlib>
#include <fstream>

#include "base/text.h"

namespace siskin::test {

namespace {

constexpr unsigned kWordsPerSector = 64;

}  // namespace

std::string binary_under_test() {
    const char* const from_environment = std::getenv("SISKIN_BINARY");
    return from_environment != nullptr ? from_environment : SISKIN_BINARY_DEFAULT;
}

std::string guest_file(const std::string& name) {
    return concat(SISKIN_GUEST_DIRECTORY, "/", name, ".elf");
}

MachineArguments::MachineArguments()
    : arguments_{binary_under_test(), "-M",       "q35", "-accel", "kvm", "-m", "128",
                 "-nodefaults",       "-display", "none"} {}

MachineArguments::MachineArguments(const std::string& guest) : MachineArguments() {
    add({"-kernel", guest_file(guest), "-debugcon", "stdio", "-device", "isa-debug-exit"});
}

MachineArguments& MachineArguments::add(const std::vector<std::string>& arguments) {
    arguments_.insert(arguments_.end(), arguments.begin(), arguments.end());
    return *this;
}

MachineArguments& MachineArguments::command_line(const std::string& line) {
    return add({"-append", line});
}

MachineArguments& MachineArguments::disk(const std::string& file, const std::string& drive_options,
                                         const std::string& device_options) {
    ++disk_count_;
    return add({"-drive",
                concat("if=none,format=raw,id=disk", disk_count_, ",file=", file, drive_options),
                "-device", concat("pcie-root-port,id=port", disk_count_, ",chassis=", disk_count_),
                "-device",
                concat("virtio-blk-pci,drive=disk", disk_count_, ",bus=port", disk_count_,
                       device_options)});
}

MachineArguments& MachineArguments::qmp(const std::string& socket_path) {
    return add({"-qmp", concat("unix:", socket_path, ",server=on,wait=off")});
}

std::string patterned_image(const TemporaryDirectory& directory, const std::string& name,
                            unsigned sectors) {
    std::ofstream file(directory.path(name), std::ios::binary);
    for (unsigned sector = 0; sector < sectors; ++sector) {
        for (unsigned index = 0; index < kWordsPerSector; ++index) {
            const std::uint64_t word = pattern(sector, index, 0);
            file.write(reinterpret_cast<const char*>(&word), sizeof(word));
        }
    }
    return directory.path(name);
}

bool file_has_pattern(const std::string& path, unsigned first, unsigned count, unsigned round) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(std::streamoff{first} * 512);
    for (unsigned i = 0; i < count * kWordsPerSector; ++i) {
        std::uint64_t word = 0;
        file.read(reinterpret_cast<char*>(&word), sizeof(word));
        if (!file || word != pattern(first + i / kWordsPerSector, i % kWordsPerSector, round)) {
            return false;
        }
    }
    return true;
}

}  // namespace siskin::test
