// SPDX-License-Identifier: Apache-2.0
// Connecting, and connecting again.
#include "qmp/connecting_endpoint.h"

#include "base/log.h"
#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin::qmp {

Result<> ReconnectingEndpoint::start(EventLoop& loop, Serve serve) {
    reconnector_.emplace(loop, addresses_, pause_, "a monitor",
                         [serve = std::move(serve)](Fd socket) {
                             ask_if_there(socket.get());
                             return serve(ByteChannel::of_socket(std::move(socket)));
                         });
    reconnector_->start();
    return {};
}

void ReconnectingEndpoint::on_client_gone() {
    if (reconnector_) {
        reconnector_->lost();
    }
}

Result<> SingleEndpoint::start(EventLoop& loop, Serve serve) {
    timer_ = loop.after(std::chrono::milliseconds::zero(), [this, serve = std::move(serve)] {
        if (const auto served = serve(std::move(client_)); !served) {
            log::warning(concat("a monitor cannot be used: ", served.error().message));
        }
    });
    return {};
}

}  // namespace siskin::qmp
