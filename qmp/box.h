// SPDX-License-Identifier: Apache-2.0
// Box<T>: an optional value on the heap, for schema types that contain themselves.
#pragma once

#include <memory>
#include <utility>

namespace siskin::qmp {

// Empty, or owns a T. Copies are deep.
template <typename T>
class Box {
public:
    Box() = default;
    ~Box() = default;
    explicit Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Box(const Box& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
    Box& operator=(const Box& other) {
        value_ = other ? std::make_unique<T>(*other) : nullptr;
        return *this;
    }
    Box(Box&&) noexcept = default;
    Box& operator=(Box&&) noexcept = default;

    [[nodiscard]] explicit operator bool() const { return value_ != nullptr; }
    [[nodiscard]] const T& operator*() const { return *value_; }
    [[nodiscard]] T& operator*() { return *value_; }
    [[nodiscard]] const T* operator->() const { return value_.get(); }
    [[nodiscard]] T* operator->() { return value_.get(); }
    T& emplace() { return *(value_ = std::make_unique<T>()); }

private:
    std::unique_ptr<T> value_;
};

}  // namespace siskin::qmp
