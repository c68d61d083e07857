// SPDX-License-Identifier: Apache-2.0
// Files, devices, NBD and nothing as block nodes.
#include "vmm/machine/block_drivers.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/socket_address.h"
#include "base/text.h"
#include "devices/block/nbd_node.h"
#include "devices/block/null_node.h"
#include "devices/block/raw_file.h"
#include "qmp/value_json.h"

namespace siskin {
namespace {

ImageLocking locking_of(qmp::OnOffAuto locking) {
    switch (locking) {
        case qmp::OnOffAuto::On: return ImageLocking::On;
        case qmp::OnOffAuto::Off: return ImageLocking::Off;
        case qmp::OnOffAuto::Auto: break;
    }
    return ImageLocking::Auto;
}

Result<NewNode> open_file_node(const qmp::BlockdevOptions& options,
                               const qmp::BlockdevOptionsFile& file, std::string node_name) {
    RawFileOptions settings;
    settings.node_name = std::move(node_name);
    settings.path = file.filename;
    settings.kind = options.driver == qmp::BlockdevDriver::HostDevice ? RawFileKind::BlockDevice
                                                                      : RawFileKind::RegularFile;
    settings.read_only = options.read_only.value_or(false);
    settings.auto_read_only = options.auto_read_only.value_or(false);
    settings.aio =
        file.aio == qmp::BlockdevAioOptions::Threads ? BlockAio::Threads : BlockAio::Uring;
    settings.locking = locking_of(file.locking.value_or(qmp::OnOffAuto::Auto));
    settings.unmap = options.discard == qmp::BlockdevDiscardOptions::Unmap;
    settings.fixed_buffers = file.x_siskin_fixed_buffers.value_or(false);
    if (options.cache) {
        settings.direct = options.cache->direct.value_or(false);
        settings.no_flush = options.cache->no_flush.value_or(false);
    }
    return NewNode{SISKIN_TRY(RawFile::open(settings)), file.filename, file.filename};
}

std::string null_file_name(const qmp::BlockdevOptionsNull& null) {
    Value::Dict members{{"driver", "null-co"}};
    if (null.size) {
        members.insert("size", *null.size);
    }
    if (null.latency_ns) {
        members.insert("latency-ns", *null.latency_ns);
    }
    if (null.read_zeroes) {
        members.insert("read-zeroes", *null.read_zeroes);
    }
    return members.size() == 1 ? std::string("null-co://")
                               : concat("json:", qmp::to_json(Value(std::move(members))));
}

Result<NewNode> open_null_node(const qmp::BlockdevOptions& options,
                               const qmp::BlockdevOptionsNull& null, std::string node_name) {
    NullNodeOptions settings;
    settings.node_name = std::move(node_name);
    settings.size = null.size.value_or(NullNodeOptions::kSizeDefault);
    // Beyond the bound is beyond the bound.
    constexpr auto kTooLong = static_cast<std::uint64_t>(NullNodeOptions::kLatencyMax.count()) + 1;
    settings.latency = std::chrono::nanoseconds(
        static_cast<std::int64_t>(std::min(null.latency_ns.value_or(0), kTooLong)));
    settings.read_zeroes = null.read_zeroes.value_or(false);
    settings.read_only = options.read_only.value_or(false);
    return NewNode{SISKIN_TRY(NullNode::create(std::move(settings))), null_file_name(null), ""};
}

// Names are the resolver's, which may wait; a running machine does not.
Result<std::vector<SocketAddress>> nbd_addresses(const qmp::SocketAddress& server) {
    if (server.as_unix) {
        return std::vector{SISKIN_TRY(SocketAddress::unix_path(server.as_unix->path))};
    }
    if (!server.as_inet) {
        return fail(concat("Parameter 'server.type' doesn't take value '",
                           qmp::to_text(server.type), "', allowed are inet and unix"));
    }
    const qmp::InetSocketAddress& inet = *server.as_inet;
    if (!inet.host.empty() && inet.host != "localhost" && !is_ip_number(inet.host)) {
        return fail(concat("host '", printable(inet.host),
                           "' is a name, allowed is an address, or localhost"));
    }
    const auto port = parse_unsigned(inet.port);
    if (!port || *port == 0 || *port > 65535) {
        return fail(concat("port is '", printable(inet.port), "', allowed is 1 to 65535"));
    }
    return resolve_tcp(inet.host, static_cast<std::uint16_t>(*port), inet.ipv4.value_or(true),
                       inet.ipv6.value_or(true));
}

Result<NewNode> open_nbd_node(const qmp::BlockdevOptions& options,
                              const qmp::BlockdevOptionsNbd& nbd, std::string node_name) {
    NbdNodeOptions settings;
    settings.node_name = std::move(node_name);
    settings.server.addresses = SISKIN_TRY(nbd_addresses(nbd.server));
    settings.server.export_name = nbd.export_.value_or("");
    settings.reconnect_delay = std::chrono::seconds(nbd.reconnect_delay.value_or(0));
    settings.read_only = options.read_only.value_or(false);
    settings.auto_read_only = options.auto_read_only.value_or(false);
    settings.unmap = options.discard == qmp::BlockdevDiscardOptions::Unmap;
    settings.no_flush = options.cache && options.cache->no_flush.value_or(false);
    const std::string where =
        nbd.server.as_unix
            ? concat("nbd+unix:///", settings.server.export_name,
                     "?socket=", nbd.server.as_unix->path)
            : concat("nbd://", nbd.server.as_inet->host, ':', nbd.server.as_inet->port,
                     settings.server.export_name.empty() ? "" : "/", settings.server.export_name);
    return NewNode{SISKIN_TRY(NbdNode::open(std::move(settings))), where, ""};
}

}  // namespace

Result<NewNode> open_node(const qmp::BlockdevOptions& options, std::string node_name) {
    if (options.as_file) {
        return open_file_node(options, *options.as_file, std::move(node_name));
    }
    if (options.as_host_device) {
        return open_file_node(options, *options.as_host_device, std::move(node_name));
    }
    if (options.as_null_co) {
        return open_null_node(options, *options.as_null_co, std::move(node_name));
    }
    if (options.as_nbd) {
        return open_nbd_node(options, *options.as_nbd, std::move(node_name));
    }
    return fail(concat("Parameter 'driver' does not accept value '", qmp::to_text(options.driver),
                       "' here"));
}

}  // namespace siskin
