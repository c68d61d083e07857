// SPDX-License-Identifier: Apache-2.0
// Value: JSON-like data. Properties, options and QMP share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/name_index.h"

namespace siskin {

class Value;

// Members by name, in the order of insertion; no name twice.
class ValueDict {
public:
    using Member = std::pair<std::string, Value>;
    using Iterator = std::vector<Member>::const_iterator;

    ValueDict();
    ValueDict(std::initializer_list<Member> members);
    ~ValueDict();
    ValueDict(const ValueDict&);
    ValueDict& operator=(const ValueDict&);
    ValueDict(ValueDict&&) noexcept;
    ValueDict& operator=(ValueDict&&) noexcept;

    // Room for so many members, so that adding them moves none.
    void reserve(std::size_t count);
    // False, and nothing changed, when the name is there already.
    bool insert(std::string_view name, Value value);
    // The same in place: the new member's value, which is null so far; or null when the name is
    // there already. Good until the next change of the dict.
    Value* add(std::string_view name);
    // Adds or replaces.
    void set(std::string name, Value value);
    // Removes the member; false when there is none of this name.
    bool erase(std::string_view name) { return erase(std::span(&name, 1)); }
    // Removes the members of these names, each given once; false when there was none. The others
    // keep their order. Costs one pass over them, however many the names are.
    bool erase(std::span<const std::string_view> names);
    [[nodiscard]] const Value* find(std::string_view name) const;
    [[nodiscard]] Value* find(std::string_view name);
    // The member's text; empty where there is no such member or it is no string.
    [[nodiscard]] std::string text(std::string_view name) const;

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] Iterator begin() const;
    [[nodiscard]] Iterator end() const;

    friend bool operator==(const ValueDict& left, const ValueDict& right);

private:
    // Above this many members a search goes by the index, so that hostile input costs no square.
    static constexpr std::size_t kLinearSearchMax = 16;
    [[nodiscard]] std::size_t position(std::string_view name) const;
    void index();
    // For NameIndex: whether the member at a position has that name.
    [[nodiscard]] auto is_named(std::string_view name) const;

    std::vector<Member> members_;
    std::unique_ptr<NameIndex> index_;  // made once there are more than kLinearSearchMax
};

// null, bool, int, uint (only above INT64_MAX), double, string, list or dict. Dicts keep the order
// in which members were added.
class Value {
public:
    using List = std::vector<Value>;
    using Dict = ValueDict;
    struct Null {
        friend bool operator==(Null, Null) = default;
    };

    Value() = default;
    Value(bool value) : data_(value) {}  // NOLINT(google-explicit-constructor): data literals
    Value(int value) : data_(std::int64_t{value}) {}              // NOLINT: as above
    Value(unsigned value) : data_(std::int64_t{value}) {}         // NOLINT: as above
    Value(std::int64_t value) : data_(value) {}                   // NOLINT: as above
    Value(std::uint64_t value);                                   // NOLINT: as above
    Value(double value) : data_(value) {}                         // NOLINT: as above
    Value(const char* value) : data_(std::string(value)) {}       // NOLINT: as above
    Value(std::string_view value) : data_(std::string(value)) {}  // NOLINT: as above
    Value(std::string value) : data_(std::move(value)) {}         // NOLINT: as above
    Value(List value) : data_(std::move(value)) {}                // NOLINT: as above
    Value(Dict value) : data_(std::move(value)) {}                // NOLINT: as above

    // Becomes this, in place. An unsigned number is of one kind or another, so it is assigned.
    template <typename T>
    void emplace(T content) {
        data_.emplace<T>(std::move(content));
    }
    void emplace(std::string_view text) { data_.emplace<std::string>(text); }

    [[nodiscard]] bool is_null() const { return std::holds_alternative<Null>(data_); }

    // The content if it is of that kind, else null.
    [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&data_); }
    [[nodiscard]] const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
    [[nodiscard]] const std::uint64_t* as_uint() const {
        return std::get_if<std::uint64_t>(&data_);
    }
    [[nodiscard]] const double* as_double() const { return std::get_if<double>(&data_); }
    [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&data_); }
    [[nodiscard]] std::string* as_string() { return std::get_if<std::string>(&data_); }
    [[nodiscard]] const List* as_list() const { return std::get_if<List>(&data_); }
    [[nodiscard]] List* as_list() { return std::get_if<List>(&data_); }
    [[nodiscard]] const Dict* as_dict() const { return std::get_if<Dict>(&data_); }
    [[nodiscard]] Dict* as_dict() { return std::get_if<Dict>(&data_); }

    // "null", "boolean", "number", "string", "list" or "object": for messages.
    [[nodiscard]] std::string_view kind_name() const;

    friend bool operator==(const Value& left, const Value& right);

private:
    std::variant<Null, bool, std::int64_t, std::uint64_t, double, std::string, List, Dict> data_;
};

}  // namespace siskin
