// SPDX-License-Identifier: Apache-2.0
// function_length: no function body longer than 70 lines, found by matching braces.
#include <sstream>
#include <string>
#include <vector>

#include "tools/tidy/blank.h"
#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

constexpr std::size_t kLinesMax = 70;

// "template <class T> void f(T)" without what its angle brackets hold.
std::string without_template_head(const std::string& statement) {
    const auto begin = statement.find_first_not_of(" \n");
    if (begin == std::string::npos || statement.compare(begin, 8, "template") != 0) {
        return statement;
    }
    int depth = 0;
    for (std::size_t at = begin; at < statement.size(); ++at) {
        depth += statement[at] == '<' ? 1 : 0;
        depth -= statement[at] == '>' ? 1 : 0;
        if (statement[at] == '>' && depth == 0) {
            return without_template_head(statement.substr(at + 1));
        }
    }
    return statement;
}

// A type or a namespace: one of these words stands before any parenthesis.
bool begins_scope(const std::string& statement) {
    std::istringstream words(statement.substr(0, statement.find('(')));
    std::string word;
    while (words >> word) {
        if (word == "class" || word == "struct" || word == "namespace" || word == "union") {
            return true;
        }
    }
    return false;
}

// Reads the code of one file character by character and keeps the braces that are open.
class BraceReader {
public:
    explicit BraceReader(Findings& findings) : findings_(findings) {}

    void read(char character, std::size_t line) {
        switch (character) {
            case '{': open(line); break;
            case '}': close_brace(line); break;
            case ';': statement_.clear(); break;
            default: statement_ += character; break;
        }
    }

private:
    struct Brace {
        bool function;
        std::size_t line;
        std::string statement;  // what stood before it
    };

    [[nodiscard]] bool in_function() const { return !open_.empty() && open_.back().function; }

    void open(std::size_t line) {
        // Everything inside a function belongs to it: blocks, lambdas, initialisers.
        const bool function = in_function() || begins_function();
        open_.push_back(Brace{function, line, std::move(statement_)});
        statement_.clear();
    }

    void close_brace(std::size_t line) {
        if (open_.empty()) {
            return;
        }
        const Brace brace = open_.back();
        open_.pop_back();
        const std::size_t lines = line - brace.line + 1;
        if (brace.function && !in_function() && lines > kLinesMax) {
            findings_.add(brace.line, "function body has " + std::to_string(lines) +
                                          " lines, the most is " + std::to_string(kLinesMax));
        }
        // A member initialiser a_{1}: the head of the constructor goes on behind it.
        const bool one_line_value = brace.function && !in_function() && line == brace.line;
        statement_ = one_line_value ? brace.statement : std::string();
    }

    [[nodiscard]] bool begins_function() const {
        const std::string statement = without_template_head(statement_);
        const auto parenthesis = statement.find('(');
        if (parenthesis == std::string::npos) {
            return false;
        }
        // An initialiser or a scope that only looks like a call.
        const auto equals = statement.find('=');
        const bool is_operator = statement.find("operator") < equals;
        const bool is_value = equals < parenthesis && !is_operator;
        return !is_value && statement.find("TEST_SUITE") == std::string::npos &&
               !begins_scope(statement);
    }

    Findings& findings_;
    std::vector<Brace> open_;
    std::string statement_;
};

void check(const Tree&, const SourceFile& file, Findings& findings) {
    BraceReader reader(findings);
    bool continued = false;
    for (std::size_t index = 0; index < file.code_lines().size(); ++index) {
        for (const char character : blank_directive(file.code_lines()[index], continued) + "\n") {
            reader.read(character, index + 1);
        }
    }
}

}  // namespace

Rule function_length_rule() {
    return Rule{"function_length",
                "A function body has at most 70 lines, braces included. Keep the control flow in\n"
                "the parent and move the steps into helpers with names of their own.",
                [](const SourceFile& file) { return file.language() == Language::Cxx; }, check};
}

}  // namespace siskin::tidy
