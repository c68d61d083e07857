// SPDX-License-Identifier: Apache-2.0
// NbdLink.
#include "devices/block/nbd_link.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace siskin {

Result<NbdLink> NbdLink::create(NbdServer server, const NbdExport& disk,
                                std::unique_ptr<NbdConnection> connection) {
    DescriptorWatch watch = SISKIN_TRY(DescriptorWatch::create());
    return NbdLink(std::move(server), disk, std::move(connection), std::move(watch));
}

NbdLink::NbdLink(NbdServer server, const NbdExport& disk, std::unique_ptr<NbdConnection> connection,
                 DescriptorWatch watch)
    : server_(std::move(server)),
      disk_(disk),
      connection_(std::move(connection)),
      watch_(std::move(watch)),
      was_ready_(is_ready()) {}

void NbdLink::follow() {
    if (connection_ != nullptr) {
        watch_.follow(connection_->descriptor(), connection_->wants_to_write());
    }
}

void NbdLink::seek() {
    if (connection_ != nullptr) {
        return;
    }
    attempt_began_ = Clock::now();
    if (auto begun = NbdConnection::begin(server_)) {
        connection_ = std::move(*begun);
    }
    tick();
}

void NbdLink::on_tick(bool goes_on) {
    if (is_ready()) {
        if (!goes_on) {
            watch_.set_timer(std::chrono::seconds(0));
        }
        return;
    }
    if (connection_ != nullptr && Clock::now() - attempt_began_ >= kAttemptMax) {
        watch_.forget();
        connection_.reset();
    }
    seek();
}

void NbdLink::serve() {
    if (connection_ != nullptr) {
        connection_->on_ready();
    }
}

bool NbdLink::look() {
    if (connection_ == nullptr) {
        return false;
    }
    if (connection_->state() == NbdConnection::State::Gone) {
        return lose(connection_->reason());
    }
    if (!was_ready_ && is_ready()) {
        const NbdExport& now = connection_->disk();
        if (now.size < disk_.size || (now.read_only && !disk_.read_only) ||
            now.request_alignment > disk_.request_alignment) {
            log::warning("an NBD server came back with another disk: it is not used");
            return lose("another disk");
        }
        was_ready_ = true;
    }
    return false;
}

bool NbdLink::lose(const std::string& reason) {
    watch_.forget();
    if (was_ready_) {
        log::warning(concat("connection to NBD server '", server_.addresses.front().text(),
                            "' is lost: ", reason));
    }
    connection_.reset();
    tick();
    return std::exchange(was_ready_, false);
}

}  // namespace siskin
