// SPDX-License-Identifier: Apache-2.0
// Runs the kvm tier, or counts it as skipped, aloud, where there is no usable /dev/kvm (exit 77).
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include <fcntl.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>

#include "base/fd.h"

namespace {

constexpr int kSkipped = 77;  // what ctest's SKIP_RETURN_CODE names

// Counts the cases that would run.
unsigned case_count = 0;
struct CountingReporter : doctest::IReporter {
    explicit CountingReporter(const doctest::ContextOptions& /*options*/) {}
    void report_query(const doctest::QueryData& query) override {
        case_count = query.run_stats->numTestCasesPassingFilters;
    }
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
    void test_case_start(const doctest::TestCaseData& /*data*/) override {}
    void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& /*stats*/) override {}
    void test_case_exception(const doctest::TestCaseException& /*exception*/) override {}
    void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData& /*data*/) override {}
    void log_message(const doctest::MessageData& /*data*/) override {}
    void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}
};
REGISTER_REPORTER("counting", 1, CountingReporter);

// "" where a virtual machine can be created, else why not.
const char* why_no_kvm() {
    constexpr unsigned long kCreateVm = _IO(0xAE, 0x01);  // Linux: virt/kvm/api.rst, KVM_CREATE_VM
    const siskin::Fd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm.valid()) {
        return errno == EACCES ? "no permission for /dev/kvm" : "no /dev/kvm";
    }
    const siskin::Fd machine(::ioctl(kvm.get(), kCreateVm, 0));
    return machine.valid() ? "" : "/dev/kvm creates no virtual machine";
}

}  // namespace

int main(int argc, char** argv) {
    const char* const reason = why_no_kvm();
    if (*reason != '\0') {
        doctest::Context counting(argc, argv);
        const char* const count[] = {argv[0], "--count"};
        counting.applyCommandLine(2, count);
        counting.addFilter("reporters", "counting");
        counting.run();
        std::cout << "kvm tier: " << case_count << " skipped (" << reason << ")\n";
        return kSkipped;
    }
    doctest::Context context(argc, argv);
    const int result = context.run();
    std::cout << std::flush;
    return result;
}
