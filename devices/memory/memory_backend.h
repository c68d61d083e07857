// SPDX-License-Identifier: Apache-2.0
// MemoryBackend: memory a guest may be given, as -object memory-backend-* asks for it.
#pragma once

#include <memory>
#include <string>

#include "base/fd.h"
#include "base/mapping.h"
#include "base/result.h"
#include "base/units.h"
#include "devices/memory/memory_config.h"

namespace siskin {

// Owns the file and the mapping, both of which whoever uses the memory shares. Thread: VM loop.
class MemoryBackend {
public:
    // Maps the memory, places it on the host's nodes and fills it, as the config says. Errors: the
    // config's own, and all that the host refuses.
    [[nodiscard]] static Result<std::unique_ptr<MemoryBackend>> create(
        MemoryBackendKind kind, const std::string& id, const MemoryBackendConfig& config);
    ~MemoryBackend();
    MemoryBackend(const MemoryBackend&) = delete;
    MemoryBackend& operator=(const MemoryBackend&) = delete;

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const MemoryBackendConfig& config() const { return config_; }
    [[nodiscard]] ByteCount size() const { return ByteCount{mapping_->size()}; }
    [[nodiscard]] const std::shared_ptr<const Mapping>& mapping() const { return mapping_; }
    // What other processes can map; null where writes stay here, or there is no file.
    [[nodiscard]] std::shared_ptr<const Fd> shared_file() const {
        return config_.share ? file_ : nullptr;
    }
    // In bytes: a huge page's, or the usual one.
    [[nodiscard]] std::uint64_t page_size() const { return page_size_; }

    // A file that was made at mem-path is removed with the back end unless this was called.
    void keep_file() { created_path_.clear(); }

private:
    MemoryBackend(std::string id, const MemoryBackendConfig& config)
        : id_(std::move(id)), config_(config) {}
    [[nodiscard]] Result<> open(MemoryBackendKind kind);
    [[nodiscard]] Result<> map();
    [[nodiscard]] Result<> advise() const;

    std::string id_;
    MemoryBackendConfig config_;
    std::shared_ptr<const Fd> file_;
    std::uint64_t page_size_ = 4 * kKiB;
    std::string created_path_;
    std::shared_ptr<const Mapping> mapping_;
};

}  // namespace siskin
