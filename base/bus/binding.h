// SPDX-License-Identifier: Apache-2.0
// Something bound in the kernel for as long as this object lives.
#pragma once

namespace siskin {

// Destroying it undoes the binding. Thread: under MachineLock.
class Binding {
public:
    Binding() = default;
    virtual ~Binding() = default;
    Binding(const Binding&) = delete;
    Binding& operator=(const Binding&) = delete;
};

}  // namespace siskin
