// SPDX-License-Identifier: Apache-2.0
// OutputBuffer: bytes on their way to a client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace siskin::qmp {

// What was sent is not moved out of the way each time, so that sending costs what its bytes cost
// however many pieces it takes. Thread: its owner's.
class OutputBuffer {
public:
    void append(std::string_view bytes) { bytes_ += bytes; }
    [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(sent_); }
    [[nodiscard]] std::size_t size() const { return bytes_.size() - sent_; }
    [[nodiscard]] bool empty() const { return size() == 0; }
    // The first `count` bytes of view() are gone.
    void sent(std::size_t count) {
        sent_ += count;
        if (sent_ == bytes_.size()) {
            // A long reply's memory does not stay with its client.
            if (bytes_.capacity() > kKeptMax) {
                bytes_ = std::string();
            }
            bytes_.clear();
            sent_ = 0;
        } else if (sent_ > bytes_.size() / 2 && sent_ > kKeptMax) {
            bytes_.erase(0, sent_);
            sent_ = 0;
        }
    }

private:
    static constexpr std::size_t kKeptMax = std::size_t{64} << 10U;

    std::string bytes_;
    std::size_t sent_ = 0;
};

}  // namespace siskin::qmp
