// SPDX-License-Identifier: Apache-2.0
// Opening /dev/kvm and asking it.
#include "vmm/kvm/kvm.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "vmm/kvm/variable_struct.h"

namespace siskin {
namespace {

constexpr std::size_t kCpuidEntriesMax = 256;
constexpr std::size_t kMsrIndicesMax = 1024;

struct NeededCapability {
    unsigned number;
    const char* name;
};

// Everything siskin's one way of running a machine depends on.
constexpr std::array kNeeded{
    NeededCapability{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
    NeededCapability{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
    NeededCapability{KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING"},
    NeededCapability{KVM_CAP_IRQFD, "KVM_CAP_IRQFD"},
    NeededCapability{KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD"},
    NeededCapability{KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"},
    NeededCapability{KVM_CAP_PIT2, "KVM_CAP_PIT2"},
    NeededCapability{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
    NeededCapability{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
    NeededCapability{KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"},
    NeededCapability{KVM_CAP_TSC_DEADLINE_TIMER, "KVM_CAP_TSC_DEADLINE_TIMER"},
};

tl::unexpected<Error> open_failure(const std::string& path, int error_number) {
    const std::string what = concat("could not open '", path, "'");
    if (error_number == ENOENT || error_number == ENODEV || error_number == ENXIO) {
        return fail(concat(what, ": ", errno_text(error_number),
                           ": this machine has no KVM, or its module is not loaded"));
    }
    struct stat status {};
    if (error_number == EACCES && ::stat(path.c_str(), &status) == 0) {
        const group* const owner = ::getgrgid(status.st_gid);
        const std::string name =
            owner != nullptr ? std::string(owner->gr_name) : std::to_string(status.st_gid);
        return fail(concat(what, ": ", errno_text(error_number), ": it is for members of group '",
                           name, "'"));
    }
    return fail_errno(what, error_number);
}

}  // namespace

int kvm_ioctl(const Fd& fd, unsigned long request, void* argument) {
    int result = -1;
    for (int attempt = 0; attempt < kIoctlRetriesMax; ++attempt) {
        result = ::ioctl(fd.get(), request, argument);
        if (result >= 0 || errno != EINTR) {
            break;
        }
    }
    return result;
}

int kvm_ioctl_value(const Fd& fd, unsigned long request, unsigned long value) {
    return kvm_ioctl(fd, request, reinterpret_cast<void*>(value));
}

Result<Kvm> Kvm::open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd.valid()) {
        return open_failure(path, errno);
    }
    const int version = kvm_ioctl(fd, KVM_GET_API_VERSION);
    if (version != KVM_API_VERSION) {
        return fail(concat("'", path, "' is no KVM device of API version ", KVM_API_VERSION));
    }
    for (const NeededCapability& needed : kNeeded) {
        if (kvm_ioctl_value(fd, KVM_CHECK_EXTENSION, needed.number) <= 0) {
            return fail(ErrorClass::KVMMissingCap,
                        concat("this host's KVM lacks ", needed.name, ", which siskin needs"));
        }
    }
    const int page_size = kvm_ioctl(fd, KVM_GET_VCPU_MMAP_SIZE);
    if (page_size < static_cast<int>(sizeof(kvm_run))) {
        return fail(concat("'", path, "' gives no usable vCPU page"));
    }
    return Kvm(std::move(fd), static_cast<std::size_t>(page_size));
}

int Kvm::extension(unsigned capability) const {
    const int value = kvm_ioctl_value(fd_, KVM_CHECK_EXTENSION, capability);
    return value > 0 ? value : 0;
}

Result<std::vector<kvm_cpuid_entry2>> Kvm::supported_cpuid() const {
    VariableStruct<kvm_cpuid2, kvm_cpuid_entry2> request(kCpuidEntriesMax);
    request.header()->nent = kCpuidEntriesMax;
    if (kvm_ioctl(fd_, KVM_GET_SUPPORTED_CPUID, request.header()) != 0) {
        return fail_errno("KVM_GET_SUPPORTED_CPUID", errno);
    }
    const auto entries = request.entries().first(request.header()->nent);
    return std::vector<kvm_cpuid_entry2>(entries.begin(), entries.end());
}

Result<std::vector<std::uint32_t>> Kvm::msr_indices() const {
    VariableStruct<kvm_msr_list, std::uint32_t> request(kMsrIndicesMax);
    request.header()->nmsrs = kMsrIndicesMax;
    if (kvm_ioctl(fd_, KVM_GET_MSR_INDEX_LIST, request.header()) != 0) {
        return fail_errno("KVM_GET_MSR_INDEX_LIST", errno);
    }
    const auto entries = request.entries().first(request.header()->nmsrs);
    return std::vector<std::uint32_t>(entries.begin(), entries.end());
}

Result<Fd> Kvm::create_vm() const {
    Fd vm(kvm_ioctl_value(fd_, KVM_CREATE_VM, 0));
    if (!vm.valid()) {
        return fail_errno("KVM_CREATE_VM", errno);
    }
    return vm;
}

}  // namespace siskin
