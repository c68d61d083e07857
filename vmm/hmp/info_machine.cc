// SPDX-License-Identifier: Apache-2.0
// info: what fits a few lines.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

// Asks `query` of `handler` and prints what `describe` makes of the answer.
template <typename Handler, typename Answer, typename Describe>
Result<> answer(Call& call, Handler& handler, Result<Answer> (Handler::*query)(),
                const Describe& describe) {
    SISKIN_TRY(call.arguments.finish());
    const auto reply = (handler.*query)();
    if (reply) {
        call.out += describe(*reply);
    } else {
        print_error(call, reply.error());
    }
    return {};
}

std::string number_line(std::string_view name, const std::optional<std::int64_t>& number) {
    return number ? concat("    ", name, ": \"", *number, "\"\n") : std::string();
}

std::string place_text(const qmp::HotpluggableCPU& place) {
    const qmp::CpuInstanceProperties& at = place.props;
    return concat("  type: \"", place.type, "\"\n  vcpus_count: \"", place.vcpus_count, "\"\n",
                  place.qom_path ? concat("  qom_path: \"", *place.qom_path, "\"\n") : "",
                  "  CPUInstance Properties:\n", number_line("node-id", at.node_id),
                  number_line("socket-id", at.socket_id), number_line("die-id", at.die_id),
                  number_line("cluster-id", at.cluster_id), number_line("core-id", at.core_id),
                  number_line("thread-id", at.thread_id));
}

}  // namespace

Result<> info_hotpluggable_cpus(Call& call) {
    return answer(call, call.services.machine, &qmp::MachineCommands::query_hotpluggable_cpus,
                  [](const std::vector<qmp::HotpluggableCPU>& places) {
                      std::string text = "Hotpluggable CPUs:\n";
                      for (const qmp::HotpluggableCPU& place : places) {
                          text += place_text(place);
                      }
                      return text;
                  });
}

Result<> info_status(Call& call) {
    return answer(
        call, call.services.run_control, &qmp::RunControlCommands::query_status,
        [](const qmp::StatusInfo& status) {
            const bool tells_why = !status.running && status.status != qmp::RunState::Paused;
            return concat("VM status: ", status.running ? "running" : "paused",
                          tells_why ? concat(" (", to_text(status.status), ')') : "", '\n');
        });
}

Result<> info_version(Call& call) {
    return answer(call, call.services.introspection, &qmp::IntrospectionCommands::query_version,
                  [](const qmp::VersionInfo& version) {
                      return concat(version.qemu.major, '.', version.qemu.minor, '.',
                                    version.qemu.micro, " (", version.package, ")\n");
                  });
}

Result<> info_name(Call& call) {
    return answer(call, call.services.machine, &qmp::MachineCommands::query_name,
                  [](const qmp::NameInfo& info) {
                      return info.name ? concat(*info.name, '\n') : std::string();
                  });
}

Result<> info_uuid(Call& call) {
    return answer(call, call.services.machine, &qmp::MachineCommands::query_uuid,
                  [](const qmp::UuidInfo& info) { return concat(info.uuid, '\n'); });
}

Result<> info_kvm(Call& call) {
    return answer(call, call.services.machine, &qmp::MachineCommands::query_kvm,
                  [](const qmp::KvmInfo& info) {
                      return concat("kvm support: ",
                                    !info.present  ? "not compiled"
                                    : info.enabled ? "enabled"
                                                   : "disabled",
                                    '\n');
                  });
}

Result<> info_cpus(Call& call) {
    const std::uint32_t chosen = call.state.cpu;
    return answer(call, call.services.machine, &qmp::MachineCommands::query_cpus_fast,
                  [chosen](const std::vector<qmp::CpuInfoFast>& cpus) {
                      std::string text;
                      for (const qmp::CpuInfoFast& cpu : cpus) {
                          text += concat(cpu.cpu_index == chosen ? '*' : ' ', " CPU #",
                                         cpu.cpu_index, ": thread_id=", cpu.thread_id, '\n');
                      }
                      return text;
                  });
}

Result<> info_chardev(Call& call) {
    return answer(call, call.services.chardev, &qmp::ChardevCommands::query_chardev,
                  [](const std::vector<qmp::ChardevInfo>& chardevs) {
                      std::string text;
                      for (const qmp::ChardevInfo& chardev : chardevs) {
                          text += concat(chardev.label, ": filename=", chardev.filename, '\n');
                      }
                      return text;
                  });
}

Result<> info_iothreads(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    for (const IoThreadInfo& thread : call.services.backend.io_threads()) {
        call.out +=
            concat(thread.id, ":\n  thread_id=", thread.thread_id,
                   "\n  poll-max-ns=", thread.poll_max_ns, "\n  poll-grow=", thread.poll_grow,
                   "\n  poll-shrink=", thread.poll_shrink, "\n  aio-max-batch=0\n");
    }
    return {};
}

// The chips are in the kernel, which does not count.
Result<> info_irq(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    call.out +=
        "IRQ statistics not available for kvm-ioapic.\n"
        "IRQ statistics not available for kvm-i8259.\n";
    const FastPaths bound = call.services.backend.fast_paths();
    call.out +=
        concat("irqfd: ", bound.irqfds, " vectors\nioeventfd: ", bound.ioeventfds, " doorbells\n");
    return {};
}

Result<> info_mice(Call& call) {
    return answer(call, call.services.machine, &qmp::MachineCommands::query_mice,
                  [](const std::vector<qmp::MouseInfo>& mice) {
                      std::string text = mice.empty() ? "No mouse devices connected\n" : "";
                      for (const qmp::MouseInfo& mouse : mice) {
                          text += concat(mouse.current ? '*' : ' ', " Mouse #", mouse.index, ": ",
                                         mouse.name, mouse.absolute ? " (absolute)" : "", '\n');
                      }
                      return text;
                  });
}

// There are no network devices yet, so there is nothing to list.
Result<> info_network(Call& call) {
    return call.arguments.finish();
}

}  // namespace siskin::hmp
