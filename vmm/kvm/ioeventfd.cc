// SPDX-License-Identifier: Apache-2.0
// Doorbells by KVM_IOEVENTFD.
#include "vmm/kvm/ioeventfd.h"

#include <cerrno>

#include "base/log.h"
#include "base/text.h"
#include "vmm/kvm/kvm.h"

namespace siskin {
namespace {

Result<> set_ioeventfd(const Fd& vm, const EventFd& event, DoorbellAddress address,
                       std::uint32_t more_flags) {
    kvm_ioeventfd request{};
    request.addr = address.address.value();
    request.len = address.width;
    request.fd = event.get();
    request.flags = more_flags;
    if (address.space == DoorbellSpace::Ports) {
        request.flags |= KVM_IOEVENTFD_FLAG_PIO;
    }
    if (address.match) {
        request.datamatch = *address.match;
        request.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
    }
    if (kvm_ioctl(vm, KVM_IOEVENTFD, &request) != 0) {
        return fail_errno(concat("KVM_IOEVENTFD at ", hex(address.address.value())), errno);
    }
    return {};
}

}  // namespace

class KvmDoorbells::IoeventfdBinding final : public Binding {
public:
    IoeventfdBinding(KvmDoorbells& owner, EventFd event, DoorbellAddress address)
        : owner_(owner), event_(std::move(event)), address_(address) {
        ++owner_.count_;
    }
    ~IoeventfdBinding() override {
        --owner_.count_;
        const auto undone =
            set_ioeventfd(owner_.vm_, event_, address_, KVM_IOEVENTFD_FLAG_DEASSIGN);
        if (!undone) {
            log::warning(undone.error().message);
        }
    }
    IoeventfdBinding(const IoeventfdBinding&) = delete;
    IoeventfdBinding& operator=(const IoeventfdBinding&) = delete;

private:
    KvmDoorbells& owner_;
    EventFd event_;
    DoorbellAddress address_;
};

Result<std::unique_ptr<Binding>> KvmDoorbells::bind(const EventFd& event, DoorbellAddress address) {
    EventFd own = SISKIN_TRY(event.duplicate());
    SISKIN_TRY(set_ioeventfd(vm_, own, address, 0));
    return std::unique_ptr<Binding>(
        std::make_unique<IoeventfdBinding>(*this, std::move(own), address));
}

}  // namespace siskin
