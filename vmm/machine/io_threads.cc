// SPDX-License-Identifier: Apache-2.0
// The machine's I/O threads.
#include "vmm/machine/io_threads.h"

#include <algorithm>
#include <utility>

#include "base/object/device_tree.h"
#include "base/text.h"

namespace siskin {

Result<> IoThreads::add(const std::string& id, const IoThreadConfig& config) {
    if (!is_identifier(id)) {
        return fail(
            id.empty() ? std::string("Parameter 'id' is missing")
                       : concat("Parameter 'id' expects an identifier, not '", printable(id), "'"));
    }
    const bool taken = std::any_of(entries_.begin(), entries_.end(),
                                   [&](const Entry& entry) { return entry.id == id; });
    if (taken) {
        return fail(concat("Duplicate ID '", id, "' for object"));
    }
    std::unique_ptr<IoThread> thread = SISKIN_TRY(IoThread::create(concat("IO ", id)));
    entries_.push_back(Entry{id, std::move(thread)});
    configure(id, config);
    return {};
}

void IoThreads::configure(std::string_view id, const IoThreadConfig& config) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.id == id; });
    found->config = config;
    found->thread->post(
        [limits = poll_limits_of(config)](IoLoop& loop) { loop.set_poll_limits(limits); });
}

bool IoThreads::remove(std::string_view id) {
    return !id.empty() &&
           std::erase_if(entries_, [&](const Entry& entry) { return entry.id == id; }) != 0;
}

void IoThreads::remove_shared() {
    std::erase_if(entries_, [](const Entry& entry) { return entry.id.empty(); });
}

Result<> IoThreads::check(std::string_view id) const {
    const bool is_known =
        id.empty() || std::any_of(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.id == id; });
    if (!is_known) {
        return fail(concat("Property 'iothread' names '", printable(id),
                           "', which is no -object iothread"));
    }
    return {};
}

Result<IoThread*> IoThreads::find(std::string_view id) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.id == id; });
    if (found != entries_.end()) {
        return found->thread.get();
    }
    SISKIN_TRY(check(id));
    std::unique_ptr<IoThread> thread = SISKIN_TRY(IoThread::create("IO default"));
    entries_.push_back(Entry{"", std::move(thread)});
    configure("", IoThreadConfig());
    return entries_.back().thread.get();
}

}  // namespace siskin
