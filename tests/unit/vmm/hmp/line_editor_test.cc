// SPDX-License-Identifier: Apache-2.0
// Keys and the picture they make; the sequences are those QEMU 7.2 writes to a terminal.
#include "vmm/hmp/line_editor.h"

#include <doctest/doctest.h>

namespace siskin::hmp {
namespace {

std::vector<std::string> animals(std::string_view text) {
    std::vector<std::string> found;
    for (const std::string_view name : {"stats", "status", "version"}) {
        if (name.starts_with(text.substr(text.rfind(' ') + 1))) {
            found.emplace_back(name);
        }
    }
    return found;
}

struct Terminal {
    Terminal() {
        editor.begin_line();
        static_cast<void>(editor.take_output());
    }
    // What is drawn for these keys, typed at once.
    std::string type(std::string_view keys) {
        for (const char key : keys) {
            if (auto line = editor.take(key)) {
                lines.push_back(*line);
                editor.begin_line();
            }
        }
        editor.draw();
        return editor.take_output();
    }
    // What one gets for these keys and Return.
    std::string line_of(std::string_view keys) {
        type(std::string(keys) + "\r");
        return lines.back();
    }

    LineEditor editor{"(qemu) ", animals};
    std::vector<std::string> lines;
};

}  // namespace

TEST_SUITE("vmm/hmp/line_editor") {
    TEST_CASE("a line begins with the prompt") {
        LineEditor editor("(qemu) ", animals);

        editor.begin_line();

        CHECK(editor.take_output() == "(qemu) ");
    }

    TEST_CASE("each key redraws the line from its start") {
        Terminal terminal;

        CHECK(terminal.type("i") == "i\x1b[K");
        CHECK(terminal.type("n") == "\x1b[Din\x1b[K");
        CHECK(terminal.type("fo") == "\x1b[D\x1b[Dinfo\x1b[K");
    }

    TEST_CASE("the cursor moves, and keys go in where it is") {
        Terminal terminal;
        terminal.type("info");

        CHECK(terminal.type("\x01") == "\x1b[D\x1b[D\x1b[D\x1b[D");
        CHECK(terminal.type("x") == "xinfo\x1b[K\x1b[D\x1b[D\x1b[D\x1b[D");
        CHECK(terminal.type("\x05") == "\x1b[C\x1b[C\x1b[C\x1b[C");
        CHECK(terminal.type("\x7f") == "\x1b[D\x1b[D\x1b[D\x1b[D\x1b[Dxinf\x1b[K");
        CHECK(terminal.type("\b") == "\x1b[D\x1b[D\x1b[D\x1b[Dxin\x1b[K");
        CHECK(terminal.type("\x1b[D") == "\x1b[D");
        CHECK(terminal.type("y") == "\x1b[D\x1b[Dxiyn\x1b[K\x1b[D");
        CHECK(terminal.type("\x1b[C") == "\x1b[C");
        CHECK(terminal.line_of("") == "xiyn");
    }

    TEST_CASE("control keys delete a character, a word, and to either end") {
        Terminal terminal;

        CHECK(terminal.line_of("ab cd\x17") == "ab ");
        CHECK(terminal.line_of("ab  \x17z") == "z");
        CHECK(terminal.line_of("abc\x1b[D\x0b") == "ab");
        CHECK(terminal.line_of("abc\x1b[D\x15") == "c");
        CHECK(terminal.line_of("abc\x01\x04") == "bc");
        CHECK(terminal.line_of("abc\x1b[1~\x1b[3~\x1b[4~d") == "bcd");
        CHECK(terminal.line_of("abc\x1b[H\x1b[3~\x1bOFd") == "bcd");
        CHECK(terminal.line_of("a\x7f\x7f\x04\x17\x15\x0b") == "");
    }

    TEST_CASE("CR, LF and CR LF end a line once") {
        Terminal terminal;

        CHECK(terminal.type("a\rb\nc\r\nd") ==
              "a\x1b[K\r\n(qemu) b\x1b[K\r\n(qemu) c\x1b[K\r\n(qemu) d\x1b[K");
        CHECK(terminal.lines == std::vector<std::string>{"a", "b", "c"});
    }

    TEST_CASE("up and down walk through the history, and back to what was typed") {
        Terminal terminal;
        terminal.type("one\rtwo\r");

        CHECK(terminal.type("\x1b[A") == "two\x1b[K");
        CHECK(terminal.type("\x1b[A") == "\x1b[D\x1b[D\x1b[Done\x1b[K");
        CHECK(terminal.type("\x1b[A").empty());
        CHECK(terminal.type("\x1b[B") == "\x1b[D\x1b[D\x1b[Dtwo\x1b[K");
        CHECK(terminal.type("\x1b[B") == "\x1b[D\x1b[D\x1b[D\x1b[K");
        CHECK(terminal.type("\x1b[B").empty());
        CHECK(terminal.line_of("dra\x1b[A\x1b[Bft") == "draft");
    }

    TEST_CASE("a line that comes again moves to the end, and blank ones are not kept") {
        Terminal terminal;
        terminal.type("one\rtwo\rone\r  \r");

        CHECK(terminal.line_of("\x1b[A\x1b[A") == "two");
        CHECK(terminal.line_of("\x1b[A\x1b[A") == "one");
        CHECK(terminal.line_of("\x1b[A\x1b[A\x1b[A\x1b[A") == "two");
    }

    TEST_CASE("the history keeps a hundred lines") {
        Terminal terminal;
        for (int number = 0; number <= 100; ++number) {
            terminal.type("line " + std::to_string(number) + "\r");
        }
        std::string to_the_oldest;
        for (int number = 0; number <= 200; ++number) {
            to_the_oldest += "\x1b[A";
        }

        CHECK(terminal.line_of(to_the_oldest) == "line 1");
    }

    TEST_CASE("TAB completes one word, lists several, and leaves what nothing fits") {
        Terminal terminal;

        CHECK(terminal.type("info v\t") == "info version \x1b[K");
        terminal.type("\r");
        CHECK(terminal.type("info s\t") ==
              "info s\x1b[K\r\nstats     status    \r\n(qemu) info stat\x1b[K");
        CHECK(terminal.type("z\t") ==
              "\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[Dinfo statz\x1b[K");
    }

    TEST_CASE("TAB completes before the cursor and keeps what is behind it") {
        Terminal terminal;

        CHECK(terminal.line_of("verx\x1b[D\t") == "version x");
    }

    TEST_CASE("a character of several bytes is one column and one deletion") {
        Terminal terminal;

        CHECK(terminal.type("\xc3\xa9\xe2\x98\x83") == "\xc3\xa9\xe2\x98\x83\x1b[K");
        CHECK(terminal.type("\x1b[D") == "\x1b[D");
        CHECK(terminal.type("\xc3").empty());
        CHECK(terminal.type("\xa4") == "\x1b[D\xc3\xa9\xc3\xa4\xe2\x98\x83\x1b[K\x1b[D");
        CHECK(terminal.type("\x7f\x7f") == "\x1b[D\x1b[D\xe2\x98\x83\x1b[K\x1b[D");
        CHECK(terminal.type("\x04") == "\x1b[K");
    }

    TEST_CASE("bytes that are no UTF-8 are dropped, and what follows them is not") {
        Terminal terminal;

        CHECK(terminal.line_of("a\xff\x80z") == "az");
        CHECK(terminal.line_of("\xc3z") == "z");
        CHECK(terminal.line_of("\xc0\x80\xe0\x80\x80\xed\xa0\x80\xf4\x90\x80\x80z") == "z");
        CHECK(terminal.line_of("\xe2\x98\xc3\xa9") == "\xc3\xa9");
        CHECK(terminal.line_of("\xc2\x9b"
                               "31mz") == "31mz");
        CHECK(terminal.line_of("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
    }

    TEST_CASE("keys without a meaning leave no trace") {
        Terminal terminal;

        CHECK(terminal.line_of("\x1b[1;5Da\x1b[Zb\x1bxc\x1b[5~") == "abc");
        CHECK(terminal.line_of(std::string_view("a\0\x02\x12z", 5)) == "az");
        CHECK(terminal.line_of("\x1b[" + std::string(100, '1') + "~z") == "z");
        CHECK(terminal.line_of("a\x1b[\x7fz") == "z");
    }

    TEST_CASE("control-C gives the line up, control-L draws the screen anew") {
        Terminal terminal;

        CHECK(terminal.type("abc") == "abc\x1b[K");
        CHECK(terminal.type("\x03") == "\r\n(qemu) ");
        CHECK(terminal.type("s\x1b[D") == "s\x1b[K\x1b[D");
        CHECK(terminal.type("\x0c") == "\x1b[2J\x1b[1;1H(qemu) s\x1b[K\x1b[D");
        CHECK(terminal.line_of("") == "s");
    }

    TEST_CASE("a line has at most 4095 bytes, and no half character at its end") {
        Terminal terminal;

        const std::string line =
            terminal.line_of(std::string(LineEditor::kLineMax - 1, 'x') + "\xc3\xa9yz");

        CHECK(line == std::string(LineEditor::kLineMax - 1, 'x') + "y");
    }
}

}  // namespace siskin::hmp
