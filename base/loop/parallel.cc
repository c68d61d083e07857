// SPDX-License-Identifier: Apache-2.0
// Work that several threads share.
#include "base/loop/parallel.h"

#include <system_error>
#include <thread>
#include <vector>

namespace siskin {

Result<> run_in_parallel(std::size_t count, const std::function<void(std::size_t index)>& work) {
    SISKIN_ASSERT(count >= 1 && count <= kParallelMax);
    std::vector<std::thread> helpers;
    int error_number = 0;
    for (std::size_t index = 1; index < count && error_number == 0; ++index) {
        try {
            helpers.emplace_back([&work, index] { work(index); });
        } catch (const std::system_error& error) {  // the limit of threads is reached
            error_number = error.code().value();
        }
    }
    if (error_number == 0) {
        work(0);
    }
    for (std::thread& helper : helpers) {
        helper.join();
    }
    return error_number == 0 ? Result<>() : fail_errno("could not start a thread", error_number);
}

}  // namespace siskin
