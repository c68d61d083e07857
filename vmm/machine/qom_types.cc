// SPDX-License-Identifier: Apache-2.0
// The table of object types.
#include "vmm/machine/qom_types.h"

#include <algorithm>
#include <array>

namespace siskin {
namespace {

constexpr std::array kTypes{
    QomType{"object", "", true},
    QomType{"container", "object", false},
    // Machines.
    QomType{"machine", "object", true},
    QomType{"x86-machine", "machine", true},
    QomType{"generic-pc-machine", "x86-machine", true},
    QomType{"pc-q35-7.2-machine", "generic-pc-machine", false},
    QomType{"accel", "object", false},
    QomType{"kvm-accel", "accel", false},
    // Buses and what holds them.
    QomType{"bus", "object", true},
    QomType{"PCI", "bus", false},
    QomType{"PCIE", "PCI", false},
    QomType{"device", "object", true},
    QomType{"sys-bus-device", "device", true},
    QomType{"pci-host-bridge", "sys-bus-device", true},
    QomType{"pcie-host-bridge", "pci-host-bridge", true},
    QomType{"q35-pcihost", "pcie-host-bridge", false},
    // Devices; those that -device takes are in device_catalog.cc, too.
    QomType{"pci-device", "device", true},
    QomType{"base-pci-bridge", "pci-device", true},
    QomType{"pcie-port", "base-pci-bridge", true},
    QomType{"pcie-slot", "pcie-port", true},
    QomType{"pcie-root-port-base", "pcie-slot", true},
    QomType{"pcie-root-port", "pcie-root-port-base", false},
    QomType{"ioh3420", "pcie-root-port-base", false},
    QomType{"x3130-upstream", "pcie-port", false},
    QomType{"xio3130-downstream", "pcie-slot", false},
    QomType{"pcie-pci-bridge", "base-pci-bridge", false},
    QomType{"pci-bridge", "base-pci-bridge", false},
    QomType{"pxb-pcie", "pci-device", false},
    QomType{"virtio-pci", "pci-device", true},
    QomType{"vhost-user-blk-pci-base", "virtio-pci", true},
    QomType{"vhost-user-blk-pci", "vhost-user-blk-pci-base", false},
    QomType{"virtio-blk-pci-base", "virtio-pci", true},
    QomType{"virtio-blk-pci", "virtio-blk-pci-base", false},
    QomType{"virtio-blk-pci-non-transitional", "virtio-blk-pci-base", false},
    QomType{"virtio-blk-pci-transitional", "virtio-blk-pci-base", false},
    QomType{"virtio-scsi-pci-base", "virtio-pci", true},
    QomType{"virtio-scsi-pci", "virtio-scsi-pci-base", false},
    QomType{"virtio-scsi-pci-non-transitional", "virtio-scsi-pci-base", false},
    QomType{"virtio-scsi-pci-transitional", "virtio-scsi-pci-base", false},
    QomType{"scsi-device", "device", true},
    QomType{"scsi-disk-base", "scsi-device", true},
    QomType{"scsi-hd", "scsi-disk-base", false},
    QomType{"scsi-cd", "scsi-disk-base", false},
    QomType{"siskin-vga-test", "pci-device", false},
    QomType{"isa-device", "device", true},
    QomType{"isa-serial", "isa-device", false},
    QomType{"isa-debugcon", "isa-device", false},
    QomType{"isa-debug-exit", "isa-device", false},
    // CPUs.
    QomType{"cpu", "device", true},
    QomType{"x86_64-cpu", "cpu", true},
    QomType{"max-x86_64-cpu", "x86_64-cpu", false},
    QomType{"host-x86_64-cpu", "max-x86_64-cpu", false},
    // Objects of -object, and character devices.
    QomType{"event-loop-base", "object", true},
    QomType{"iothread", "event-loop-base", false},
    QomType{"memory-backend", "object", true},
    QomType{"memory-backend-file", "memory-backend", false},
    QomType{"memory-backend-memfd", "memory-backend", false},
    QomType{"memory-backend-ram", "memory-backend", false},
    QomType{"throttle-group", "object", false},
    QomType{"chardev", "object", true},
    QomType{"chardev-fd", "chardev", true},
    QomType{"chardev-file", "chardev-fd", false},
    QomType{"chardev-null", "chardev", false},
    QomType{"chardev-pty", "chardev", false},
    QomType{"chardev-ringbuf", "chardev", false},
    QomType{"chardev-socket", "chardev", false},
    QomType{"chardev-stdio", "chardev-fd", false},
};

}  // namespace

std::span<const QomType> qom_types() {
    return kTypes;
}

const QomType* find_qom_type(std::string_view name) {
    const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                           [&](const QomType& type) { return type.name == name; });
    return found == kTypes.end() ? nullptr : found;
}

bool qom_type_is(std::string_view name, std::string_view ancestor) {
    const QomType* type = find_qom_type(name);
    while (type != nullptr && type->name != ancestor) {
        type = find_qom_type(type->parent);
    }
    return type != nullptr;
}

}  // namespace siskin
