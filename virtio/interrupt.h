// SPDX-License-Identifier: Apache-2.0
// DriverInterrupt: "look at this queue", said to the driver from any thread.
#pragma once

namespace siskin {

// Offered by a transport for each queue. Outlives the queue's activation.
class DriverInterrupt {
public:
    virtual ~DriverInterrupt() = default;
    // Any thread; takes no lock and does not wait.
    virtual void signal() = 0;
};

}  // namespace siskin
