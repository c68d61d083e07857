// SPDX-License-Identifier: Apache-2.0
// Boost.Asio enters through here, into .cc files of base/loop and qmp alone.
#pragma once

// Boost.Asio 1.74 in C++20 uses std::exchange without including its header.
#include <utility>

#include <boost/asio.hpp>
