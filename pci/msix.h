// SPDX-License-Identifier: Apache-2.0
// MsixTable: message-signalled interrupts of one function, one EventFd a vector.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bus/io_handler.h"
#include "base/bus/msi.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/registers.h"
#include "base/result.h"

namespace siskin {

// The table and the pending bits (PCIe 5.0 §7.7.2) over the seam MsiTarget. A vector that may send
// (MSI-X enabled, function and vector not masked, bus mastering on) has its EventFd bound there, so
// a signal from any thread is an interrupt without a thread of ours. Any other vector is unbound,
// so its pending bit is "the EventFd is readable", and what is pending goes out once when the
// vector may send again. An EventFd exists only for vectors that a device asked for.
// Thread: under MachineLock; only the EventFd itself is for any thread.
class MsixTable {
public:
    static constexpr std::uint16_t kNoVector = 0xffff;  // virtio 1.2 §4.1.5.1.2

    // `vector_count` is 1..2048 (asserted). `target` outlives this.
    MsixTable(std::uint16_t vector_count, MsiTarget& target, std::string name);
    ~MsixTable();
    MsixTable(const MsixTable&) = delete;
    MsixTable& operator=(const MsixTable&) = delete;

    [[nodiscard]] std::uint16_t vector_count() const { return vector_count_; }
    [[nodiscard]] bool is_vector(std::uint16_t vector) const { return vector < vector_count_; }

    // What a device signals to raise the vector: the same object each time, as long as the table
    // lives, resets included. Errors: no such vector, no descriptor left.
    [[nodiscard]] Result<std::shared_ptr<const EventFd>> event(std::uint16_t vector);

    // The two regions of a BAR, and their sizes in bytes.
    [[nodiscard]] IoHandler& table() { return table_region_; }
    [[nodiscard]] IoHandler& pending_bits() { return pending_region_; }
    [[nodiscard]] std::uint64_t table_size() const;
    [[nodiscard]] std::uint64_t pending_bits_size() const;

    // Follows Message Control and the command register; PciFunction calls it.
    struct Gate {
        bool enabled = false;
        bool function_masked = false;
        bool bus_master = false;

        friend bool operator==(const Gate&, const Gate&) = default;
    };
    void set_gate(Gate gate);
    [[nodiscard]] bool enabled() const { return gate_.enabled; }

    // Every vector masked, nothing pending, nothing bound, MSI-X disabled.
    void reset();

    [[nodiscard]] bool pending(std::uint16_t vector) const;
    [[nodiscard]] bool bound(std::uint16_t vector) const;
    // How often the target refused a binding. Such a vector stays unbound, its signals pending;
    // the next change of its entry or of the gate tries again.
    [[nodiscard]] std::uint64_t bind_failures() const { return bind_failures_; }

private:
    class TableRegion : public IoHandler {
    public:
        explicit TableRegion(MsixTable& owner) : owner_(owner) {}
        [[nodiscard]] std::uint64_t read(IoAccess access) override;
        void write(IoAccess access, std::uint64_t value) override;

    private:
        MsixTable& owner_;
    };
    class PendingRegion : public IoHandler {
    public:
        explicit PendingRegion(const MsixTable& owner) : owner_(owner) {}
        [[nodiscard]] std::uint64_t read(IoAccess access) override;
        void write(IoAccess access, std::uint64_t value) override;

    private:
        const MsixTable& owner_;
    };
    struct Vector {
        std::shared_ptr<const EventFd> event;
        std::unique_ptr<Binding> binding;  // goes before the event
        MsiMessage message;                // of the binding
    };

    [[nodiscard]] MsiMessage message(std::uint16_t vector) const;
    [[nodiscard]] bool may_send(std::uint16_t vector) const;
    void update(std::uint16_t vector);
    void set_power_on_entries();

    const std::uint16_t vector_count_;
    MsiTarget& target_;
    GuestErrorLog log_;
    RegisterBlock entries_;
    std::vector<Vector> vectors_;
    Gate gate_;
    std::uint64_t bind_failures_ = 0;
    TableRegion table_region_{*this};
    PendingRegion pending_region_{*this};
};

}  // namespace siskin
