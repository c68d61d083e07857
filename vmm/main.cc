// SPDX-License-Identifier: Apache-2.0
// The program: command line, machine, QMP server, loop.
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd_sets.h"
#include "base/log.h"
#include "base/text.h"
#include "qmp/descriptors.h"
#include "qmp/protocol_handlers.h"
#include "qmp/server.h"
#include "qmp/subscriptions.h"
#include "vmm/hmp/human_conversation.h"
#include "vmm/hmp/human_handlers.h"
#include "vmm/machine/command_line.h"
#include "vmm/machine/commands_block_device.h"
#include "vmm/machine/commands_blockdev.h"
#include "vmm/machine/commands_device.h"
#include "vmm/machine/commands_machine.h"
#include "vmm/machine/commands_media.h"
#include "vmm/machine/commands_options.h"
#include "vmm/machine/commands_qom.h"
#include "vmm/machine/commands_run_control.h"
#include "vmm/machine/commands_stats.h"
#include "vmm/machine/default_devices.h"
#include "vmm/machine/help.h"
#include "vmm/machine/inspector.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/monitors.h"
#include "vmm/machine/passed_files.h"
#include "vmm/machine/process.h"
#include "vmm/machine/qmp_events.h"

namespace siskin {
namespace {

// The exit status of everything that fails before the machine runs.
constexpr int kExitFailure = 1;

// The handlers of all command groups, over one machine.
class CommandHandlers {
public:
    CommandHandlers(Machine& machine, const std::vector<MonitorEndpoint>& monitors, FdSets& fd_sets)
        : protocol_(package_name()),
          run_control_(machine),
          machine_(machine),
          block_(machine),
          block_device_(machine),
          blockdev_(machine),
          media_(machine),
          pci_(machine),
          descriptors_(&fd_sets),
          chardev_(machine, monitors, descriptors_),
          qom_(machine, monitors),
          objects_(machine),
          stats_(machine),
          devices_(machine),
          inspector_(machine, objects_, chardev_) {}

    [[nodiscard]] const qmp::Handlers& all() const { return all_; }
    [[nodiscard]] qmp::Descriptors& descriptors() { return descriptors_; }
    [[nodiscard]] qmp::Subscriptions& subscriptions() { return subscriptions_; }
    [[nodiscard]] hmp::Interpreter& human_monitor() { return human_.interpreter(); }

private:
    qmp::ProtocolHandlers protocol_;
    RunControlHandlers run_control_;
    MachineHandlers machine_;
    BlockHandlers block_;
    BlockDeviceHandlers block_device_;
    BlockdevHandlers blockdev_;
    MediaHandlers media_;
    PciHandlers pci_;
    qmp::Descriptors descriptors_;
    ChardevHandlers chardev_;
    QomHandlers qom_;
    ObjectHandlers objects_;
    OptionsHandlers options_;
    StatsHandlers stats_;
    DeviceHandlers devices_;
    qmp::Subscriptions subscriptions_;
    qmp::YankHandlers yank_;
    MachineInspector inspector_;
    hmp::HumanHandlers human_{{protocol_, run_control_, machine_, block_, block_device_, media_,
                               pci_, chardev_, stats_, objects_, descriptors_, inspector_}};
    qmp::Handlers all_{protocol_,     protocol_,      run_control_, machine_, block_,
                       block_device_, blockdev_,      media_,       pci_,     chardev_,
                       descriptors_,  human_,         qom_,         objects_, stats_,
                       devices_,      subscriptions_, yank_,        options_};
};

Result<> set_up_process(const MachineConfig& config, std::optional<Daemon>& daemon) {
    if (!config.name.process.empty()) {
        set_process_name(config.name.process);
    }
    if (!config.log_file.empty()) {
        SISKIN_TRY_IN("-D", log::to_file(config.log_file));
    }
    if (config.daemonize) {
        daemon = SISKIN_TRY(Daemon::fork());
    }
    VcpuThread::install_kick_signal();
    return {};
}

Result<std::unique_ptr<EventLoop::Watch>> watch_signals(const TerminationSignals& signals,
                                                        EventLoop& loop, Machine& machine) {
    return signals.watch(loop, [&machine](int signal, int pid) {
        log::line(concat("terminating on signal ", signal, " from pid ", pid));
        machine.shut_down(ShutdownCause::HostSignal);
    });
}

// The exit status. Who waits for `daemon` is let go when that is destroyed: after an error was
// told.
Result<int> run_machine(MachineConfig config, std::optional<Daemon>& daemon) {
    log::set_timestamps(config.timestamps);
    for (const log::Topic topic : config.log_topics) {
        log::enable(topic);
    }
    FdSets fd_sets;
    fd_sets.serve_paths();
    SISKIN_TRY(take_passed_files(config, fd_sets));
    const auto signals = SISKIN_TRY(TerminationSignals::create());
    std::vector<MonitorEndpoint> monitors = SISKIN_TRY(take_monitors(config));
    SISKIN_TRY(expand_short_forms(config));
    SISKIN_TRY(set_up_process(config, daemon));

    EventLoop loop;
    QmpEvents events;
    const std::unique_ptr<Machine> machine =
        SISKIN_TRY(Machine::create(config, loop, events, signals.fd_number()));
    CommandHandlers handlers(*machine, monitors, fd_sets);
    for (MonitorEndpoint& monitor : monitors) {
        if (monitor.readline) {
            monitor.options.conversation = hmp::human_conversations(handlers.human_monitor());
        }
    }
    // Handlers take MachineLock themselves: stopping vCPUs, which may wait for it, needs it free.
    const std::unique_ptr<qmp::Server> server = SISKIN_TRY(qmp::Server::create(
        package_name(), loop, handlers.all(), [](const std::function<void()>& work) { work(); },
        handlers.subscriptions(), &handlers.descriptors()));
    SISKIN_TRY(open_monitors(*server, monitors, signals.fd_number()));
    std::unique_ptr<PidFile> pid_file;
    if (!config.pid_file.empty()) {
        pid_file = SISKIN_TRY_IN("-pidfile", PidFile::create(config.pid_file));
    }
    SISKIN_TRY(server->start());
    events.set_sink(&server->events());
    const std::unique_ptr<EventLoop::Watch> signal_watch =
        SISKIN_TRY(watch_signals(signals, loop, *machine));
    if (wait_for_monitors(*server, monitors, signals.fd_number())) {
        SISKIN_TRY(machine->power_on());
    }
    if (daemon) {
        SISKIN_TRY(daemon->ready());
    }
    loop.run();
    machine->write_out();
    server->drain_and_stop();
    events.set_sink(nullptr);
    return machine->exit_status();
}

int report(const Error& error) {
    log::fatal(error.message);
    return kExitFailure;
}

int run_program(const std::vector<std::string_view>& arguments) {
    auto parsed = parse_command_line(arguments);
    if (!parsed) {
        return report(parsed.error());
    }
    if (const auto* const request = std::get_if<HelpRequest>(&*parsed)) {
        const auto text = help_text(*request);
        if (!text) {
            return report(text.error());
        }
        std::fwrite(text->data(), 1, text->size(), stdout);
        return 0;
    }
    std::optional<Daemon> daemon;
    const auto status = run_machine(std::get<MachineConfig>(std::move(*parsed)), daemon);
    return status ? *status : report(status.error());
}

}  // namespace
}  // namespace siskin

int main(int argc, char** argv) {
    return siskin::run_program(
        std::vector<std::string_view>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
