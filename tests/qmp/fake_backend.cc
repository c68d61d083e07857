// SPDX-License-Identifier: Apache-2.0
// The human monitor's fake view.
#include "tests/qmp/fake_backend.h"

#include <algorithm>

namespace siskin::qmp_test {

Result<std::string> FakeBackend::add_device(const std::string& options) {
    if (options.empty()) {
        return fail("Parameter 'driver' is missing");
    }
    plugged.push_back(options);
    return std::string(options == "help" ? "types\n" : "");
}

Result<> FakeBackend::remove_device(const std::string& id) {
    if (std::erase(plugged, id) == 0) {
        return fail(ErrorClass::DeviceNotFound, "Device '" + id + "' not found");
    }
    return {};
}

Result<std::string> FakeBackend::add_object(const std::string& options) {
    return add_device(options);
}

Result<std::string> FakeBackend::add_chardev(const std::string& options) {
    if (options.starts_with("pty")) {
        return std::string("char device redirected to /dev/pts/7 (label p)\n");
    }
    return add_device(options);
}

Result<std::string> FakeBackend::change_chardev(const std::string& id, const std::string& options) {
    if (id != "c0") {
        return fail("Chardev '" + id + "' does not exist");
    }
    return add_device(id + " " + options);
}

Result<hmp::CpuRegisters> FakeBackend::registers(std::uint32_t /*cpu*/) {
    ++register_reads;
    return cpu;
}

std::size_t FakeBackend::read_virtual(std::uint32_t /*cpu*/, std::uint64_t address,
                                      std::span<std::byte> into) {
    return address < kVirtualBase ? 0 : read_physical(address - kVirtualBase, into);
}

std::size_t FakeBackend::read_physical(std::uint64_t address, std::span<std::byte> into) {
    if (address >= memory.size()) {
        return 0;
    }
    const std::size_t count =
        std::min(into.size(), memory.size() - static_cast<std::size_t>(address));
    std::copy_n(memory.begin() + static_cast<std::ptrdiff_t>(address), count, into.begin());
    return count;
}

}  // namespace siskin::qmp_test
