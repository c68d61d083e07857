// SPDX-License-Identifier: Apache-2.0
// Memory back ends.
#include "devices/memory/memory_backend.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "devices/memory/backing_file.h"
#include "devices/memory/host_policy.h"
#include "devices/memory/huge_pages.h"
#include "devices/memory/populate.h"

namespace siskin {
namespace {

constexpr std::uint64_t kPage = 4 * kKiB;
constexpr std::uint64_t kHugePage = 2 * kMiB;
constexpr std::uint32_t kPreallocThreadsUnasked = 16;

std::uint32_t threads_of(const MemoryBackendConfig& config) {
    const auto processors =
        static_cast<std::uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
    return config.prealloc_threads.value_or(std::min(processors, kPreallocThreadsUnasked));
}

}  // namespace

Result<std::unique_ptr<MemoryBackend>> MemoryBackend::create(MemoryBackendKind kind,
                                                             const std::string& id,
                                                             const MemoryBackendConfig& config) {
    SISKIN_TRY(check_memory_config(kind, config));
    std::unique_ptr<MemoryBackend> self(new MemoryBackend(id, config));
    SISKIN_TRY(self->open(kind));
    SISKIN_TRY(self->map());
    SISKIN_TRY(self->advise());
    SISKIN_TRY(bind_to_nodes(self->mapping_->data(), self->mapping_->size(), config.policy,
                             config.host_nodes));
    if (config.prealloc) {
        SISKIN_TRY(populate(self->mapping_->data(), self->mapping_->size(), self->page_size_,
                            threads_of(config)));
    }
    return self;
}

MemoryBackend::~MemoryBackend() {
    if (mapping_ != nullptr && config_.discard_data && config_.share && !config_.readonly) {
        // Whoever does not support it keeps the data, which is no harm.
        ::madvise(mapping_->data(), mapping_->size(), MADV_REMOVE);
    }
    if (!created_path_.empty()) {
        ::unlink(created_path_.c_str());
    }
}

Result<> MemoryBackend::open(MemoryBackendKind kind) {
    if (kind == MemoryBackendKind::Ram) {
        return {};
    }
    BackingFile file = kind == MemoryBackendKind::Memfd ? SISKIN_TRY(open_memfd(id_, config_))
                                                        : SISKIN_TRY(open_backing_file(config_));
    file_ = std::move(file.fd);
    page_size_ = file.page_size;
    created_path_ = std::move(file.created_path);
    return {};
}

Result<> MemoryBackend::map() {
    MappingRequest request;
    request.size = config_.size->value();
    request.file = file_.get();
    request.shared = config_.share;
    request.reserved = config_.reserve;
    request.read_only = config_.readonly;
    // So that the guest's large pages can be large pages of the host.
    request.alignment = std::max({config_.align.value_or(ByteCount{0}).value(), page_size_,
                                  request.size >= kHugePage ? kHugePage : kPage});
    auto mapping = Mapping::create(request);
    if (!mapping && page_size_ != kPage) {
        return fail(HugePages().shortage(page_size_, *config_.size));
    }
    mapping_ = std::make_shared<const Mapping>(SISKIN_TRY(std::move(mapping)));
    return {};
}

Result<> MemoryBackend::advise() const {
    struct Advice {
        bool wanted;
        int advice;
        bool is_vital;
        std::string_view what;
    };
    // A kernel without KSM or transparent huge pages says EINVAL, and nothing is lost.
    const std::array advices{
        Advice{config_.merge && file_ == nullptr && !config_.share, MADV_MERGEABLE, false,
               "letting equal pages merge"},
        Advice{page_size_ == kPage, MADV_HUGEPAGE, false, "huge pages"},
        Advice{!config_.dump, MADV_DONTDUMP, true, "keeping it out of core dumps"},
    };
    for (const Advice& advice : advices) {
        if (advice.wanted && ::madvise(mapping_->data(), mapping_->size(), advice.advice) != 0 &&
            advice.is_vital) {
            return fail_errno(advice.what, errno);
        }
    }
    return {};
}

}  // namespace siskin
