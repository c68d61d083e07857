// SPDX-License-Identifier: Apache-2.0
// The AML encoder.
#include "firmware/acpi/aml.h"

#include <array>
#include <charconv>
#include <initializer_list>

namespace siskin::acpi::aml {
namespace {

// Opcodes, ACPI 6.4 §20.3. Those above 0xff are "extended": 0x5b and the low byte.
enum class Op : std::uint16_t {
    Zero = 0x00,
    One = 0x01,
    Name = 0x08,
    BytePrefix = 0x0a,
    WordPrefix = 0x0b,
    DwordPrefix = 0x0c,
    StringPrefix = 0x0d,
    QwordPrefix = 0x0e,
    Scope = 0x10,
    Buffer = 0x11,
    Package = 0x12,
    Method = 0x14,
    DualName = 0x2e,
    MultiName = 0x2f,
    Local0 = 0x60,
    Arg0 = 0x68,
    Store = 0x70,
    And = 0x7b,
    Or = 0x7d,
    CreateDwordField = 0x8a,
    LogicalNot = 0x92,
    Equal = 0x93,
    Less = 0x95,
    If = 0xa0,
    Else = 0xa1,
    Return = 0xa4,
    Ones = 0xff,
    Notify = 0x86,
    Index = 0x88,
    Mutex = 0x5b01,
    Acquire = 0x5b23,
    Release = 0x5b27,
    OperationRegion = 0x5b80,
    Field = 0x5b81,
    Device = 0x5b82,
};

constexpr std::size_t kNameSegmentLength = 4;
constexpr std::size_t kPackageElementsMax = 255;
constexpr unsigned kArgumentsMax = 7;
constexpr unsigned kLocalsMax = 8;

void put_op(Bytes& out, Op op) {
    const auto code = static_cast<std::uint16_t>(op);
    if (code > 0xff) {
        out.push_back(static_cast<std::uint8_t>(code >> 8));
    }
    out.push_back(static_cast<std::uint8_t>(code & 0xff));
}

void put(Bytes& out, const Aml& term) {
    out.insert(out.end(), term.bytes.begin(), term.bytes.end());
}

void put_little_endian(Bytes& out, std::uint64_t value, unsigned width_bytes) {
    for (unsigned index = 0; index < width_bytes; ++index) {
        out.push_back(static_cast<std::uint8_t>(value >> (8 * index)));
    }
}

// §20.2.4: one byte holds 6 bits; else its low nibble and 1 to 3 bytes more, counted in its top.
void put_package_length(Bytes& out, std::size_t value, unsigned length_bytes) {
    if (length_bytes == 1) {
        out.push_back(static_cast<std::uint8_t>(value));
        return;
    }
    out.push_back(static_cast<std::uint8_t>(((length_bytes - 1) << 6) | (value & 0xf)));
    put_little_endian(out, value >> 4, length_bytes - 1);
}

unsigned package_length_bytes(std::size_t value) {
    constexpr std::array<std::size_t, 4> kMax{0x3f, 0xfff, 0xfffff, 0xfffffff};
    unsigned count = 1;
    while (value > kMax.at(count - 1)) {
        ++count;
        SISKIN_ASSERT(count <= kMax.size());
    }
    return count;
}

// op, PkgLength (which counts itself), body
Aml enclosed(Op op, const Bytes& body) {
    unsigned length_bytes = package_length_bytes(body.size());
    if (package_length_bytes(body.size() + length_bytes) != length_bytes) {
        ++length_bytes;
    }
    Aml out;
    put_op(out.bytes, op);
    put_package_length(out.bytes, body.size() + length_bytes, length_bytes);
    out.bytes.insert(out.bytes.end(), body.begin(), body.end());
    return out;
}

Aml operation(Op op, std::initializer_list<Aml> operands) {
    Aml out;
    put_op(out.bytes, op);
    for (const Aml& operand : operands) {
        put(out.bytes, operand);
    }
    return out;
}

Aml enclosed_after(Op op, const Bytes& head, const AmlList& terms) {
    Bytes body = head;
    for (const Aml& term : terms) {
        put(body, term);
    }
    return enclosed(op, body);
}

bool is_name_character(char character, bool is_first) {
    return (character >= 'A' && character <= 'Z') || character == '_' ||
           (!is_first && character >= '0' && character <= '9');
}

void put_segment(Bytes& out, std::string_view segment) {
    SISKIN_ASSERT(!segment.empty() && segment.size() <= kNameSegmentLength);
    for (std::size_t index = 0; index < kNameSegmentLength; ++index) {
        const char character = index < segment.size() ? segment[index] : '_';
        SISKIN_ASSERT(is_name_character(character, index == 0));
        out.push_back(static_cast<std::uint8_t>(character));
    }
}

std::uint8_t hex_digits(std::string_view digits) {
    std::uint8_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    SISKIN_ASSERT(parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size());
    return value;
}

}  // namespace

Aml integer(std::uint64_t value) {
    Aml out;
    if (value <= 1 || value == ~std::uint64_t{0}) {
        put_op(out.bytes, value == 0 ? Op::Zero : value == 1 ? Op::One : Op::Ones);
    } else if (value <= 0xff) {
        put_op(out.bytes, Op::BytePrefix);
        put_little_endian(out.bytes, value, 1);
    } else if (value <= 0xffff) {
        put_op(out.bytes, Op::WordPrefix);
        put_little_endian(out.bytes, value, 2);
    } else if (value <= 0xffffffff) {
        put_op(out.bytes, Op::DwordPrefix);
        put_little_endian(out.bytes, value, 4);
    } else {
        put_op(out.bytes, Op::QwordPrefix);
        put_little_endian(out.bytes, value, 8);
    }
    return out;
}

Aml string(std::string_view text) {
    Aml out;
    put_op(out.bytes, Op::StringPrefix);
    for (const char character : text) {
        SISKIN_ASSERT(character > 0);  // §20.2.3: ASCII without NUL
        out.bytes.push_back(static_cast<std::uint8_t>(character));
    }
    out.bytes.push_back(0);
    return out;
}

Aml buffer(const Bytes& content) {
    return enclosed_after(Op::Buffer, integer(content.size()).bytes, {Aml{content}});
}

Aml package(const AmlList& elements) {
    SISKIN_ASSERT(elements.size() <= kPackageElementsMax);
    return enclosed_after(Op::Package, {static_cast<std::uint8_t>(elements.size())}, elements);
}

Aml eisa_id(std::string_view id) {
    SISKIN_ASSERT(id.size() == 7);
    std::uint32_t code = 0;
    for (const char letter : id.substr(0, 3)) {
        SISKIN_ASSERT(letter >= 'A' && letter <= 'Z');
        code = (code << 5) | static_cast<std::uint32_t>(letter - 'A' + 1);
    }
    const Bytes big_endian{static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code),
                           hex_digits(id.substr(3, 2)), hex_digits(id.substr(5, 2))};
    Aml out;
    put_op(out.bytes, Op::DwordPrefix);
    put(out.bytes, Aml{big_endian});
    return out;
}

