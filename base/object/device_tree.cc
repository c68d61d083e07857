// SPDX-License-Identifier: Apache-2.0
// DeviceTree.
#include "base/object/device_tree.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace siskin {

bool is_identifier(std::string_view text) {
    const auto is_letter = [](char character) {
        return std::isalpha(static_cast<unsigned char>(character)) != 0;
    };
    const auto may_follow = [&](char character) {
        return is_letter(character) || std::isdigit(static_cast<unsigned char>(character)) != 0 ||
               character == '-' || character == '.' || character == '_';
    };
    return !text.empty() && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), may_follow);
}

Result<> DeviceTree::check_id(std::string_view id) const {
    if (!is_identifier(id)) {
        return fail(concat("Parameter 'id' expects an identifier, not '", printable(id),
                           "': a letter, then letters, digits, '-', '.', '_'"));
    }
    if (find(id) != nullptr) {
        return fail(concat("Duplicate device ID '", id, "'"));
    }
    return {};
}

std::string DeviceTree::next_anonymous_path() const {
    return concat("/machine/peripheral-anon/device[", anonymous_count_, "]");
}

Device& DeviceTree::add(std::unique_ptr<Device> device, bool hot_plugged) {
    std::string path = concat("/machine/peripheral/", device->id());
    if (device->id().empty()) {
        path = next_anonymous_path();
        ++anonymous_count_;
    }
    entries_.push_back(Entry{std::move(path), std::move(device), hot_plugged});
    return *entries_.back().device;
}

std::unique_ptr<Device> DeviceTree::take(std::string_view path) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.path == path; });
    if (found == entries_.end()) {
        return nullptr;
    }
    std::unique_ptr<Device> device = std::move(found->device);
    entries_.erase(found);
    return device;
}

const DeviceTree::Entry* DeviceTree::find(std::string_view id_or_path) const {
    const bool by_path = id_or_path.starts_with('/');
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return by_path ? entry.path == id_or_path
                       : !id_or_path.empty() && entry.device->id() == id_or_path;
    });
    return found == entries_.end() ? nullptr : &*found;
}

DeviceTree::~DeviceTree() {
    while (!entries_.empty()) {
        entries_.pop_back();
    }
}

}  // namespace siskin
