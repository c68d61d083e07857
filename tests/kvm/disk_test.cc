// SPDX-License-Identifier: Apache-2.0
// virtio-blk from a guest's driver down to the bytes of the image file.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

constexpr unsigned kSectors = 256;
// What blk_poll writes: eight sectors from sector 8 on for queue 0, the next eight for queue 1, ...
constexpr unsigned kFirstWritten = 8;
constexpr unsigned kWrittenPerQueue = 8;

void check_image(const std::string& image, unsigned queues) {
    CAPTURE(queues);
    CHECK(file_has_pattern(image, 0, kFirstWritten, 0));
    for (unsigned queue = 0; queue < queues; ++queue) {
        CHECK(file_has_pattern(image, kFirstWritten + queue * kWrittenPerQueue, kWrittenPerQueue,
                               queue + 1));
    }
    const unsigned end = kFirstWritten + queues * kWrittenPerQueue;
    CHECK(file_has_pattern(image, end, kSectors - end, 0));
}

}  // namespace

TEST_SUITE("kvm/disk") {
    TEST_CASE("a polling driver reads, writes, flushes and gets its errors, whatever the ring") {
        for (const std::string ring : {"plain", "indirect", "event_idx", "both"}) {
            CAPTURE(ring);
            TemporaryDirectory directory;
            const std::string image = patterned_image(directory, "disk", kSectors);

            const GuestRun result = run(MachineArguments("blk_poll")
                                            .command_line(ring + " prefilled serial=ROSE-7")
                                            .disk(image, "", ",serial=ROSE-7"));

            CAPTURE(result.output);
            CAPTURE(result.errors);
            CHECK(result.status == kGuestPassed);
            check_image(image, 1);
        }
    }

    TEST_CASE("a disk ten buses deep works: root port, four switches, a bridge") {
        TemporaryDirectory directory;
        MachineArguments arguments("blk_poll");
        arguments.command_line("prefilled");
        arguments.add({"-device", "pcie-root-port,id=p0,chassis=1"});
        for (int level = 1; level <= 4; ++level) {
            arguments.add({"-device", concat("x3130-upstream,id=u", level, ",bus=p", level - 1),
                           "-device",
                           concat("xio3130-downstream,id=p", level, ",bus=u", level,
                                  ",chassis=", level + 1)});
        }
        const std::string image = patterned_image(directory, "deep", kSectors);
        arguments.add({"-device", "pcie-pci-bridge,id=br,bus=p4", "-drive",
                       concat("if=none,format=raw,id=d0,file=", image), "-device",
                       "virtio-blk-pci,drive=d0,bus=br,addr=1f"});

        const GuestRun result = run(arguments);

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        check_image(image, 1);
    }

    TEST_CASE("disks behind each kind of port work: a switch, bridges of both kinds, ioh3420") {
        TemporaryDirectory directory;
        MachineArguments arguments("blk_poll");
        arguments.command_line("prefilled disks=4");
        arguments.add(
            {"-device", "pcie-root-port,id=rp,chassis=1", "-device", "x3130-upstream,id=up,bus=rp",
             "-device", "xio3130-downstream,id=dn,bus=up,chassis=2", "-device",
             "xio3130-downstream,id=d2,bus=up,chassis=3", "-device", "pcie-pci-bridge,id=eb,bus=d2",
             "-device", "pci-bridge,id=pb,bus=eb,chassis_nr=4", "-device",
             "ioh3420,id=io,chassis=5"});
        std::vector<std::string> images;
        for (const std::string bus : {"dn", "eb", "pb", "io"}) {
            images.push_back(patterned_image(directory, bus, kSectors));
            arguments.add({"-drive",
                           concat("if=none,format=raw,id=d-", bus, ",file=", images.back()),
                           "-device", concat("virtio-blk-pci,drive=d-", bus, ",bus=", bus)});
        }

        const GuestRun result = run(arguments);

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        for (const std::string& image : images) {
            check_image(image, 1);
        }
    }

    TEST_CASE("legacy drivers drive transitional and legacy disks, with and without ioeventfd") {
        TemporaryDirectory directory;
        MachineArguments arguments("blk_legacy");
        arguments.command_line("prefilled disks=4");
        arguments.add({"-device", "pcie-pci-bridge,id=br"});
        std::vector<std::string> images;
        for (const std::string disk :
             {"virtio-blk-pci", "virtio-blk-pci,bus=br,addr=1", "virtio-blk-pci,disable-modern=on",
              "virtio-blk-pci-transitional,ioeventfd=off"}) {
            const std::string name = concat("d", images.size());
            images.push_back(patterned_image(directory, name, kSectors));
            arguments.add({"-drive",
                           concat("if=none,format=raw,id=", name, ",file=", images.back()),
                           "-device", concat(disk, ",drive=", name)});
        }

        const GuestRun result = run(arguments);

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        for (const std::string& image : images) {
            check_image(image, 1);
        }
    }

    TEST_CASE("x-irqfd=off brings the same interrupts") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);

        const GuestRun result = run(MachineArguments("blk_msix").disk(image, "", ",x-irqfd=off"));

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
    }

    TEST_CASE("both aio engines bring the same") {
        for (const std::string engine : {"io_uring", "threads"}) {
            CAPTURE(engine);
            TemporaryDirectory directory;
            const std::string image = patterned_image(directory, "disk", kSectors);

            const GuestRun result = run(MachineArguments("blk_poll")
                                            .command_line("prefilled")
                                            .disk(image, ",aio=" + engine));

            CAPTURE(result.output);
            CAPTURE(result.errors);
            CHECK(result.status == kGuestPassed);
            check_image(image, 1);
        }
    }

    TEST_CASE("four queues each work on their own") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);

        const GuestRun result = run(MachineArguments("blk_poll")
                                        .command_line("prefilled queues=4")
                                        .disk(image, "", ",num-queues=4"));

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        check_image(image, 4);
    }

    TEST_CASE("three disks behind three root ports each keep their own bytes") {
        TemporaryDirectory directory;
        MachineArguments arguments("blk_poll");
        arguments.command_line("prefilled disks=3 queues=2");
        for (const std::string name : {"one", "two", "three"}) {
            arguments.disk(patterned_image(directory, name, kSectors), "", ",num-queues=2");
        }

        const GuestRun result = run(arguments);

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        check_image(directory.path("one"), 2);
        check_image(directory.path("two"), 2);
        check_image(directory.path("three"), 2);
    }

    TEST_CASE("a read-only disk refuses writes and its file stays as it was") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);

        const GuestRun result = run(MachineArguments("blk_poll")
                                        .command_line("prefilled readonly")
                                        .disk(image, ",readonly=on"));

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        CHECK(file_has_pattern(image, 0, kSectors, 0));
    }

    TEST_CASE("MSI-X: one interrupt a request, masked ones stay pending and come once") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);

        const GuestRun result = run(
            MachineArguments("blk_msix").command_line("queues=2").disk(image, "", ",num-queues=2"));

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
    }

    TEST_CASE("INTx: two disks share a line, with irqfd and without (P14)") {
        for (const std::string irqfd : {"on", "off"}) {
            CAPTURE(irqfd);
            TemporaryDirectory directory;
            MachineArguments arguments("blk_intx");
            arguments.command_line("disks=2 shared");
            for (const std::string addr : {"4", "8"}) {
                arguments.add(
                    {"-drive",
                     concat("if=none,format=raw,id=d", addr,
                            ",file=", patterned_image(directory, addr, kSectors)),
                     "-device",
                     concat("virtio-blk-pci,drive=d", addr, ",addr=", addr, ",x-irqfd=", irqfd)});
            }

            const GuestRun result = run(arguments);

            CAPTURE(result.output);
            CAPTURE(result.errors);
            CHECK(result.status == kGuestPassed);
            CHECK(count_of(result.errors, "INTx") == 0);
        }
    }

    TEST_CASE("a BAR over RAM, ECAM, the interrupt controllers, 0 and the top harms nobody (P04)") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);

        const GuestRun result = run(MachineArguments("hostile_bars").disk(image));

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        CHECK(file_has_pattern(image, 0, kSectors, 0));
    }

    TEST_CASE("a disk that another machine writes to is refused, and free when that one is gone") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        std::optional<ChildProcess> first = start(MachineArguments("hello").disk(image));
        REQUIRE(first->wait_for_output("hello"));

        const GuestRun refused = run(MachineArguments("exit_code").disk(image));
        first.reset();
        wait_for_locks(image);
        const GuestRun taken = run(MachineArguments("exit_code").disk(image));

        CAPTURE(refused.errors);
        CHECK(refused.status == 1);
        CHECK(refused.output.empty());
        CHECK(count_of(refused.errors, "lock") >= 1);
        CHECK(taken.status == kGuestPassed);
        CHECK(count_of(taken.output, "code 0\n") == 1);
    }

    TEST_CASE("two machines may read one disk") {
        TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        ChildProcess first = start(MachineArguments("hello").disk(image, ",readonly=on"));
        REQUIRE(first.wait_for_output("hello"));

        const GuestRun second = run(MachineArguments("blk_poll")
                                        .command_line("prefilled readonly")
                                        .disk(image, ",readonly=on"));

        CAPTURE(second.output);
        CAPTURE(second.errors);
        CHECK(second.status == kGuestPassed);
    }
}

}  // namespace siskin::test