Aml uuid(std::string_view text) {
    // §19.6.142: where in the text the two digits of each byte stand (aabbccdd-eeff-gghh-iijj-...).
    constexpr std::array<std::size_t, 16> kDigits{6,  4,  2,  0,  11, 9,  16, 14,
                                                  19, 21, 24, 26, 28, 30, 32, 34};
    SISKIN_ASSERT(text.size() == 36);
    Bytes content;
    for (const std::size_t position : kDigits) {
        content.push_back(hex_digits(text.substr(position, 2)));
    }
    return buffer(content);
}

Aml path(std::string_view name) {
    Aml out;
    while (!name.empty() && (name.front() == '\\' || name.front() == '^')) {
        out.bytes.push_back(static_cast<std::uint8_t>(name.front()));
        name.remove_prefix(1);
    }
    Bytes segments;
    std::size_t count = 0;
    while (!name.empty()) {
        const std::size_t dot = name.find('.');
        put_segment(segments, name.substr(0, dot));
        ++count;
        name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
    }
    SISKIN_ASSERT(count <= 0xff && (count > 0 || !out.bytes.empty()));
    if (count == 0) {
        out.bytes.push_back(0);  // NullName: the root alone
    } else if (count == 2) {
        put_op(out.bytes, Op::DualName);
    } else if (count > 2) {
        put_op(out.bytes, Op::MultiName);
        out.bytes.push_back(static_cast<std::uint8_t>(count));
    }
    put(out.bytes, Aml{segments});
    return out;
}

