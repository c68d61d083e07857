// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/banned.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/banned") {
    TEST_CASE("closing a descriptor by hand is found, with and without the global scope") {
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "void f() {\n    ::close(fd);\n}\n"}}) ==
              Lines{"pci/a.cc:2: close: siskin::Fd owns descriptors"});
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "    if (bad) return close(fd);\n"}}).size() ==
              1);
    }

    TEST_CASE("base/fd closes descriptors and base/mapping undoes mappings") {
        CHECK(found_by(banned_rule(), {{"base/fd.cc", "::close(number_);\n"}}).empty());
        CHECK(found_by(banned_rule(), {{"base/mapping.cc", "::munmap(data_, size_);\n"}}).empty());
        CHECK(found_by(banned_rule(), {{"base/fd.cc", "::munmap(data_, size_);\n"}}).size() == 1);
    }

    TEST_CASE("a member called close is not the system call") {
        const std::string text =
            "void close(int reason);\n"
            "socket.close(error);\n"
            "session->close(error);\n"
            "void Session::close(int reason) {}\n"
            "close();\n"
            "auto f = disclose(x);\n";

        CHECK(found_by(banned_rule(), {{"qmp/a.cc", text}}).empty());
    }

    TEST_CASE("delete is found as an expression, not as a deleted function") {
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "delete object;\n"}}).size() == 1);
        CHECK(found_by(banned_rule(), {{"pci/a.h", "A(const A&) = delete;\n"}}).empty());
    }

    TEST_CASE("throw, a using-directive and a thread are found in code, not in comments") {
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "throw 1;\n"}}).size() == 1);
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "using namespace std;\n"}}).size() == 1);
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "std::thread worker;\n"}}).size() == 1);
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "std::this_thread::yield();\n"}}).empty());
        CHECK(found_by(banned_rule(), {{"vmm/vcpu/a.cc", "std::thread worker;\n"}}).empty());
        CHECK(found_by(banned_rule(), {{"pci/a.cc", "// throw std::thread\nf(\"throw\");\n"}})
                  .empty());
    }

    TEST_CASE("a source may open a namespace of ours or of literals, a header none") {
        CHECK(found_by(banned_rule(), {{"a.cc", "using namespace siskin;\n"}}).empty());
        CHECK(
            found_by(banned_rule(), {{"a.cc", "using namespace std::chrono_literals;\n"}}).empty());
        CHECK(found_by(banned_rule(), {{"a.cc", "using namespace std::chrono;\n"}}).size() == 1);
        CHECK(found_by(banned_rule(), {{"a.h", "using namespace siskin;\n"}}).size() == 1);
    }

    TEST_CASE("a note of work left undone is found in comments of any language") {
        const std::string note =
            "TO"
            "DO";

        CHECK(found_by(banned_rule(), {{"pci/a.cc", "// " + note + ": later\n"}}).size() == 1);
        CHECK(found_by(banned_rule(), {{"tools/a.py",
                                        "# FIX"
                                        "ME\n"}})
                  .size() == 1);
        CHECK(
            found_by(banned_rule(), {{"tools/a.sh", "mktemp " + repeated("X", 6) + "\n"}}).empty());
    }
}

}  // namespace siskin::tidy
