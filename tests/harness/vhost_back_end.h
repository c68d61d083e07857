// SPDX-License-Identifier: Apache-2.0
// VhostBackEnd: a vhost-user-blk back end that runs a step at a time, and dies or lies on demand.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/byte_channel.h"
#include "base/fd.h"
#include "base/mapping.h"
#include "virtio/vhost_user/disk_info.h"
#include "virtio/vhost_user/spec.h"

namespace siskin::test {

// A disk with a write cache that does not outlive its back end.
struct CachedDisk {
    explicit CachedDisk(std::size_t size) : durable(size), cached(size) {}
    void lose_cache() { cached = durable; }

    std::vector<std::uint8_t> durable;
    std::vector<std::uint8_t> cached;
    unsigned writes = 0;
    unsigned flushes = 0;
};

// When a back end dies, of a request.
enum class VhostDeath {
    BeforeWork,   // the request was taken from the ring and nothing else
    AfterWork,    // it was carried out
    AfterReturn,  // it lies in the used ring, and nobody was told
    AfterCall,    // somebody was told
};
class VhostBackEnd;

struct VhostScript {
    std::optional<unsigned> dies_at_message;  // instead of handling it
    std::optional<unsigned> dies_at_request;
    VhostDeath death = VhostDeath::BeforeWork;
    std::optional<unsigned> silent_from_message;
    std::optional<unsigned> silent_from_request;
    // Requests wait until this many are there, then the last comes first.
    unsigned batch = 1;
    bool reply_ack = true;
    bool fails_flushes = false;
    // Changes the reply to a message, by its number: header and payload.
    std::function<void(unsigned message, std::string& reply)> lie;
    // Called for each request in the stead of an honest return.
    std::function<void(VhostBackEnd& self, std::uint16_t ring, std::uint16_t head)> returns;
};

// Thread: the test's.
class VhostBackEnd {
public:
    using Death = VhostDeath;
    using Script = VhostScript;

    // `socket` is the back end's end of a connection.
    VhostBackEnd(Fd socket, CachedDisk& disk, Script script = Script());

    // Does what there is to do. False once it is dead.
    bool step();
    void die();
    [[nodiscard]] bool is_dead() const { return !channel_.is_open(); }
    // The front end has closed the connection.
    [[nodiscard]] bool saw_end() const { return saw_end_; }
    [[nodiscard]] unsigned messages() const { return messages_; }
    [[nodiscard]] unsigned requests() const { return requests_; }
    [[nodiscard]] std::size_t rings() const { return rings_.size(); }
    [[nodiscard]] const std::vector<std::uint32_t>& seen() const { return seen_; }

    // For `returns`.
    void put_used(std::uint16_t ring, std::uint32_t id);
    void move_used_index(std::uint16_t ring, std::uint16_t by);
    void call(std::uint16_t ring);
    // Of the disk that is told; before it is asked for.
    DiskInfo info;
    std::uint64_t protocol_features;
    // On its own channel.
    bool send_request(std::uint32_t request, bool need_reply);

private:
    struct Region {
        std::uint64_t address;
        std::uint64_t size;
        std::uint64_t offset;
        Mapping mapping;
    };
    struct Ring {
        std::uint16_t size = 0;
        std::uint16_t next = 0;
        std::uint16_t used = 0;
        std::array<std::uint64_t, 3> addresses{};  // descriptors, used, available
        Fd kick;
        Fd call;
        bool enabled = false;
    };

    void take_messages();
    void handle(std::uint32_t request, std::uint32_t flags, const std::string& payload,
                std::vector<Fd> descriptors);
    void set(std::uint32_t request, const std::string& payload, std::vector<Fd>& descriptors);
    void reply(std::uint32_t request, const std::string& payload);
    void serve(std::uint16_t index, Ring& ring);
    void run(std::uint16_t index, std::uint16_t head);
    // True: it died.
    bool dies(unsigned request, Death at);
    std::uint8_t carry_out(const std::vector<std::pair<std::byte*, std::uint32_t>>& buffers);
    [[nodiscard]] std::byte* at(std::uint64_t address, std::uint64_t size);

    ByteChannel channel_;
    CachedDisk& disk_;
    Script script_;
    std::string bytes_;
    std::vector<Fd> descriptors_;
    std::vector<Region> regions_;
    std::map<std::uint32_t, Ring> rings_;
    std::optional<ByteChannel> requests_channel_;
    std::vector<std::uint32_t> seen_;
    std::vector<std::pair<std::uint16_t, std::uint16_t>> waiting_;
    unsigned messages_ = 0;
    unsigned requests_ = 0;
    bool silent_ = false;
    bool saw_end_ = false;
};

}  // namespace siskin::test
