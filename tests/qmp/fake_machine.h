// SPDX-License-Identifier: Apache-2.0
// A machine without a VM behind it: answers every command, raises the events of run control.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "qmp/generated/commands.h"
#include "qmp/generated/events.h"
#include "qmp/protocol_handlers.h"
#include "tests/qmp/fake_backend.h"
#include "vmm/hmp/human_handlers.h"

namespace siskin::qmp_test {

// Begins in prelaunch, as `-S` does. Thread: whoever runs the VM loop.
class FakeMachine final : public qmp::RunControlCommands,
                          public qmp::MachineCommands,
                          public qmp::BlockCommands,
                          public qmp::PciCommands,
                          public qmp::ChardevCommands {
public:
    // Where events go; to be set before the first command.
    void raise_into(qmp::EventSink& events) { events_ = &events; }
    // Called at the end of `quit`.
    void on_quit(std::function<void()> ended) { ended_ = std::move(ended); }
    [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }
    [[nodiscard]] qmp::Handlers handlers() {
        return {protocol_, protocol_, *this, *this, *this, *this, *this, human_};
    }
    [[nodiscard]] FakeBackend& backend() { return backend_; }
    // What query-block and query-pci answer.
    [[nodiscard]] std::vector<qmp::BlockInfo>& disks() { return disks_; }
    [[nodiscard]] std::vector<qmp::PciDeviceInfo>& functions() { return functions_; }
    [[nodiscard]] hmp::Services services() {
        return {protocol_, *this, *this, *this, *this, *this, backend_};
    }

    [[nodiscard]] Result<qmp::StatusInfo> query_status() override;
    [[nodiscard]] Result<> stop() override;
    [[nodiscard]] Result<> cont() override;
    [[nodiscard]] Result<> system_reset() override;
    [[nodiscard]] Result<> system_powerdown() override;
    [[nodiscard]] Result<> quit() override;
    [[nodiscard]] Result<qmp::NameInfo> query_name() override;
    [[nodiscard]] Result<qmp::UuidInfo> query_uuid() override;
    [[nodiscard]] Result<qmp::TargetInfo> query_target() override;
    [[nodiscard]] Result<qmp::KvmInfo> query_kvm() override;
    [[nodiscard]] Result<std::vector<qmp::CpuInfoFast>> query_cpus_fast() override;
    [[nodiscard]] Result<std::vector<qmp::BlockInfo>> query_block() override;
    [[nodiscard]] Result<std::vector<qmp::PciInfo>> query_pci() override;
    [[nodiscard]] Result<std::vector<qmp::ChardevInfo>> query_chardev() override;

private:
    [[nodiscard]] static qmp::PciDeviceInfo host_bridge();

    qmp::ProtocolHandlers protocol_{"siskin-test"};
    qmp::EventSink* events_ = nullptr;
    std::function<void()> ended_;
    std::vector<std::string> calls_;
    qmp::RunState state_ = qmp::RunState::Prelaunch;
    std::vector<qmp::BlockInfo> disks_;
    std::vector<qmp::PciDeviceInfo> functions_{host_bridge()};
    FakeBackend backend_;
    hmp::HumanHandlers human_{services()};
};

}  // namespace siskin::qmp_test
