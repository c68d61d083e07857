// SPDX-License-Identifier: Apache-2.0
// VhostBackEnd.
#include "tests/harness/vhost_back_end.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory/guest_span.h"
#include "virtio/block/spec.h"
#include "virtio/spec.h"

namespace siskin::test {

namespace protocol = vhost_user_spec;
namespace spec = virtio_spec;

namespace {

template <typename T>
T read_as(const std::string& bytes) {
    T object{};
    SISKIN_ASSERT(bytes.size() == sizeof(T));
    std::memcpy(&object, bytes.data(), sizeof(T));
    return object;
}

template <typename T>
std::string bytes_of(const T& object) {
    return std::string(reinterpret_cast<const char*>(&object), sizeof(T));
}

FeatureSet all_features() {
    return FeatureSet{spec::kFeatureVersion1,
                      spec::kFeatureRingIndirectDesc,
                      protocol::kFeatureProtocolFeatures,
                      spec::kBlockFeatureBlockSize,
                      spec::kBlockFeatureFlush,
                      spec::kBlockFeatureTopology,
                      spec::kBlockFeatureMultiQueue,
                      spec::kBlockFeatureDiscard,
                      spec::kBlockFeatureWriteZeroes,
                      spec::kBlockFeatureConfigWce};
}

}  // namespace

VhostBackEnd::VhostBackEnd(Fd socket, CachedDisk& disk, Script script)
    : protocol_features(FeatureSet{protocol::kProtocolMultiQueue,
                                   protocol::kProtocolBackEndRequests, protocol::kProtocolConfig}
                            .bits()),
      channel_(ByteChannel::of_socket(std::move(socket))),
      disk_(disk),
      script_(std::move(script)) {
    if (script_.reply_ack) {
        protocol_features |= 1U << protocol::kProtocolReplyAck;
    }
    info.features = all_features();
    info.queues_max = 8;
    info.config.capacity = std::uint64_t{disk.cached.size() / spec::kSectorSize};
    info.config.block_size = spec::kSectorSize;
    info.config.max_discard_sectors = 32768U;
    info.config.max_write_zeroes_sectors = 32768U;
}

void VhostBackEnd::die() {
    channel_.close();
    requests_channel_.reset();
    rings_.clear();
    regions_.clear();
    waiting_.clear();
    disk_.lose_cache();
}

bool VhostBackEnd::step() {
    if (!is_dead()) {
        take_messages();
    }
    for (std::uint32_t index = 0; index < 64 && !is_dead(); ++index) {
        const auto ring = rings_.find(index);
        if (ring != rings_.end() && ring->second.enabled && ring->second.kick.valid()) {
            serve(static_cast<std::uint16_t>(index), ring->second);
        }
    }
    return !is_dead();
}

void VhostBackEnd::take_messages() {
    while (!is_dead() && !silent_) {
        protocol::Header header;
        std::size_t wanted = sizeof(header);
        if (bytes_.size() >= wanted) {
            std::memcpy(&header, bytes_.data(), sizeof(header));
            wanted += header.size.value();
        }
        if (bytes_.size() < wanted) {
            std::string more;
            const auto outcome = channel_.receive(wanted - bytes_.size(), more, descriptors_);
            saw_end_ = saw_end_ || outcome == ByteChannel::Outcome::Ended;
            if (outcome != ByteChannel::Outcome::Moved) {
                return;
            }
            bytes_ += more;
        }
        if (bytes_.size() < sizeof(header)) {
            continue;
        }
        std::memcpy(&header, bytes_.data(), sizeof(header));
        if (bytes_.size() < sizeof(header) + header.size.value()) {
            continue;
        }
        const std::string payload = bytes_.substr(sizeof(header));
        bytes_.clear();
        handle(header.request, header.flags, payload, std::exchange(descriptors_, {}));
    }
}

void VhostBackEnd::handle(std::uint32_t request, std::uint32_t flags, const std::string& payload,
                          std::vector<Fd> descriptors) {
    if (script_.dies_at_message && messages_ == *script_.dies_at_message) {
        die();
        return;
    }
    seen_.push_back(request);
    ++messages_;
    if (script_.silent_from_message && messages_ > *script_.silent_from_message) {
        silent_ = true;
        return;
    }
    switch (request) {
        case protocol::kGetFeatures: reply(request, bytes_of(le64(info.features.bits()))); return;
        case protocol::kGetProtocolFeatures:
            reply(request, bytes_of(le64(protocol_features)));
            return;
        case protocol::kGetQueueNum:
            reply(request, bytes_of(le64(std::uint64_t{info.queues_max})));
            return;
        case protocol::kGetConfig: {
            std::string config = payload;
            std::memcpy(config.data() + sizeof(protocol::ConfigHeader), &info.config,
                        DiskInfo::kConfigSize);
            reply(request, config);
            return;
        }
        default: set(request, payload, descriptors);
    }
    if ((flags & protocol::kFlagNeedReply) != 0) {
        reply(request, bytes_of(le64(std::uint64_t{0})));
    }
}

void VhostBackEnd::set(std::uint32_t request, const std::string& payload,
                       std::vector<Fd>& descriptors) {
    if (request == protocol::kSetMemTable) {
        protocol::MemoryTable table{};
        std::memcpy(&table, payload.data(), payload.size());
        for (std::uint32_t index = 0; index < table.count.value(); ++index) {
            const protocol::MemoryRegion& region = table.regions[index];
            const std::uint64_t offset = region.file_offset.value();
            auto mapping = Mapping::shared(descriptors.at(index), region.size.value() + offset);
            SISKIN_ASSERT(mapping.has_value() && region.guest_address == region.user_address);
            regions_.push_back(Region{region.guest_address.value(), region.size.value(), offset,
                                      std::move(*mapping)});
        }
    } else if (request == protocol::kSetVringNum) {
        const auto state = read_as<protocol::VringState>(payload);
        rings_[state.index].size = static_cast<std::uint16_t>(state.number.value());
    } else if (request == protocol::kSetVringAddr) {
        const auto told = read_as<protocol::VringAddress>(payload);
        rings_[told.index].addresses = {told.descriptors, told.used, told.available};
    } else if (request == protocol::kSetVringBase) {
        const auto state = read_as<protocol::VringState>(payload);
        rings_[state.index].next = static_cast<std::uint16_t>(state.number.value());
    } else if (request == protocol::kSetVringCall) {
        rings_[static_cast<std::uint32_t>(read_as<le64>(payload).value())].call =
            std::move(descriptors.at(0));
    } else if (request == protocol::kSetVringKick) {
        rings_[static_cast<std::uint32_t>(read_as<le64>(payload).value())].kick =
            std::move(descriptors.at(0));
    } else if (request == protocol::kSetVringEnable) {
        rings_[read_as<protocol::VringState>(payload).index].enabled = true;
    } else if (request == protocol::kSetBackEndRequestFd) {
        requests_channel_.emplace(ByteChannel::of_socket(std::move(descriptors.at(0))));
    }
}

void VhostBackEnd::reply(std::uint32_t request, const std::string& payload) {
    const protocol::Header header{request, protocol::kVersion | protocol::kFlagReply,
                                  static_cast<std::uint32_t>(payload.size())};
    std::string message = bytes_of(header) + payload;
    if (script_.lie) {
        script_.lie(messages_ - 1, message);
    }
    std::size_t sent = 0;
    [[maybe_unused]] const auto outcome = channel_.send(message, sent);
}

bool VhostBackEnd::send_request(std::uint32_t request, bool need_reply) {
    const protocol::Header header{
        request, protocol::kVersion | (need_reply ? protocol::kFlagNeedReply : 0U), 0U};
    std::size_t sent = 0;
    return requests_channel_ &&
           requests_channel_->send(bytes_of(header), sent) == ByteChannel::Outcome::Moved;
}

std::byte* VhostBackEnd::at(std::uint64_t address, std::uint64_t size) {
    const auto region = std::find_if(regions_.begin(), regions_.end(), [&](const Region& one) {
        return address >= one.address && address + size <= one.address + one.size;
    });
    SISKIN_ASSERT(region != regions_.end());  // an address of the memory table
    return region->mapping.data() + region->offset + (address - region->address);
}

void VhostBackEnd::serve(std::uint16_t index, Ring& ring) {
    std::uint64_t count = 0;
    if (::read(ring.kick.get(), &count, sizeof(count)) < 0) {
        count = 0;
    }
    const GuestSpan available(at(ring.addresses[2], 4U + ring.size * 2U), 4U + ring.size * 2U);
    const auto offered =
        available.load<std::uint16_t>(spec::kRingIndexOffset, std::memory_order_acquire);
    while (ring.next != offered) {
        const std::size_t entry = ring.next % ring.size;
        waiting_.emplace_back(index,
                              available.read<le16>(spec::kRingEntriesOffset + entry * 2).value());
        ++ring.next;
    }
    if (waiting_.size() < script_.batch) {
        return;
    }
    while (!waiting_.empty() && !is_dead()) {
        const auto [of_ring, head] = waiting_.back();
        waiting_.pop_back();
        run(of_ring, head);
    }
}

bool VhostBackEnd::dies(unsigned request, Death death) {
    if (script_.dies_at_request == request && script_.death == death) {
        die();
        return true;
    }
    return false;
}

void VhostBackEnd::run(std::uint16_t index, std::uint16_t head) {
    const unsigned number = requests_++;
    if (script_.silent_from_request && number >= *script_.silent_from_request) {
        return;
    }
    if (dies(number, Death::BeforeWork)) {
        return;
    }
    if (script_.returns) {
        script_.returns(*this, index, head);
        return;
    }
    const Ring& ring = rings_.at(index);
    const GuestSpan table(at(ring.addresses[0], ring.size * 16U), ring.size * 16U);
    const auto indirect = table.read<spec::Descriptor>(head * sizeof(spec::Descriptor));
    SISKIN_ASSERT(indirect.flags == spec::kDescriptorIndirect);
    const GuestSpan list(at(indirect.address, indirect.length), indirect.length);
    std::vector<std::pair<std::byte*, std::uint32_t>> buffers;
    for (std::size_t at_byte = 0; at_byte < list.size(); at_byte += sizeof(spec::Descriptor)) {
        const auto buffer = list.read<spec::Descriptor>(at_byte);
        buffers.emplace_back(at(buffer.address, buffer.length), buffer.length.value());
    }
    *buffers.back().first = static_cast<std::byte>(carry_out(buffers));
    if (dies(number, Death::AfterWork)) {
        return;
    }
    put_used(index, head);
    if (dies(number, Death::AfterReturn)) {
        return;
    }
    call(index);
    [[maybe_unused]] const bool dead = dies(number, Death::AfterCall);
}

std::uint8_t VhostBackEnd::carry_out(
    const std::vector<std::pair<std::byte*, std::uint32_t>>& buffers) {
    const auto header =
        GuestSpan(buffers.front().first, buffers.front().second).read<spec::BlockRequestHeader>();
    if (header.type == spec::kBlockFlush) {
        ++disk_.flushes;
        if (!script_.fails_flushes) {
            disk_.durable = disk_.cached;
        }
        return script_.fails_flushes ? spec::kBlockStatusIoError : spec::kBlockStatusOk;
    }
    if (header.type == spec::kBlockWriteZeroes || header.type == spec::kBlockDiscard) {
        const auto range =
            GuestSpan(buffers[1].first, buffers[1].second).read<spec::BlockRangeSegment>();
        std::fill_n(disk_.cached.begin() +
                        static_cast<std::ptrdiff_t>(range.sector.value() * spec::kSectorSize),
                    range.num_sectors.value() * spec::kSectorSize, std::uint8_t{0});
        return spec::kBlockStatusOk;
    }
    std::uint64_t offset = header.sector.value() * spec::kSectorSize;
    for (std::size_t index = 1; index + 1 < buffers.size(); ++index) {
        const auto [data, size] = buffers[index];
        if (offset + size > disk_.cached.size()) {
            return spec::kBlockStatusIoError;
        }
        if (header.type == spec::kBlockWrite) {
            std::memcpy(disk_.cached.data() + offset, data, size);
        } else {
            std::memcpy(data, disk_.cached.data() + offset, size);
        }
        offset += size;
    }
    disk_.writes += header.type == spec::kBlockWrite ? 1 : 0;
    return spec::kBlockStatusOk;
}

void VhostBackEnd::put_used(std::uint16_t ring_index, std::uint32_t id) {
    Ring& ring = rings_.at(ring_index);
    const std::size_t size = 4U + ring.size * sizeof(spec::UsedElement);
    const GuestSpan used(at(ring.addresses[1], size), size);
    used.write(spec::UsedElement{id, 1U},
               spec::kRingEntriesOffset + ring.used % ring.size * sizeof(spec::UsedElement));
    move_used_index(ring_index, 1);
}

void VhostBackEnd::move_used_index(std::uint16_t ring_index, std::uint16_t by) {
    Ring& ring = rings_.at(ring_index);
    ring.used = static_cast<std::uint16_t>(ring.used + by);
    GuestSpan(at(ring.addresses[1], 4), 4)
        .store<std::uint16_t>(ring.used, spec::kRingIndexOffset, std::memory_order_release);
}

void VhostBackEnd::call(std::uint16_t ring_index) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written =
        ::write(rings_.at(ring_index).call.get(), &one, sizeof(one));
}

}  // namespace siskin::test