Aml name(std::string_view object, const Aml& value) {
    return operation(Op::Name, {path(object), value});
}

Aml scope(std::string_view where, const AmlList& terms) {
    return enclosed_after(Op::Scope, path(where).bytes, terms);
}

Aml device(std::string_view object, const AmlList& terms) {
    return enclosed_after(Op::Device, path(object).bytes, terms);
}

Aml method(std::string_view object, unsigned argument_count, Serialize serialize,
           const AmlList& terms) {
    SISKIN_ASSERT(argument_count <= kArgumentsMax);
    constexpr unsigned kSerializeFlag = 1U << 3;
    Bytes head = path(object).bytes;
    head.push_back(static_cast<std::uint8_t>(argument_count |
                                             (serialize == Serialize::Yes ? kSerializeFlag : 0U)));
    return enclosed_after(Op::Method, head, terms);
}

Aml operation_region(std::string_view object, RegionSpace space, std::uint64_t offset,
                     std::uint64_t length) {
    const Aml space_byte{{static_cast<std::uint8_t>(space)}};
    return operation(Op::OperationRegion,
                     {path(object), space_byte, integer(offset), integer(length)});
}

Aml field(std::string_view region, FieldAccess access, const std::vector<FieldUnit>& units) {
    Bytes body = path(region).bytes;
    body.push_back(static_cast<std::uint8_t>(access));
    for (const FieldUnit& unit : units) {
        if (unit.name.empty()) {
            body.push_back(0);  // ReservedField
        } else {
            put_segment(body, unit.name);
        }
        // The length of a unit is in bits and does not count itself.
        put_package_length(body, unit.bits, package_length_bytes(unit.bits));
    }
    return enclosed(Op::Field, body);
}

Aml create_dword_field(const Aml& source, std::uint64_t byte_index, std::string_view object) {
    return operation(Op::CreateDwordField, {source, integer(byte_index), path(object)});
}

Aml argument(unsigned number) {
    SISKIN_ASSERT(number < kArgumentsMax);
    return Aml{{static_cast<std::uint8_t>(static_cast<unsigned>(Op::Arg0) + number)}};
}

Aml local(unsigned number) {
    SISKIN_ASSERT(number < kLocalsMax);
    return Aml{{static_cast<std::uint8_t>(static_cast<unsigned>(Op::Local0) + number)}};
}

Aml store(const Aml& source, const Aml& target) {
    return operation(Op::Store, {source, target});
}

Aml bit_and(const Aml& left, const Aml& right, const Aml& target) {
    return operation(Op::And, {left, right, target});
}

Aml bit_or(const Aml& left, const Aml& right, const Aml& target) {
    return operation(Op::Or, {left, right, target});
}

Aml element(const Aml& package, const Aml& index) {
    return operation(Op::Index, {package, index, integer(0)});  // §20.2.5.4: no further target
}

Aml equal(const Aml& left, const Aml& right) {
    return operation(Op::Equal, {left, right});
}

Aml less(const Aml& left, const Aml& right) {
    return operation(Op::Less, {left, right});
}

Aml logical_not(const Aml& operand) {
    return operation(Op::LogicalNot, {operand});
}

Aml if_true(const Aml& predicate, const AmlList& terms) {
    return enclosed_after(Op::If, predicate.bytes, terms);
}

Aml otherwise(const AmlList& terms) {
    return enclosed_after(Op::Else, {}, terms);
}

Aml call(std::string_view method, const AmlList& arguments) {
    Aml out = path(method);
    for (const Aml& argument : arguments) {
        put(out.bytes, argument);
    }
    return out;
}

Aml notify(std::string_view object, const Aml& value) {
    return operation(Op::Notify, {path(object), value});
}

Aml mutex(std::string_view object) {
    Aml out = operation(Op::Mutex, {path(object)});
    out.bytes.push_back(0);  // sync level
    return out;
}

Aml acquire(std::string_view mutex) {
    Aml out = operation(Op::Acquire, {path(mutex)});
    put_little_endian(out.bytes, 0xffff, 2);  // no time limit
    return out;
}

Aml release(std::string_view mutex) {
    return operation(Op::Release, {path(mutex)});
}

Aml return_value(const Aml& value) {
    return operation(Op::Return, {value});
}

}  // namespace siskin::acpi::aml
