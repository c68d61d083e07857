// SPDX-License-Identifier: Apache-2.0
// What virtio 1.2 §5.6 says of the SCSI host device: numbers and layouts, nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/endian.h"

namespace siskin::virtio_spec {

inline constexpr std::uint32_t kScsiClassCode = 0x010000;  // mass storage, SCSI

// §5.6.2: virtqueues, by index; request queues follow.
inline constexpr std::uint16_t kScsiControlQueue = 0;
inline constexpr std::uint16_t kScsiEventQueue = 1;
inline constexpr std::uint16_t kScsiRequestQueue = 2;

// §5.6.3: feature bits, by number.
inline constexpr unsigned kScsiFeatureInOut = 0;  // not offered
inline constexpr unsigned kScsiFeatureHotplug = 1;
inline constexpr unsigned kScsiFeatureChange = 2;
inline constexpr unsigned kScsiFeatureT10Pi = 3;  // not offered

struct ScsiConfigSpace {   // §5.6.4
    le32 num_queues;       //  0  request queues
    le32 seg_max;          //  4
    le32 max_sectors;      //  8
    le32 cmd_per_lun;      // 12
    le32 event_info_size;  // 16
    le32 sense_size;       // 20  writable
    le32 cdb_size;         // 24  writable
    le16 max_channel;      // 28
    le16 max_target;       // 30
    le32 max_lun;          // 32
};
static_assert(sizeof(ScsiConfigSpace) == 36 && offsetof(ScsiConfigSpace, sense_size) == 20);
static_assert(offsetof(ScsiConfigSpace, cdb_size) == 24);
inline constexpr std::uint32_t kScsiSenseSizeDefault = 96;
inline constexpr std::uint32_t kScsiCdbSizeDefault = 32;

// §5.6.6.1: the beginning of `lun`, and of that of the REPORT LUNS well-known unit.
using ScsiLunField = std::array<std::uint8_t, 8>;
inline constexpr std::uint8_t kScsiLunFirst = 0x01;

struct ScsiRequestHeader {       // §5.6.6.1, followed by cdb_size bytes
    ScsiLunField lun{};          //  0
    ule64 id;                    //  8
    std::uint8_t task_attr = 0;  // 16
    std::uint8_t prio = 0;       // 17
    std::uint8_t crn = 0;        // 18
};
static_assert(sizeof(ScsiRequestHeader) == 19);

struct ScsiResponseHeader {     // §5.6.6.1, followed by sense_size bytes
    ule32 sense_len;            //  0
    ule32 residual;             //  4
    ule16 status_qualifier;     //  8
    std::uint8_t status = 0;    // 10
    std::uint8_t response = 0;  // 11
};
static_assert(sizeof(ScsiResponseHeader) == 12);

// §5.6.6.1 and §5.6.6.2: values of `response`.
inline constexpr std::uint8_t kScsiOk = 0;
inline constexpr std::uint8_t kScsiOverrun = 1;
inline constexpr std::uint8_t kScsiAborted = 2;
inline constexpr std::uint8_t kScsiBadTarget = 3;
inline constexpr std::uint8_t kScsiReset = 4;
inline constexpr std::uint8_t kScsiFailure = 9;
inline constexpr std::uint8_t kScsiFunctionComplete = 0;
inline constexpr std::uint8_t kScsiFunctionSucceeded = 10;
inline constexpr std::uint8_t kScsiFunctionRejected = 11;
inline constexpr std::uint8_t kScsiIncorrectLun = 12;

// §5.6.6.2: kinds of control requests, and task management functions.
inline constexpr std::uint32_t kScsiTaskManagement = 0;
inline constexpr std::uint32_t kScsiNotificationQuery = 1;
inline constexpr std::uint32_t kScsiNotificationSubscribe = 2;
inline constexpr std::uint32_t kScsiAbortTask = 0;
inline constexpr std::uint32_t kScsiAbortTaskSet = 1;
inline constexpr std::uint32_t kScsiClearTaskSet = 3;
inline constexpr std::uint32_t kScsiNexusReset = 4;
inline constexpr std::uint32_t kScsiUnitReset = 5;
inline constexpr std::uint32_t kScsiQueryTask = 6;
inline constexpr std::uint32_t kScsiQueryTaskSet = 7;

struct ScsiTaskManagementRequest {  // §5.6.6.2, behind its type; a response byte follows
    ule32 subtype;                  //  0
    ScsiLunField lun{};             //  4
    ule64 id;                       // 12
};
static_assert(sizeof(ScsiTaskManagementRequest) == 20);

struct ScsiNotificationRequest {  // §5.6.6.2, behind its type
    ScsiLunField lun{};           //  0
    ule32 event_requested;        //  8
};
static_assert(sizeof(ScsiNotificationRequest) == 12);

struct ScsiNotificationResponse {  // §5.6.6.2
    ule32 event_actual;            //  0
    std::uint8_t response = 0;     //  4
};
static_assert(sizeof(ScsiNotificationResponse) == 5);

struct ScsiEvent {       // §5.6.6.3
    le32 event;          //  0
    ScsiLunField lun{};  //  4
    le32 reason;         // 12
};
static_assert(sizeof(ScsiEvent) == 16);
inline constexpr std::uint32_t kScsiEventTransportReset = 1;
inline constexpr std::uint32_t kScsiEventParameterChange = 3;
inline constexpr std::uint32_t kScsiEventsMissed = 0x80000000;
inline constexpr std::uint32_t kScsiResetRescan = 1;
inline constexpr std::uint32_t kScsiResetRemoved = 2;

}  // namespace siskin::virtio_spec
