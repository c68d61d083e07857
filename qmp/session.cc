// SPDX-License-Identifier: Apache-2.0
// The session with one client.
#include "qmp/session.h"

#include <utility>

#include "qmp/parser.h"
#include "qmp/pretty_json.h"
#include "qmp/value_json.h"

namespace siskin::qmp {
namespace {

// QMP spec §2.4.2.
void write_error(JsonWriter& out, const Error& error) {
    out.key("error");
    out.begin_object();
    out.key("class");
    out.string(error_class_name(error.error_class));
    out.key("desc");
    out.string(error.message);
    out.end_object();
}

}  // namespace

Session::Session(const VersionInfo& version, std::span<const CommandRow> table, Outlet outlet,
                 SessionOptions options)
    : table_(table),
      outlet_(std::move(outlet)),
      options_(options),
      framer_({.message_size = options.message_size_max}) {
    put_line(greeting(version));
}

std::size_t Session::receive(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && may_receive()) {
        if (is_stranger(bytes.substr(taken))) {
            over_ = true;
            break;
        }
        std::optional<Frame> frame;
        taken += framer_.feed(bytes.substr(taken), frame);
        if (frame) {
            take(*frame);
        }
    }
    return taken;
}

// What begins a message is no object's begin.
bool Session::is_stranger(std::string_view bytes) const {
    if (!options_.braces_only || negotiation_.is_complete() || !framer_.is_between_messages()) {
        return false;
    }
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && bytes[first] != '{';
}

void Session::take(const Frame& frame) {
    Result<Value> message =
        frame.is_error ? Result<Value>(fail(frame.text)) : parse_json(frame.text);
    if (message) {
        take_message(std::move(*message));
    } else if (negotiation_.is_complete()) {
        ++in_flight_;
        outlet_.submit(Request{std::nullopt, fail(std::move(message).error())});
    } else {
        answer(std::nullopt, fail(std::move(message).error()));
    }
}

void Session::take_message(Value message) {
    std::optional<Value> id = request_id(message);
    Result<CommandObject> object = check_command_object(std::move(message), negotiation_.oob());
    if (!negotiation_.is_complete()) {
        const Result<> done =
            object ? negotiation_.answer(*object) : Result<>(fail(object.error()));
        answer(id, done ? Result<std::string>("{}") : Result<std::string>(fail(done.error())));
        return;
    }
    const CommandRow* const row = object ? find_command(table_, object->command) : nullptr;
    const bool out_of_band = object && object->out_of_band;
    Result<CommandCall> call = object ? decode_call(std::move(*object), table_, options_.role)
                                      : Result<CommandCall>(fail(object.error()));
    // QMP spec §2.3.1: an out-of-band command overtakes those that wait.
    if (out_of_band) {
        answer(id, call ? outlet_.run_out_of_band(id, *call)
                        : Result<std::string>(fail(std::move(call).error())));
        return;
    }
    ++in_flight_;
    Fd descriptor = descriptor_for(call);
    outlet_.submit(Request{std::move(id), std::move(call), std::move(descriptor),
                           row == nullptr ? std::string_view() : row->name});
}

Fd Session::descriptor_for(const Result<CommandCall>& call) {
    if (!call || !call->command->takes_descriptor || descriptors_.empty()) {
        return {};
    }
    Fd first = std::move(descriptors_.front());
    descriptors_.clear();
    return first;
}

void Session::reply(const Reply& reply) {
    --in_flight_;
    answer(reply.id, reply.result);
}

// QEMU puts the id first in errors and last in returns.
void Session::answer(const std::optional<Value>& id, const Result<std::string>& result) {
    JsonWriter out;
    out.begin_object();
    if (result) {
        out.key("return");
        out.text(*result);
    }
    if (id) {
        out.key("id");
        write_json(out, *id);
    }
    if (!result) {
        write_error(out, result.error());
    }
    out.end_object();
    put_line(out.take());
}

void Session::put_line(std::string_view json) {
    if (options_.pretty) {
        output_.append(pretty_json(json));
    } else {
        output_.append(json);
    }
    output_.append(kLineEnd);
}

bool Session::send_event(std::string_view line) {
    if (!negotiation_.is_complete()) {
        return true;
    }
    if (output_.size() >= kOutputMax) {
        return false;
    }
    send_replay(line);
    return true;
}

void Session::send_replay(std::string_view line) {
    if (options_.pretty) {
        put_line(line);
    } else {
        output_.append(line);
    }
}

}  // namespace siskin::qmp
