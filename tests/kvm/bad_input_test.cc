// SPDX-License-Identifier: Apache-2.0
// Bad input on the command line: exit status 1, one line that names it, nothing created or changed.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <filesystem>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

constexpr Milliseconds kPromptly{10000};

struct Row {
    std::string what;
    std::vector<std::string> arguments;
    std::vector<std::string> named;  // all of these stand in the one line
};

// Runs it with a monitor socket and a pid file it must not leave behind.
void check_refused(const TemporaryDirectory& directory, const Row& row) {
    const std::string description = concat(row.what, ": ", join(row.arguments, " "));
    CAPTURE(description);
    const std::set<std::string> names_before = directory.names();
    // -S: where it is not refused after all, no guest runs. A later -kernel replaces this one.
    std::vector<std::string> command{
        binary_under_test(),   "-nodefaults", "-display",         "none", "-S", "-pidfile",
        directory.path("pid"), "-kernel",     guest_file("hello")};
    command.insert(command.end(), row.arguments.begin(), row.arguments.end());

    Result<ChildProcess> process = ChildProcess::start(command);
    REQUIRE(process.has_value());
    const std::optional<int> status = process->wait_for_end(kPromptly);

    const std::string errors = process->errors();
    CAPTURE(errors);
    CHECK(status == 1);
    CHECK(process->output().empty());
    CHECK(count_of(errors, "\n") == 1);
    CHECK(errors.ends_with("\n"));
    for (const std::string& name : row.named) {
        CAPTURE(name);
        CHECK(errors.find(name) != std::string::npos);
    }
    CHECK(directory.names() == names_before);
}

void check_all(const TemporaryDirectory& directory, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        check_refused(directory, row);
    }
}

// A listening socket at `path`, as another machine's monitor has.
Fd listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
            0);
    REQUIRE(::listen(socket.get(), 4) == 0);
    return socket;
}

bool can_connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
           0;
}

}  // namespace

