// SPDX-License-Identifier: Apache-2.0
// The GSI routing table.
#include "vmm/kvm/irq_routing.h"

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "base/log.h"
#include "base/text.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/variable_struct.h"

namespace siskin {
namespace {

kvm_irq_routing_entry chip_route(std::uint32_t gsi, std::uint32_t chip, std::uint32_t pin) {
    kvm_irq_routing_entry entry{};
    entry.gsi = gsi;
    entry.type = KVM_IRQ_ROUTING_IRQCHIP;
    entry.u.irqchip.irqchip = chip;
    entry.u.irqchip.pin = pin;
    return entry;
}

kvm_irq_routing_entry msi_route(std::uint32_t gsi, MsiMessage message) {
    kvm_irq_routing_entry entry{};
    entry.gsi = gsi;
    entry.type = KVM_IRQ_ROUTING_MSI;
    entry.u.msi.address_lo = static_cast<std::uint32_t>(message.address);
    entry.u.msi.address_hi = static_cast<std::uint32_t>(message.address >> 32U);
    entry.u.msi.data = message.data;
    return entry;
}

// As on a PC: ISA interrupts reach both chips; the timer (0) is the I/O APIC's input 2, which
// firmware/acpi/madt tells the guest, and input 2 of the PIC is the cascade.
std::vector<kvm_irq_routing_entry> chip_routes() {
    std::vector<kvm_irq_routing_entry> routes;
    for (std::uint32_t gsi = 0; gsi < 16; ++gsi) {
        if (gsi != 2) {
            const bool master = gsi < 8;
            routes.push_back(
                chip_route(gsi, master ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, gsi % 8));
        }
    }
    for (std::uint32_t gsi = 0; gsi < IrqRouting::kChipGsiCount; ++gsi) {
        if (gsi != 2) {
            routes.push_back(chip_route(gsi, KVM_IRQCHIP_IOAPIC, gsi == 0 ? 2 : gsi));
        }
    }
    return routes;
}

}  // namespace

class IrqRouting::IrqfdBinding final : public Binding {
public:
    IrqfdBinding(IrqRouting& routing, EventFd event, std::uint32_t gsi)
        : routing_(routing), event_(std::move(event)), gsi_(gsi) {}
    ~IrqfdBinding() override {
        if (const auto undone = routing_.irqfd(event_, gsi_, true); !undone) {
            log::warning(undone.error().message);
        }
        routing_.release(gsi_);
    }
    IrqfdBinding(const IrqfdBinding&) = delete;
    IrqfdBinding& operator=(const IrqfdBinding&) = delete;

private:
    IrqRouting& routing_;
    EventFd event_;  // a duplicate: the kernel finds the binding by the open file
    std::uint32_t gsi_;
};

// Linux: Documentation/virt/kvm/api.rst, KVM_IRQFD with KVM_IRQFD_FLAG_RESAMPLE: what such a
// binding asserts is let go at the end of interrupt, by a source of its own beside KVM_IRQ_LINE's.
class IrqRouting::ResampledBinding final : public Binding {
public:
    ResampledBinding(const IrqRouting& routing, EventFd event, std::uint32_t gsi)
        : routing_(routing), event_(std::move(event)), gsi_(gsi) {}
    ~ResampledBinding() override {
        if (const auto undone = routing_.irqfd(event_, gsi_, true); !undone) {
            log::warning(undone.error().message);
        }
    }
    ResampledBinding(const ResampledBinding&) = delete;
    ResampledBinding& operator=(const ResampledBinding&) = delete;

private:
    const IrqRouting& routing_;
    EventFd event_;
    std::uint32_t gsi_;
};

// One of the devices at an input: it is asserted while any of them asserts it.
class IrqRouting::Line final : public IrqLine {
public:
    Line(IrqRouting& routing, Gsi gsi)
        : routing_(routing), gsi_(gsi), asserting_(routing.asserting_.at(gsi.value())) {}
    ~Line() override { set(false); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void set(bool asserted) override {
        if (asserted == asserted_) {
            return;
        }
        asserted_ = asserted;
        asserting_ += asserted ? 1 : -1U;
        if (asserting_ != (asserted ? 1U : 0U)) {
            return;  // another one holds it
        }
        kvm_irq_level level{};
        level.irq = gsi_.value();
        level.level = asserted ? 1 : 0;
        // The chips exist and the GSI is one of theirs, so the kernel has nothing to refuse.
        [[maybe_unused]] const int result = kvm_ioctl(routing_.vm_, KVM_IRQ_LINE, &level);
    }

    Result<std::unique_ptr<Binding>> bind(const EventFd& asserted, const EventFd& ended) override {
        EventFd own = SISKIN_TRY(asserted.duplicate());
        SISKIN_TRY(routing_.irqfd(own, gsi_.value(), false, &ended));
        return std::unique_ptr<Binding>(
            std::make_unique<ResampledBinding>(routing_, std::move(own), gsi_.value()));
    }

private:
    IrqRouting& routing_;
    Gsi gsi_;
    std::uint32_t& asserting_;
    bool asserted_ = false;
};

Result<std::unique_ptr<IrqRouting>> IrqRouting::create(const Fd& vm) {
    std::unique_ptr<IrqRouting> routing(new IrqRouting(vm));
    SISKIN_TRY(routing->publish());
    return routing;
}

std::unique_ptr<IrqLine> IrqRouting::line(Gsi gsi) {
    SISKIN_ASSERT(gsi.value() < kChipGsiCount);
    return std::make_unique<Line>(*this, gsi);
}

Result<std::unique_ptr<Binding>> IrqRouting::bind(const EventFd& event, MsiMessage message) {
    EventFd own = SISKIN_TRY(event.duplicate());
    const std::uint32_t gsi = SISKIN_TRY(acquire(message));
    if (auto bound = irqfd(own, gsi, false); !bound) {
        release(gsi);
        return fail(std::move(bound).error());
    }
    return std::unique_ptr<Binding>(std::make_unique<IrqfdBinding>(*this, std::move(own), gsi));
}

void IrqRouting::send(MsiMessage message) {
    kvm_msi msi{};
    msi.address_lo = static_cast<std::uint32_t>(message.address);
    msi.address_hi = static_cast<std::uint32_t>(message.address >> 32U);
    msi.data = message.data;
    // A message to no APIC is dropped, as on hardware; the kernel reports it and nobody else cares.
    [[maybe_unused]] const int result = kvm_ioctl(vm_, KVM_SIGNAL_MSI, &msi);
}

std::uint32_t IrqRouting::irqfd_count() const {
    return std::accumulate(
        routes_.begin(), routes_.end(), std::uint32_t{0},
        [](std::uint32_t count, const Route& route) { return count + route.users; });
}

Result<std::uint32_t> IrqRouting::acquire(MsiMessage message) {
    const auto same = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) {
        return route.set && route.message == message;
    });
    const auto reuse = same != routes_.end()
                           ? same
                           : std::find_if(routes_.begin(), routes_.end(),
                                          [](const Route& route) { return route.users == 0; });
    // A new route while there is room, so that a message's route survives its being masked.
    const bool grow =
        same == routes_.end() && (reuse == routes_.end() || routes_.size() < kMsiRoutesMax / 2);
    if (grow && routes_.size() >= kMsiRoutesMax) {
        return fail(concat("all ", kMsiRoutesMax, " MSI routes are in use"));
    }
    if (grow) {
        routes_.emplace_back();
    }
    Route& route = grow ? routes_.back() : *reuse;
    const auto gsi = kChipGsiCount + static_cast<std::uint32_t>(&route - routes_.data());
    if (!route.set || route.message != message) {
        route.message = message;
        route.set = true;
        if (auto published = publish(); !published) {
            route.set = false;
            return fail(std::move(published).error());
        }
    }
    ++route.users;
    return gsi;
}

