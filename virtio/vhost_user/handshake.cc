// SPDX-License-Identifier: Apache-2.0
// Handshake.
#include "virtio/vhost_user/handshake.h"

#include <array>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace siskin {

namespace spec = vhost_user_spec;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

// Without multiple regions of one file: QEMU's number of queues at most.
constexpr std::uint64_t kQueuesMax = 1024;

struct ConfigMessage {
    spec::ConfigHeader header;
    std::array<std::byte, DiskInfo::kConfigSize> bytes;
};
static_assert(sizeof(ConfigMessage) == sizeof(spec::ConfigHeader) + DiskInfo::kConfigSize);

std::uint64_t address_of(const void* data) {
    return reinterpret_cast<std::uintptr_t>(data);
}

// Descriptors and rings are told the same addresses: ours.
spec::MemoryRegion region_of(const std::byte* data, std::uint64_t size, std::uint64_t offset) {
    return spec::MemoryRegion{address_of(data), size, address_of(data), offset};
}

}  // namespace

Result<> Handshake::begin() {
    return ask(spec::kGetFeatures);
}

Result<> Handshake::ask(std::uint32_t request, std::span<const std::byte> payload) {
    awaited_ = request;
    return channel_.send(request, 0, payload);
}

template <typename T>
void Handshake::plan(std::uint32_t request, const T& payload, std::vector<int> descriptors) {
    planned_.push_back(Outgoing{request,
                                std::string(reinterpret_cast<const char*>(&payload), sizeof(T)),
                                std::move(descriptors)});
}

Result<> Handshake::send_planned() {
    const bool is_acknowledged = protocol_.has(spec::kProtocolReplyAck);
    while (!planned_.empty()) {
        const Outgoing next = std::move(planned_.front());
        planned_.pop_front();
        SISKIN_TRY(channel_.send(next.request, is_acknowledged ? spec::kFlagNeedReply : 0,
                                 bytes_of(next.payload), next.descriptors));
        if (is_acknowledged) {
            awaited_ = next.request;
            return {};
        }
    }
    if (state_ == State::SettingUp) {
        state_ = State::Done;
        return {};
    }
    return ask_config();
}

Result<> Handshake::on_message(const VhostUserMessage& message) {
    constexpr std::uint32_t kFlags = spec::kVersion | spec::kFlagReply;
    if (awaited_ == 0 || message.request != awaited_) {
        return fail(
            concat("it sent message ", message.request, ", expected is ",
                   awaited_ == 0 ? std::string("none") : concat("the reply to ", awaited_)));
    }
    if (message.flags != kFlags) {
        return fail(concat("its reply to message ", message.request, " has flags ",
                           hex(message.flags), ", expected is ", hex(kFlags)));
    }
    const std::uint32_t request = std::exchange(awaited_, 0);
    if (request == spec::kGetConfig) {
        return on_config(message);
    }
    const auto number = message.read<spec::Number>();
    if (!number) {
        return fail(concat("its reply to message ", request, " has ", message.payload.size(),
                           " bytes, expected is ", sizeof(spec::Number)));
    }
    return on_number(request, number->value.value());
}

Result<> Handshake::on_number(std::uint32_t request, std::uint64_t value) {
    switch (request) {
        case spec::kGetFeatures:
            disk_.features = FeatureSet(value);
            if (!disk_.features.has(spec::kFeatureProtocolFeatures)) {
                return fail("it does not offer VHOST_USER_F_PROTOCOL_FEATURES");
            }
            return ask(spec::kGetProtocolFeatures);
        case spec::kGetProtocolFeatures: {
            constexpr FeatureSet kWanted{spec::kProtocolMultiQueue, spec::kProtocolReplyAck,
                                         spec::kProtocolBackEndRequests, spec::kProtocolConfig};
            protocol_ = FeatureSet(value & kWanted.bits());
            return after_protocol_features();
        }
        case spec::kGetQueueNum:
            if (value == 0 || value > kQueuesMax) {
                return fail(concat("it serves ", value, " queues, allowed is 1 to ", kQueuesMax));
            }
            disk_.queues_max = static_cast<std::uint16_t>(value);
            planned_.push_back(Outgoing{spec::kSetOwner, {}, {}});
            return send_planned();
        default:
            if (value != 0) {
                return fail(concat("it refused message ", request, " with ", value));
            }
            return send_planned();
    }
}

