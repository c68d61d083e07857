// SPDX-License-Identifier: Apache-2.0
// ISA devices with their ports, interrupt and character device.
#include "vmm/machine/isa_catalog.h"

#include <utility>

#include "base/text.h"
#include "devices/platform/debug_port.h"
#include "devices/platform/isa_debug_exit.h"
#include "devices/platform/isa_devices.h"
#include "devices/platform/serial_16550.h"

namespace siskin {
namespace {

// A port range that is the device's as long as this lives.
class MappedPorts {
public:
    [[nodiscard]] static Result<MappedPorts> map(AddressSpace& ports, std::uint64_t base,
                                                 std::uint64_t count, IoHandler& handler,
                                                 std::string_view name) {
        SISKIN_TRY_IN("iobase", ports.add(IoRange{base, count, &handler, 0, name}));
        return MappedPorts(ports, handler);
    }
    MappedPorts(MappedPorts&& other) noexcept
        : ports_(std::exchange(other.ports_, nullptr)), handler_(other.handler_) {}
    MappedPorts& operator=(MappedPorts&&) = delete;
    ~MappedPorts() {
        if (ports_ != nullptr) {
            ports_->remove(*handler_);
        }
    }

private:
    MappedPorts(AddressSpace& ports, IoHandler& handler) : ports_(&ports), handler_(&handler) {}

    AddressSpace* ports_;
    IoHandler* handler_;
};

// The chardev of that id; null where the id is empty.
Result<Chardev*> find_chardev(const DeviceEnvironment& environment, const std::string& id) {
    if (id.empty()) {
        return nullptr;
    }
    Chardev* const chardev = environment.chardevs.find(id);
    if (chardev == nullptr) {
        return fail(concat("Property 'chardev' can't find value '", printable(id), "'"));
    }
    return chardev;
}

class IsaSerialDevice final : public Device {
public:
    IsaSerialDevice(std::string id, std::shared_ptr<void> config, IsaSerialPlaces& places,
                    IsaSerialPlace place, std::unique_ptr<IrqLine> line)
        : Device(kIsaSerialType, std::move(id), std::move(config)),
          places_(places),
          place_(place),
          line_(std::move(line)),
          serial_(*line_) {}
    ~IsaSerialDevice() override { places_.give_back(place_); }
    IsaSerialDevice(const IsaSerialDevice&) = delete;
    IsaSerialDevice& operator=(const IsaSerialDevice&) = delete;

    [[nodiscard]] Result<> realize(AddressSpace& ports, Chardev* chardev) {
        if (chardev != nullptr) {
            SISKIN_TRY(serial_.connect(*chardev));
        }
        mapped_.emplace(SISKIN_TRY(
            MappedPorts::map(ports, place_.port, Serial16550::kPortCount, serial_, type().name)));
        return {};
    }

    void reset(std::function<void()> done) override {
        serial_.reset();
        done();
    }

private:
    IsaSerialPlaces& places_;
    IsaSerialPlace place_;
    std::unique_ptr<IrqLine> line_;
    Serial16550 serial_;
    std::optional<MappedPorts> mapped_;
};

class IsaDebugconDevice final : public Device {
public:
    IsaDebugconDevice(std::string id, std::shared_ptr<void> config, std::uint8_t readback)
        : Device(kIsaDebugconType, std::move(id), std::move(config)), port_(readback) {}

    [[nodiscard]] Result<> realize(AddressSpace& ports, std::uint32_t iobase, Chardev* chardev) {
        SISKIN_TRY(check_ports(iobase, DebugPort::kPortCount));
        if (chardev != nullptr) {
            SISKIN_TRY(port_.connect(*chardev));
        }
        mapped_.emplace(
            SISKIN_TRY(MappedPorts::map(ports, iobase, DebugPort::kPortCount, port_, type().name)));
        return {};
    }

private:
    DebugPort port_;
    std::optional<MappedPorts> mapped_;
};

class IsaDebugExitDevice final : public Device {
public:
    IsaDebugExitDevice(std::string id, std::shared_ptr<void> config, MachineRequests& requests)
        : Device(kIsaDebugExitType, std::move(id), std::move(config)), exit_(requests) {}

    [[nodiscard]] Result<> realize(AddressSpace& ports, std::uint32_t iobase,
                                   std::uint32_t iosize) {
        SISKIN_TRY(check_ports(iobase, iosize));
        mapped_.emplace(SISKIN_TRY(MappedPorts::map(ports, iobase, iosize, exit_, type().name)));
        return {};
    }

private:
    IsaDebugExit exit_;
    std::optional<MappedPorts> mapped_;
};

}  // namespace

Result<std::unique_ptr<Device>> build_isa_serial(DeviceEnvironment& environment, std::string id,
                                                 std::shared_ptr<void> config) {
    auto& settings = *static_cast<IsaSerialConfig*>(config.get());
    Chardev* const chardev = SISKIN_TRY(find_chardev(environment, settings.chardev));
    const IsaSerialPlace place = SISKIN_TRY(environment.serial_places.take(settings));
    settings.index = place.index;
    settings.iobase = place.port;
    settings.irq = place.irq.value();
    auto device = std::make_unique<IsaSerialDevice>(std::move(id), std::move(config),
                                                    environment.serial_places, place,
                                                    environment.irq_line(place.irq));
    SISKIN_TRY(device->realize(environment.ports, chardev));
    return std::unique_ptr<Device>(std::move(device));
}

Result<std::unique_ptr<Device>> build_isa_debugcon(DeviceEnvironment& environment, std::string id,
                                                   std::shared_ptr<void> config) {
    const auto settings = *static_cast<const IsaDebugconConfig*>(config.get());
    Chardev* const chardev = SISKIN_TRY(find_chardev(environment, settings.chardev));
    auto device = std::make_unique<IsaDebugconDevice>(std::move(id), std::move(config),
                                                      static_cast<std::uint8_t>(settings.readback));
    SISKIN_TRY(device->realize(environment.ports, settings.iobase, chardev));
    return std::unique_ptr<Device>(std::move(device));
}

Result<std::unique_ptr<Device>> build_isa_debug_exit(DeviceEnvironment& environment, std::string id,
                                                     std::shared_ptr<void> config) {
    const auto settings = *static_cast<const IsaDebugExitConfig*>(config.get());
    auto device = std::make_unique<IsaDebugExitDevice>(std::move(id), std::move(config),
                                                       environment.requests);
    SISKIN_TRY(device->realize(environment.ports, settings.iobase, settings.iosize));
    return std::unique_ptr<Device>(std::move(device));
}

}  // namespace siskin
