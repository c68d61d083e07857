// SPDX-License-Identifier: Apache-2.0
// What the vhost-user protocol says (QEMU: docs/interop/vhost-user.rst): numbers and layouts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/endian.h"

namespace siskin::vhost_user_spec {

// "Front-end message types".
inline constexpr std::uint32_t kGetFeatures = 1;
inline constexpr std::uint32_t kSetFeatures = 2;
inline constexpr std::uint32_t kSetOwner = 3;
inline constexpr std::uint32_t kSetMemTable = 5;
inline constexpr std::uint32_t kSetVringNum = 8;
inline constexpr std::uint32_t kSetVringAddr = 9;
inline constexpr std::uint32_t kSetVringBase = 10;
inline constexpr std::uint32_t kSetVringKick = 12;
inline constexpr std::uint32_t kSetVringCall = 13;
inline constexpr std::uint32_t kGetProtocolFeatures = 15;
inline constexpr std::uint32_t kSetProtocolFeatures = 16;
inline constexpr std::uint32_t kGetQueueNum = 17;
inline constexpr std::uint32_t kSetVringEnable = 18;
inline constexpr std::uint32_t kSetBackEndRequestFd = 21;
inline constexpr std::uint32_t kGetConfig = 24;

// "Back-end message types".
inline constexpr std::uint32_t kConfigChanged = 2;

// Flags of a message.
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint32_t kVersionMask = 3;
inline constexpr std::uint32_t kFlagReply = 4;
inline constexpr std::uint32_t kFlagNeedReply = 8;

// A virtio feature bit that says that there are protocol features, by number; and those.
inline constexpr unsigned kFeatureProtocolFeatures = 30;
inline constexpr unsigned kProtocolMultiQueue = 0;
inline constexpr unsigned kProtocolReplyAck = 3;
inline constexpr unsigned kProtocolBackEndRequests = 5;
inline constexpr unsigned kProtocolConfig = 9;

struct Header {    // "Header"
    le32 request;  //  0
    le32 flags;    //  4
    le32 size;     //  8  of the payload, in bytes
};
static_assert(sizeof(Header) == 12);

struct Number {  // "A single 64-bit integer"
    le64 value;
};
static_assert(sizeof(Number) == 8);

struct VringState {  // "A vring state description"
    le32 index;      //  0
    le32 number;     //  4
};
static_assert(sizeof(VringState) == 8);

struct VringAddress {  // "A vring address description"
    le32 index;        //  0
    le32 flags;        //  4
    le64 descriptors;  //  8  these three: addresses in the front end's process
    le64 used;         // 16
    le64 available;    // 24
    le64 log;          // 32
};
static_assert(sizeof(VringAddress) == 40 && offsetof(VringAddress, log) == 32);

struct MemoryRegion {    // "Memory region description"
    le64 guest_address;  //  0  what descriptors say
    le64 size;           //  8
    le64 user_address;   // 16  what VringAddress says
    le64 file_offset;    // 24
};
static_assert(sizeof(MemoryRegion) == 32);

// Without VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS.
inline constexpr std::size_t kRegionsMax = 8;

struct MemoryTable {                    // "Multiple memory regions description"
    le32 count;                         //  0
    le32 padding;                       //  4
    MemoryRegion regions[kRegionsMax];  //  8  the first `count` are sent
};
static_assert(sizeof(MemoryTable) == 264 && offsetof(MemoryTable, regions) == 8);

struct ConfigHeader {  // "Virtio device config space", before its bytes
    le32 offset;       //  0
    le32 size;         //  4
    le32 flags;        //  8
};
static_assert(sizeof(ConfigHeader) == 12);

}  // namespace siskin::vhost_user_spec