Result<> IrqRouting::publish() {
    std::vector<kvm_irq_routing_entry> all = chip_routes();
    for (std::size_t index = 0; index < routes_.size(); ++index) {
        if (routes_[index].set) {
            const auto gsi = kChipGsiCount + static_cast<std::uint32_t>(index);
            all.push_back(msi_route(gsi, routes_[index].message));
        }
    }
    VariableStruct<kvm_irq_routing, kvm_irq_routing_entry> table(all.size());
    table.header()->nr = static_cast<std::uint32_t>(all.size());
    std::copy(all.begin(), all.end(), table.entries().begin());
    if (kvm_ioctl(vm_, KVM_SET_GSI_ROUTING, table.header()) != 0) {
        return fail_errno(concat("KVM_SET_GSI_ROUTING with ", all.size(), " routes"), errno);
    }
    return {};
}

Result<> IrqRouting::irqfd(const EventFd& event, std::uint32_t gsi, bool deassign,
                           const EventFd* resampled) const {
    kvm_irqfd request{};
    request.fd = static_cast<std::uint32_t>(event.get());
    request.gsi = gsi;
    request.flags = deassign ? KVM_IRQFD_FLAG_DEASSIGN : 0;
    if (resampled != nullptr) {
        request.flags |= KVM_IRQFD_FLAG_RESAMPLE;
        request.resamplefd = static_cast<std::uint32_t>(resampled->get());
    }
    if (kvm_ioctl(vm_, KVM_IRQFD, &request) != 0) {
        return fail_errno(concat(deassign ? "undoing " : "", "KVM_IRQFD for GSI ", gsi), errno);
    }
    return {};
}

}  // namespace siskin