TEST_SUITE("cli/bad_input") {
    TEST_CASE("a kernel, initrd or disk that is none is named with its path") {
        TemporaryDirectory directory;
        const std::string missing = directory.path("missing");
        const std::string empty = directory.write_file("empty", "");
        const std::string text = directory.write_file("text", std::string(8192, 'x'));
        const auto drive = [](const std::string& file) {
            return concat("if=none,format=raw,id=d,file=", file);
        };

        check_all(
            directory,
            {{"missing kernel", {"-kernel", missing}, {"-kernel", missing}},
             {"empty kernel", {"-kernel", empty}, {empty}},
             {"kernel is a directory", {"-kernel", directory.path()}, {directory.path()}},
             {"kernel is no kernel", {"-kernel", text}, {text}},
             {"missing initrd", {"-initrd", missing}, {"-initrd", missing}},
             {"empty initrd", {"-initrd", empty}, {empty}},
             {"initrd is a directory", {"-initrd", directory.path()}, {directory.path()}},
             {"missing disk", {"-drive", drive(missing)}, {missing}},
             {"empty disk", {"-drive", drive(empty)}, {empty}},
             {"disk is a directory", {"-drive", drive(directory.path())}, {directory.path()}}});
    }

    TEST_CASE("sizes and counts out of range name the option and the value") {
        TemporaryDirectory directory;
        check_all(directory, {{"no memory", {"-m", "0"}, {"-m", "0"}},
                              {"memory beyond everything", {"-m", "1E"}, {"-m", "1E"}},
                              {"memory is no number", {"-m", "lots"}, {"-m", "lots"}},
                              {"no processor", {"-smp", "0"}, {"-smp", "0"}},
                              {"too many processors", {"-smp", "100000"}, {"-smp", "100000"}},
                              {"processors are no number", {"-smp", "two"}, {"-smp", "two"}}});
    }

    TEST_CASE("unknown options, boards, devices and properties are named") {
        TemporaryDirectory directory;
        const std::string disk = directory.write_file("disk", std::string(4096, '\0'));
        check_all(
            directory,
            {{"unknown option", {"-nonsense"}, {"-nonsense"}},
             {"option without its value", {"-m"}, {"-m"}},
             {"unknown board", {"-machine", "abacus"}, {"abacus"}},
             {"unknown accelerator", {"-accel", "steam"}, {"steam"}},
             {"unknown device", {"-device", "abacus"}, {"-device", "abacus"}},
             {"unknown property", {"-device", "pcie-root-port,id=r,colour=red"}, {"colour"}},
             {"property out of range",
              {"-drive", "if=none,id=d,format=raw,file=" + disk, "-device",
               "virtio-blk-pci,drive=d,num-queues=65536"},
              {"num-queues", "65536"}},
             {"drive that is not there", {"-device", "virtio-blk-pci,drive=ghost"}, {"ghost"}},
             {"bus that is not there",
              {"-drive", "if=none,id=d,format=raw,file=" + disk, "-device",
               "virtio-blk-pci,drive=d,bus=ghost"},
              {"ghost"}},
             {"no format", {"-drive", "if=none,id=d,file=" + disk}, {"format"}},
             {"format not offered",
              {"-drive", "if=none,id=d,format=qcow2,file=" + disk},
              {"format", "qcow2"}}});
    }

    TEST_CASE("a socket path longer than 107 bytes is refused, one that long is not too long") {
        TemporaryDirectory directory;
        const std::string longest =
            directory.path() + "/" + std::string(107 - directory.path().size() - 1, 's');
        REQUIRE(longest.size() == 107);
        REQUIRE(can_connect(longest) == false);

        check_refused(directory, {"socket path of 108 bytes",
                                  {"-qmp", "unix:" + longest + "s,server=on,wait=off"},
                                  {"107"}});
        {
            const Fd listener = listen_at(longest);
            check_refused(directory, {"live socket at a path of 107 bytes",
                                      {"-qmp", "unix:" + longest + ",server=on,wait=off"},
                                      {longest}});
        }
    }

    TEST_CASE("another machine's live socket is refused and stays in place (Q14)") {
        TemporaryDirectory directory;
        const std::string path = directory.path("live");
        const Fd listener = listen_at(path);

        check_refused(
            directory,
            {"live socket", {"-qmp", concat("unix:", path, ",server=on,wait=off")}, {path}});

        CHECK(can_connect(path));
    }

    TEST_CASE("a start that fails leaves the files of consoles as they were") {
        TemporaryDirectory directory;
        const std::string log = directory.write_file("log", "precious");

        check_all(directory,
                  {{"monitor at a bad place",
                    {"-serial", "file:" + log, "-serial", "file:" + directory.path("new"), "-qmp",
                     "unix:/nope/qmp,server=on,wait=off"},
                    {"/nope/qmp"}}});

        CHECK(std::filesystem::file_size(log) == 8);
    }

    TEST_CASE("an option ROM that is empty, missing or no power of two is refused") {
        TemporaryDirectory directory;
        const std::string empty = directory.write_file("empty", "");
        const std::string port = "pcie-root-port,chassis=1,";
        check_all(directory,
                  {{"empty", {"-device", port + "romfile=" + empty}, {"-device", "is empty"}},
                   {"missing", {"-device", port + "romfile=/nope.rom"}, {"failed to find romfile"}},
                   {"size", {"-device", port + "romsize=1000"}, {"1000 is not a power of two"}}});
    }

    TEST_CASE("empty file names and wrong -global are refused") {
        TemporaryDirectory directory;
        check_all(directory, {{"kernel", {"-kernel", ""}, {"-kernel"}},
                              {"pid file", {"-pidfile", ""}, {"-pidfile"}},
                              {"global", {"-global", "nope.x=1"}, {"nope.x=1"}},
                              {"node without a name",
                               {"-blockdev", "driver=file,filename=/dev/null"},
                               {"node-name"}}});
    }

    TEST_CASE("standard input and output are refused to a process in the background") {
        TemporaryDirectory directory;
        check_all(directory,
                  {{"serial port", {"-serial", "stdio", "-daemonize"}, {"stdio", "-daemonize"}},
                   {"monitor", {"-qmp", "stdio", "-daemonize"}, {"-qmp stdio", "-daemonize"}},
                   {"monitor for people",
                    {"-monitor", "stdio", "-daemonize"},
                    {"-monitor stdio", "-daemonize"}},
                   {"back end",
                    {"-chardev", "stdio,id=c", "-daemonize"},
                    {"-chardev stdio,id=c", "-daemonize"}}});
    }

    TEST_CASE("the messages quote no control characters (Q16)") {
        TemporaryDirectory directory;
        check_all(directory, {{"newline in a name", {"-device", "two\nlines"}, {"two\\x0alines"}},
                              {"escape in a path", {"-kernel", "/\x1b[31mred"}, {"\\x1b[31mred"}}});
    }

    // Only root can become somebody without permission.
    TEST_CASE("without permission for /dev/kvm the line names it and what to do" *
              doctest::skip(::geteuid() != 0)) {
        TemporaryDirectory directory;
        // Where everybody may read it: build folders often lie in somebody's home.
        std::filesystem::copy_file(binary_under_test(), directory.path("siskin"));
        std::filesystem::copy_file(guest_file("hello"), directory.path("hello.elf"));
        std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
        std::filesystem::permissions(directory.path("siskin"), std::filesystem::perms(0755));
        Result<ChildProcess> process = ChildProcess::start(
            {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             directory.path("siskin"), "-M", "q35", "-accel", "kvm", "-nodefaults", "-display",
             "none", "-kernel", directory.path("hello.elf")});
        REQUIRE(process.has_value());

        const std::optional<int> status = process->wait_for_end(kPromptly);

        const std::string errors = process->errors();
        CAPTURE(errors);
        CHECK(status == 1);
        CHECK(count_of(errors, "\n") == 1);
        CHECK(errors.find("/dev/kvm") != std::string::npos);
    }
}

}  // namespace siskin::test
