// SPDX-License-Identifier: Apache-2.0
// Making, naming and removing character back ends.
#include "devices/chardev/chardev_registry.h"

#include <algorithm>
#include <utility>

#include "base/bits.h"
#include "base/text.h"
#include "devices/chardev/file.h"
#include "devices/chardev/null.h"
#include "devices/chardev/pty.h"
#include "devices/chardev/ring.h"
#include "devices/chardev/socket.h"
#include "devices/chardev/stdio.h"

namespace siskin {
namespace {

Result<std::unique_ptr<Chardev>> make_ring(const ChardevConfig& config) {
    const ByteCount size = config.size.value_or(RingChardev::kSizeDefault);
    if (!is_power_of_two(size.value())) {
        return fail("size of ringbuf chardev must be power of two");
    }
    if (size > RingChardev::kSizeMax) {
        return fail(concat("size of ringbuf chardev is ", size.value(), ", the most is ",
                           RingChardev::kSizeMax.value()));
    }
    return std::unique_ptr<Chardev>(std::make_unique<RingChardev>(config.id, size));
}

Result<std::unique_ptr<Chardev>> make_back_end(const ChardevConfig& config, EventLoop& loop,
                                               MachineLock& lock, int interrupt_fd) {
    switch (config.backend) {
        case ChardevBackend::Null:
            return std::unique_ptr<Chardev>(std::make_unique<NullChardev>(config.id));
        case ChardevBackend::File: return FileChardev::create(config, loop, lock);
        case ChardevBackend::Stdio: return StdioChardev::create(config, loop, lock);
        case ChardevBackend::Socket: return SocketChardev::create(config, loop, lock, interrupt_fd);
        case ChardevBackend::Pty: return PtyChardev::create(config, loop, lock);
        case ChardevBackend::Ring: return make_ring(config);
    }
    return fail("unknown character back end");
}

}  // namespace

Result<std::unique_ptr<Chardev>> make_chardev(const ChardevConfig& config, EventLoop& loop,
                                              MachineLock& lock, int interrupt_fd) {
    auto chardev = SISKIN_TRY(make_back_end(config, loop, lock, interrupt_fd));
    for (const ChardevBackendInfo& backend : chardev_backends()) {
        if (backend.backend == config.backend) {
            chardev->set_kind(backend.name);
        }
    }
    return chardev;
}

Result<Chardev*> ChardevRegistry::add(const ChardevConfig& config, EventLoop& loop,
                                      MachineLock& lock, int interrupt_fd) {
    if (find(config.id) != nullptr) {
        return fail(concat("Chardev with id '", config.id, "' already exists"));
    }
    chardevs_.push_back(SISKIN_TRY(make_chardev(config, loop, lock, interrupt_fd)));
    return chardevs_.back().get();
}

Result<Chardev*> ChardevRegistry::replace(const ChardevConfig& config, EventLoop& loop,
                                          MachineLock& lock) {
    std::unique_ptr<Chardev> chardev = SISKIN_TRY(make_chardev(config, loop, lock));
    const auto old = std::find_if(chardevs_.begin(), chardevs_.end(),
                                  [&](const auto& entry) { return entry->id() == config.id; });
    SISKIN_ASSERT(old != chardevs_.end() && !(*old)->in_use());
    *old = std::move(chardev);
    return old->get();
}

Result<> ChardevRegistry::remove(std::string_view id) {
    const Chardev* const chardev = find(id);
    if (chardev == nullptr) {
        return fail(concat("Chardev '", printable(id), "' not found"));
    }
    if (chardev->in_use()) {
        return fail(concat("Chardev '", id, "' is busy"));
    }
    std::erase_if(chardevs_, [&](const auto& entry) { return entry.get() == chardev; });
    return {};
}

Chardev* ChardevRegistry::find(std::string_view id) const {
    const auto found = std::find_if(chardevs_.begin(), chardevs_.end(),
                                    [&](const auto& entry) { return entry->id() == id; });
    return found == chardevs_.end() ? nullptr : found->get();
}

void ChardevRegistry::begin_all() {
    for (const auto& chardev : chardevs_) {
        chardev->begin();
    }
}

void ChardevRegistry::drain_all(std::chrono::milliseconds limit_each) {
    for (const auto& chardev : chardevs_) {
        chardev->drain(limit_each);
    }
}

}  // namespace siskin
