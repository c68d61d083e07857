// SPDX-License-Identifier: Apache-2.0
// iothread-vq-mapping.
#include "virtio/block/queue_mapping.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace siskin {
namespace {

constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

std::optional<std::vector<std::uint16_t>> parse_queues(const Value& value) {
    const Value::List* const list = value.as_list();
    if (list == nullptr || list->empty() || list->size() > kQueueMappingsMax) {
        return std::nullopt;
    }
    std::vector<std::uint16_t> queues;
    for (const Value& one : *list) {
        const auto number = codec_detail::number_of(one);
        if (!number || *number >= kQueueMappingsMax) {
            return std::nullopt;
        }
        queues.push_back(static_cast<std::uint16_t>(*number));
    }
    return queues;
}

std::optional<QueueMapping> parse_mapping(const Value& value) {
    const Value::Dict* const members = value.as_dict();
    if (members == nullptr) {
        return std::nullopt;
    }
    QueueMapping mapping;
    for (const auto& [name, member] : *members) {
        if (name == "iothread" && member.as_string() != nullptr) {
            mapping.iothread = *member.as_string();
        } else if (name == "vqs") {
            mapping.queues = parse_queues(member);
            if (!mapping.queues) {
                return std::nullopt;
            }
        } else {
            return std::nullopt;
        }
    }
    return mapping.iothread.empty() ? std::nullopt : std::optional(std::move(mapping));
}

Result<> check_threads(const QueueMappings& mappings, std::size_t queue_count) {
    if (mappings.size() > queue_count) {
        return fail(concat("iothread-vq-mapping has ", mappings.size(), " threads for ",
                           queue_count, " queues, allowed is one thread a queue at most"));
    }
    for (std::size_t index = 0; index < mappings.size(); ++index) {
        const QueueMapping& mapping = mappings[index];
        const bool is_twice =
            std::any_of(mappings.begin(), mappings.begin() + static_cast<std::ptrdiff_t>(index),
                        [&](const auto& before) { return before.iothread == mapping.iothread; });
        if (is_twice) {
            return fail(concat("iothread-vq-mapping names iothread '", printable(mapping.iothread),
                               "' twice, allowed is once"));
        }
        if (mapping.queues.has_value() != mappings.front().queues.has_value()) {
            return fail("iothread-vq-mapping has vqs for some threads, allowed is for all or none");
        }
    }
    return {};
}

}  // namespace

std::optional<QueueMappings> Codec<QueueMappings>::parse(const Value& value, const NumberRange&) {
    const Value::List* const list = value.as_list();
    if (list == nullptr || list->size() > kQueueMappingsMax) {
        return std::nullopt;
    }
    QueueMappings mappings;
    for (const Value& one : *list) {
        auto mapping = parse_mapping(one);
        if (!mapping) {
            return std::nullopt;
        }
        mappings.push_back(std::move(*mapping));
    }
    return mappings;
}

Value Codec<QueueMappings>::print(const QueueMappings& mappings) {
    Value::List list;
    for (const QueueMapping& mapping : mappings) {
        Value::Dict members{{"iothread", mapping.iothread}};
        if (mapping.queues) {
            Value::List queues;
            for (const std::uint16_t queue : *mapping.queues) {
                queues.emplace_back(std::uint64_t{queue});
            }
            members.set("vqs", std::move(queues));
        }
        list.emplace_back(std::move(members));
    }
    return list;
}

std::string Codec<QueueMappings>::allowed(const NumberRange&) {
    return concat("a list of {\"iothread\": ID, \"vqs\": [0 to ", kQueueMappingsMax - 1,
                  ", ...]}, vqs for all or none");
}

Result<std::vector<std::size_t>> map_queues(const QueueMappings& mappings,
                                            std::size_t queue_count) {
    SISKIN_TRY(check_threads(mappings, queue_count));
    std::vector<std::size_t> mapping_of(queue_count, kNobody);
    for (std::size_t index = 0; index < mappings.size(); ++index) {
        if (!mappings[index].queues) {
            for (std::size_t queue = index; queue < queue_count; queue += mappings.size()) {
                mapping_of[queue] = index;
            }
            continue;
        }
        for (const std::uint16_t queue : *mappings[index].queues) {
            if (queue >= queue_count) {
                return fail(concat("iothread-vq-mapping names queue ", queue, ", allowed is 0 to ",
                                   queue_count - 1));
            }
            if (std::exchange(mapping_of[queue], index) != kNobody) {
                return fail(
                    concat("iothread-vq-mapping names queue ", queue, " twice, allowed is once"));
            }
        }
    }
    const auto missing = std::find(mapping_of.begin(), mapping_of.end(), kNobody);
    if (missing != mapping_of.end()) {
        return fail(concat("iothread-vq-mapping has no thread for queue ",
                           missing - mapping_of.begin(), ", allowed is one for each queue"));
    }
    return mapping_of;
}

}  // namespace siskin
