// SPDX-License-Identifier: Apache-2.0
// Resource descriptors.
#include "firmware/acpi/resources.h"

#include "base/endian.h"

namespace siskin::acpi::resource {
namespace {

// Tags: small items carry their length in the low 3 bits (§6.4.2), large ones in a word (§6.4.3).
constexpr std::uint8_t kIrqTag = 0x22;
constexpr std::uint8_t kIoTag = 0x47;
constexpr std::uint8_t kEndTag = 0x79;
constexpr std::uint8_t kMemory32FixedTag = 0x86;
constexpr std::uint8_t kDwordSpaceTag = 0x87;
constexpr std::uint8_t kWordSpaceTag = 0x88;
constexpr std::uint8_t kInterruptTag = 0x89;
constexpr std::uint8_t kQwordSpaceTag = 0x8a;

constexpr std::uint8_t kMemoryType = 0;
constexpr std::uint8_t kIoType = 1;
constexpr std::uint8_t kBusType = 2;

constexpr std::uint8_t kMinimumAndMaximumFixed = 0x0c;
constexpr std::uint8_t kReadWrite = 0x01;
constexpr std::uint8_t kEntireIoRange = 0x03;

struct IoDescriptor {            // §6.4.2.5
    std::uint8_t tag = kIoTag;   // 0
    std::uint8_t decode = 1;     // 1  all 16 bits
    ule16 minimum;               // 2
    ule16 maximum;               // 4
    std::uint8_t alignment = 1;  // 6
    std::uint8_t length = 0;     // 7
};
static_assert(sizeof(IoDescriptor) == 8);

struct IrqDescriptor {           // §6.4.2.1
    std::uint8_t tag = kIrqTag;  // 0
    ule16 mask;                  // 1
};
static_assert(sizeof(IrqDescriptor) == 3);

struct InterruptDescriptor {           // §6.4.3.6
    std::uint8_t tag = kInterruptTag;  // 0
    ule16 length = std::uint16_t{6};   // 1  of what follows
    std::uint8_t flags = 0;            // 3
    std::uint8_t count = 1;            // 4
    ule32 number;                      // 5
};
static_assert(sizeof(InterruptDescriptor) == 9);

struct Memory32Descriptor {                 // §6.4.3.4
    std::uint8_t tag = kMemory32FixedTag;   // 0
    ule16 length = std::uint16_t{9};        // 1
    std::uint8_t information = kReadWrite;  // 3
    ule32 base;                             // 4
    ule32 size;                             // 8
};
static_assert(sizeof(Memory32Descriptor) == 12);

template <typename Field>
struct AddressSpaceDescriptor {                           // §6.4.3.5.1 to §6.4.3.5.3
    std::uint8_t tag = 0;                                 //  0
    ule16 length = std::uint16_t{3 + 5 * sizeof(Field)};  // 1
    std::uint8_t type = 0;                                //  3
    std::uint8_t general_flags = 0;                       //  4
    std::uint8_t type_flags = 0;                          //  5
    Field granularity;                                    //  6
    Field minimum;                                        //  then in steps of the field's size
    Field maximum;
    Field translation;
    Field size;
};
static_assert(sizeof(AddressSpaceDescriptor<ule16>) == 16);
static_assert(sizeof(AddressSpaceDescriptor<ule32>) == 26);
static_assert(sizeof(AddressSpaceDescriptor<ule64>) == 46);

template <typename T>
Descriptor encode(const T& descriptor) {
    Descriptor bytes;
    append_object(bytes, descriptor);
    return bytes;
}

struct Range {
    std::uint64_t base;
    std::uint64_t length;
};

template <typename Field, typename Integer>
AddressSpaceDescriptor<Field> space(std::uint8_t tag, std::uint8_t type, Range range) {
    const std::uint64_t last = range.base + (range.length - 1);
    SISKIN_ASSERT(range.length != 0 && last >= range.base);
    SISKIN_ASSERT(static_cast<Integer>(last) == last &&
                  static_cast<Integer>(range.length) == range.length);
    AddressSpaceDescriptor<Field> descriptor;
    descriptor.tag = tag;
    descriptor.type = type;
    descriptor.general_flags = kMinimumAndMaximumFixed;
    descriptor.minimum = static_cast<Integer>(range.base);
    descriptor.maximum = static_cast<Integer>(last);
    descriptor.size = static_cast<Integer>(range.length);
    return descriptor;
}

}  // namespace

Descriptor io(std::uint16_t base, std::uint8_t length) {
    IoDescriptor descriptor;
    descriptor.minimum = base;
    descriptor.maximum = base;
    descriptor.length = length;
    return encode(descriptor);
}

Descriptor irq(unsigned isa_irq) {
    SISKIN_ASSERT(isa_irq < 16);
    IrqDescriptor descriptor;
    descriptor.mask = static_cast<std::uint16_t>(1U << isa_irq);
    return encode(descriptor);
}

Descriptor interrupt(Gsi gsi, Trigger trigger, Polarity polarity) {
    constexpr unsigned kConsumer = 1U << 0;
    constexpr unsigned kEdge = 1U << 1;
    constexpr unsigned kActiveLow = 1U << 2;
    InterruptDescriptor descriptor;
    descriptor.flags =
        static_cast<std::uint8_t>(kConsumer | (trigger == Trigger::Edge ? kEdge : 0U) |
                                  (polarity == Polarity::ActiveLow ? kActiveLow : 0U));
    descriptor.number = gsi.value();
    return encode(descriptor);
}

Descriptor memory32_fixed(std::uint32_t base, std::uint32_t length) {
    Memory32Descriptor descriptor;
    descriptor.base = base;
    descriptor.size = length;
    return encode(descriptor);
}

Descriptor word_bus_number(std::uint8_t first, std::uint8_t last) {
    const std::uint64_t count = std::uint64_t{last} - first + 1;
    return encode(space<ule16, std::uint16_t>(kWordSpaceTag, kBusType, {first, count}));
}

Descriptor word_io(std::uint16_t base, std::uint32_t length) {
    auto descriptor = space<ule16, std::uint16_t>(kWordSpaceTag, kIoType, {base, length});
    descriptor.type_flags = kEntireIoRange;
    return encode(descriptor);
}

Descriptor dword_memory(std::uint32_t base, std::uint64_t length) {
    auto descriptor = space<ule32, std::uint32_t>(kDwordSpaceTag, kMemoryType, {base, length});
    descriptor.type_flags = kReadWrite;
    return encode(descriptor);
}

Descriptor qword_memory(std::uint64_t base, std::uint64_t length, Usage usage) {
    auto descriptor = space<ule64, std::uint64_t>(kQwordSpaceTag, kMemoryType, {base, length});
    descriptor.general_flags =
        static_cast<std::uint8_t>(kMinimumAndMaximumFixed | static_cast<unsigned>(usage));
    descriptor.type_flags = kReadWrite;
    return encode(descriptor);
}

Aml make_template(const std::vector<Descriptor>& descriptors) {
    Bytes content;
    for (const Descriptor& descriptor : descriptors) {
        content.insert(content.end(), descriptor.begin(), descriptor.end());
    }
    content.push_back(kEndTag);
    content.push_back(0);  // §6.4.2.9: a checksum of zero means there is none
    return aml::buffer(content);
}

}  // namespace siskin::acpi::resource
