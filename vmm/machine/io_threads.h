// SPDX-License-Identifier: Apache-2.0
// IoThreads: the machine's I/O threads, by the id of their -object iothread, and the default one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop/io_thread.h"
#include "base/result.h"
#include "vmm/machine/io_thread_config.h"

namespace siskin {

// Thread: VM loop.
class IoThreads {
public:
    struct Entry {
        std::string id;  // empty: the one that devices share
        std::unique_ptr<IoThread> thread;
        IoThreadConfig config = {};
    };

    // -object iothread,id=... Errors: the id is no identifier, or taken.
    [[nodiscard]] Result<> add(const std::string& id, const IoThreadConfig& config = {});
    // There is one of that id. The thread has them after its next turn.
    void configure(std::string_view id, const IoThreadConfig& config);
    // The thread of that id; the empty id is the one that devices share which name none, made when
    // first asked for. Error: there is none of that id.
    [[nodiscard]] Result<IoThread*> find(std::string_view id);

    // Whether find() would know the id.
    [[nodiscard]] Result<> check(std::string_view id) const;

    // No device uses it. False when there is none of that id.
    [[nodiscard]] bool remove(std::string_view id);
    // The one that devices without an iothread share; no device uses it.
    void remove_shared();
    // In the order of creation.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    std::vector<Entry> entries_;
};

}  // namespace siskin