Result<> Handshake::after_protocol_features() {
    if (!protocol_.has(spec::kProtocolConfig)) {
        return fail("it does not offer VHOST_USER_PROTOCOL_F_CONFIG");
    }
    // Acknowledged itself only from the next message on.
    const spec::Number number{protocol_.bits()};
    SISKIN_TRY(channel_.send(spec::kSetProtocolFeatures, 0, std::as_bytes(std::span(&number, 1))));
    if (protocol_.has(spec::kProtocolMultiQueue)) {
        return ask(spec::kGetQueueNum);
    }
    planned_.push_back(Outgoing{spec::kSetOwner, {}, {}});
    return send_planned();
}

Result<> Handshake::ask_config() {
    ConfigMessage message{};
    message.header.size = std::uint32_t{DiskInfo::kConfigSize};
    return ask(spec::kGetConfig, std::as_bytes(std::span(&message, 1)));
}

Result<> Handshake::on_config(const VhostUserMessage& message) {
    const auto config = message.read<ConfigMessage>();
    if (!config || config->header.offset.value() != 0 ||
        config->header.size.value() != DiskInfo::kConfigSize) {
        return fail(concat("it did not tell the ", DiskInfo::kConfigSize,
                           " bytes of its configuration space"));
    }
    std::memcpy(&disk_.config, config->bytes.data(), config->bytes.size());
    SISKIN_TRY(check_disk_info(disk_));
    if (state_ == State::Asking) {
        state_ = State::DiskKnown;
    }
    return {};
}

Result<> Handshake::set_up(const HandshakeParts& parts) {
    SISKIN_ASSERT(state_ == State::DiskKnown);
    state_ = State::SettingUp;
    if (parts.requests >= 0) {
        planned_.push_back(Outgoing{spec::kSetBackEndRequestFd, {}, {parts.requests}});
    }
    plan(spec::kSetFeatures, spec::Number{used_features(disk_).bits()});
    SISKIN_TRY(plan_memory(parts));
    for (std::uint32_t index = 0; index < parts.rings.rings().size(); ++index) {
        plan_ring(parts, index);
    }
    for (std::uint32_t index = 0; index < parts.rings.rings().size(); ++index) {
        plan(spec::kSetVringEnable, spec::VringState{index, std::uint32_t{1}});
    }
    return send_planned();
}

Result<> Handshake::plan_memory(const HandshakeParts& parts) {
    spec::MemoryTable table;
    std::vector<int> files{parts.rings.file().get()};
    table.regions[0] = region_of(parts.rings.mapping().data(), parts.rings.mapping().size(), 0);
    for (const GuestRegion& region : parts.memory.regions()) {
        if (files.size() == spec::kRegionsMax) {
            return fail(concat("guest memory has ", parts.memory.regions().size(),
                               " regions, the most is ", spec::kRegionsMax - 1));
        }
        SISKIN_ASSERT(region.file != nullptr);
        table.regions[files.size()] =
            region_of(region.data(), region.size().value(), region.offset);
        files.push_back(region.file->get());
    }
    table.count = static_cast<std::uint32_t>(files.size());
    const std::size_t size =
        offsetof(spec::MemoryTable, regions) + files.size() * sizeof(spec::MemoryRegion);
    planned_.push_back(Outgoing{spec::kSetMemTable,
                                std::string(reinterpret_cast<const char*>(&table), size),
                                std::move(files)});
    return {};
}

// A ring of a new connection begins at 0: nobody has looked at it yet.
void Handshake::plan_ring(const HandshakeParts& parts, std::uint32_t index) {
    const ShadowRing& ring = parts.rings.rings()[index];
    plan(spec::kSetVringNum, spec::VringState{index, std::uint32_t{ring.entries()}});
    plan(spec::kSetVringBase, spec::VringState{index, std::uint32_t{0}});
    plan(spec::kSetVringAddr,
         spec::VringAddress{index, std::uint32_t{0}, address_of(ring.descriptors()),
                            address_of(ring.used()), address_of(ring.available()),
                            std::uint64_t{0}});
    plan(spec::kSetVringCall, spec::Number{std::uint64_t{index}}, {parts.call.get()});
    plan(spec::kSetVringKick, spec::Number{std::uint64_t{index}}, {parts.kicks[index].get()});
}

}  // namespace siskin
