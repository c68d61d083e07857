// SPDX-License-Identifier: Apache-2.0
// Value and its dict.
#include "base/value.h"

#include <algorithm>
#include <limits>

namespace siskin {

Value::Value(std::uint64_t value) {
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        data_ = static_cast<std::int64_t>(value);
    } else {
        data_ = value;
    }
}

std::string_view Value::kind_name() const {
    struct Namer {
        std::string_view operator()(Null) const { return "null"; }
        std::string_view operator()(bool) const { return "boolean"; }
        std::string_view operator()(std::int64_t) const { return "number"; }
        std::string_view operator()(std::uint64_t) const { return "number"; }
        std::string_view operator()(double) const { return "number"; }
        std::string_view operator()(const std::string&) const { return "string"; }
        std::string_view operator()(const List&) const { return "list"; }
        std::string_view operator()(const Dict&) const { return "object"; }
    };
    return std::visit(Namer{}, data_);
}

bool operator==(const Value& left, const Value& right) {
    return left.data_ == right.data_;
}

ValueDict::ValueDict() = default;
ValueDict::~ValueDict() = default;
ValueDict::ValueDict(const ValueDict&) = default;
ValueDict& ValueDict::operator=(const ValueDict&) = default;
ValueDict::ValueDict(ValueDict&&) noexcept = default;
ValueDict& ValueDict::operator=(ValueDict&&) noexcept = default;

std::size_t ValueDict::size() const {
    return members_.size();
}
ValueDict::Iterator ValueDict::begin() const {
    return members_.begin();
}
ValueDict::Iterator ValueDict::end() const {
    return members_.end();
}

bool operator==(const ValueDict& left, const ValueDict& right) {
    return left.members_ == right.members_;
}

ValueDict::ValueDict(std::initializer_list<Member> members) {
    for (const Member& member : members) {
        insert(member.first, member.second);
    }
}

bool ValueDict::insert(std::string name, Value value) {
    if (find(name) != nullptr) {
        return false;
    }
    members_.emplace_back(std::move(name), std::move(value));
    if (members_.size() == kLinearSearchMax + 1) {
        reindex();
    } else if (members_.size() > kLinearSearchMax) {
        index_.emplace(members_.back().first, members_.size() - 1);
    }
    return true;
}

void ValueDict::set(std::string name, Value value) {
    if (Value* const present = find(name)) {
        *present = std::move(value);
    } else {
        insert(std::move(name), std::move(value));
    }
}

bool ValueDict::erase(std::string_view name) {
    const std::size_t at = position(name);
    if (at == members_.size()) {
        return false;
    }
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(at));
    reindex();
    return true;
}

const Value* ValueDict::find(std::string_view name) const {
    const std::size_t at = position(name);
    return at == members_.size() ? nullptr : &members_[at].second;
}

Value* ValueDict::find(std::string_view name) {
    const std::size_t at = position(name);
    return at == members_.size() ? nullptr : &members_[at].second;
}

std::string ValueDict::text(std::string_view name) const {
    const Value* const value = find(name);
    const std::string* const text = value != nullptr ? value->as_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

std::size_t ValueDict::position(std::string_view name) const {
    if (members_.size() > kLinearSearchMax) {
        const auto found = index_.find(name);
        return found == index_.end() ? members_.size() : found->second;
    }
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const Member& member) { return member.first == name; });
    return static_cast<std::size_t>(found - members_.begin());
}

void ValueDict::reindex() {
    index_.clear();
    if (members_.size() <= kLinearSearchMax) {
        return;
    }
    for (std::size_t at = 0; at < members_.size(); ++at) {
        index_.emplace(members_[at].first, at);
    }
}

}  // namespace siskin
