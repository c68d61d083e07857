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
ValueDict::ValueDict(const ValueDict& other)
    : members_(other.members_),
      index_(other.index_ ? std::make_unique<NameIndex>(*other.index_) : nullptr) {}
ValueDict& ValueDict::operator=(const ValueDict& other) {
    return *this = ValueDict(other);
}
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

auto ValueDict::is_named(std::string_view name) const {
    return [this, name](std::size_t at) { return members_[at].first == name; };
}

void ValueDict::reserve(std::size_t count) {
    members_.reserve(count);
    if (count > kLinearSearchMax && !index_) {
        index();
        index_->reserve(count);
    }
}

bool ValueDict::insert(std::string_view name, Value value) {
    Value* const added = add(name);
    if (added != nullptr) {
        *added = std::move(value);
    }
    return added != nullptr;
}

Value* ValueDict::add(std::string_view name) {
    if (!index_ && members_.size() == kLinearSearchMax) {
        index();
    }
    const std::size_t known =
        index_ ? index_->add(name, members_.size(), is_named(name)) : position(name);
    if (index_ ? known != NameIndex::kNone : known != members_.size()) {
        return nullptr;
    }
    return &members_.emplace_back(name, Value()).second;
}

void ValueDict::set(std::string name, Value value) {
    if (Value* const present = find(name)) {
        *present = std::move(value);
    } else {
        insert(std::move(name), std::move(value));
    }
}

bool ValueDict::erase(std::span<const std::string_view> names) {
    std::vector<std::size_t> gone;
    for (const std::string_view name : names) {
        if (const std::size_t at = position(name); at != members_.size()) {
            gone.push_back(at);
        }
    }
    if (gone.empty()) {
        return false;
    }
    std::sort(gone.begin(), gone.end());
    if (index_) {
        index_->erase(gone);
    }
    auto next_gone = gone.begin();
    std::size_t kept = gone.front();
    for (std::size_t at = kept; at < members_.size(); ++at) {
        if (next_gone != gone.end() && *next_gone == at) {
            ++next_gone;
        } else {
            members_[kept++] = std::move(members_[at]);
        }
    }
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(kept), members_.end());
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
    if (index_) {
        return std::min(index_->find(name, is_named(name)), members_.size());
    }
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const Member& member) { return member.first == name; });
    return static_cast<std::size_t>(found - members_.begin());
}

void ValueDict::index() {
    index_ = std::make_unique<NameIndex>();
    index_->reserve(members_.size());
    for (std::size_t at = 0; at < members_.size(); ++at) {
        // No name is there twice.
        [[maybe_unused]] const std::size_t other =
            index_->add(members_[at].first, at, [](std::size_t) { return false; });
    }
}

}  // namespace siskin
