// SPDX-License-Identifier: Apache-2.0
// VcpuThread: the thread that runs one vCPU, and how it is parked and let go.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include <sys/types.h>

#include "base/bus/access_hold.h"
#include "base/result.h"
#include "base/units.h"
#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/vcpu/exit_dispatch.h"

namespace siskin {

// What a vCPU cannot handle itself. Called on the vCPU's thread, which then waits to be parked.
class VcpuEvents {
public:
    virtual ~VcpuEvents() = default;
    virtual void on_triple_fault(VcpuId vcpu) = 0;
    // `description` names the exit.
    virtual void on_vcpu_failure(VcpuId vcpu, const std::string& description) = 0;
};

// Starts parked; ends with the object. Thread: all calls from the VM thread, without MachineLock:
// a vCPU may be waiting for it on its way to being parked.
class VcpuThread {
public:
    // Before the first thread: the signal that interrupts KVM_RUN gets a handler.
    static void install_kick_signal();

    // Error: the host's limit of threads is reached.
    [[nodiscard]] static Result<std::unique_ptr<VcpuThread>> create(VcpuId id,
                                                                    std::unique_ptr<KvmVcpu> vcpu,
                                                                    ExitDispatch dispatch,
                                                                    VcpuEvents& events);
    ~VcpuThread();
    VcpuThread(const VcpuThread&) = delete;
    VcpuThread& operator=(const VcpuThread&) = delete;

    // Asks for a stop outside the guest, with no access under way; wait_parked() waits for it. Two
    // steps, so that all vCPUs are on their way before the first is waited for.
    void request_park();
    void wait_parked();
    // Runs the guest until the next request_park().
    void run();

    // While parked.
    [[nodiscard]] KvmVcpu& vcpu() { return *vcpu_; }
    // Of its statistics, also while it runs; invalid where the kernel has none.
    [[nodiscard]] const Fd& statistics() const { return vcpu_->statistics(); }
    [[nodiscard]] pid_t thread_id() const { return thread_id_.load(); }
    [[nodiscard]] VcpuId id() const { return id_; }

private:
    enum class Wanted : std::uint32_t { Park, Run, Exit };
    // What is wanted, and a number that makes each command differ from the one before, so that a
    // wait for a change cannot miss one.
    struct Command {
        static constexpr std::uint32_t kWantedBits = 2;
        [[nodiscard]] static Wanted wanted(std::uint32_t command) {
            return static_cast<Wanted>(command & 3U);
        }
    };

    VcpuThread(VcpuId id, std::unique_ptr<KvmVcpu> vcpu, ExitDispatch dispatch, VcpuEvents& events);
    void post(Wanted wanted);
    void kick();
    void main();
    void run_guest(std::uint32_t command);
    // Until the access that is under way may end, or there is another command.
    void wait_for_access(std::uint32_t command);
    // False when the guest cannot go on.
    bool handle(const VcpuExit& exit);

    VcpuId id_;
    std::unique_ptr<KvmVcpu> vcpu_;
    ExitDispatch dispatch_;
    VcpuEvents& events_;
    AccessHold hold_;
    std::atomic<std::uint32_t> command_{0};       // written by the VM thread
    std::atomic<std::uint32_t> acknowledged_{1};  // the Park command that is obeyed
    std::atomic<pid_t> thread_id_{0};
    std::thread thread_;
};

}  // namespace siskin
