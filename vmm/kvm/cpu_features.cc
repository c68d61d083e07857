// SPDX-License-Identifier: Apache-2.0
// The names of CPUID feature bits (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E).
#include <algorithm>
#include <array>

#include "vmm/kvm/cpuid.h"

namespace siskin {
namespace {

using enum CpuFeature::Register;

constexpr std::array kFeatures{
    // Leaf 1
    CpuFeature{"pni", 0x1, 0, Ecx, 0},
    CpuFeature{"pclmulqdq", 0x1, 0, Ecx, 1},
    CpuFeature{"vmx", 0x1, 0, Ecx, 5},
    CpuFeature{"ssse3", 0x1, 0, Ecx, 9},
    CpuFeature{"fma", 0x1, 0, Ecx, 12},
    CpuFeature{"cx16", 0x1, 0, Ecx, 13},
    CpuFeature{"pcid", 0x1, 0, Ecx, 17},
    CpuFeature{"sse4.1", 0x1, 0, Ecx, 19},
    CpuFeature{"sse4.2", 0x1, 0, Ecx, 20},
    CpuFeature{"x2apic", 0x1, 0, Ecx, 21},
    CpuFeature{"movbe", 0x1, 0, Ecx, 22},
    CpuFeature{"popcnt", 0x1, 0, Ecx, 23},
    CpuFeature{"tsc-deadline", 0x1, 0, Ecx, 24},
    CpuFeature{"aes", 0x1, 0, Ecx, 25},
    CpuFeature{"xsave", 0x1, 0, Ecx, 26},
    CpuFeature{"avx", 0x1, 0, Ecx, 28},
    CpuFeature{"f16c", 0x1, 0, Ecx, 29},
    CpuFeature{"rdrand", 0x1, 0, Ecx, 30},
    CpuFeature{"hypervisor", 0x1, 0, Ecx, 31},
    CpuFeature{"fpu", 0x1, 0, Edx, 0},
    CpuFeature{"vme", 0x1, 0, Edx, 1},
    CpuFeature{"de", 0x1, 0, Edx, 2},
    CpuFeature{"pse", 0x1, 0, Edx, 3},
    CpuFeature{"tsc", 0x1, 0, Edx, 4},
    CpuFeature{"msr", 0x1, 0, Edx, 5},
    CpuFeature{"pae", 0x1, 0, Edx, 6},
    CpuFeature{"mce", 0x1, 0, Edx, 7},
    CpuFeature{"cx8", 0x1, 0, Edx, 8},
    CpuFeature{"apic", 0x1, 0, Edx, 9},
    CpuFeature{"sep", 0x1, 0, Edx, 11},
    CpuFeature{"mtrr", 0x1, 0, Edx, 12},
    CpuFeature{"pge", 0x1, 0, Edx, 13},
    CpuFeature{"mca", 0x1, 0, Edx, 14},
    CpuFeature{"cmov", 0x1, 0, Edx, 15},
    CpuFeature{"pat", 0x1, 0, Edx, 16},
    CpuFeature{"pse36", 0x1, 0, Edx, 17},
    CpuFeature{"clflush", 0x1, 0, Edx, 19},
    CpuFeature{"mmx", 0x1, 0, Edx, 23},
    CpuFeature{"fxsr", 0x1, 0, Edx, 24},
    CpuFeature{"sse", 0x1, 0, Edx, 25},
    CpuFeature{"sse2", 0x1, 0, Edx, 26},
    CpuFeature{"ss", 0x1, 0, Edx, 27},
    CpuFeature{"ht", 0x1, 0, Edx, 28},
    // Leaf 7
    CpuFeature{"fsgsbase", 0x7, 0, Ebx, 0},
    CpuFeature{"tsc_adjust", 0x7, 0, Ebx, 1},
    CpuFeature{"bmi1", 0x7, 0, Ebx, 3},
    CpuFeature{"hle", 0x7, 0, Ebx, 4},
    CpuFeature{"avx2", 0x7, 0, Ebx, 5},
    CpuFeature{"smep", 0x7, 0, Ebx, 7},
    CpuFeature{"bmi2", 0x7, 0, Ebx, 8},
    CpuFeature{"erms", 0x7, 0, Ebx, 9},
    CpuFeature{"invpcid", 0x7, 0, Ebx, 10},
    CpuFeature{"rtm", 0x7, 0, Ebx, 11},
    CpuFeature{"avx512f", 0x7, 0, Ebx, 16},
    CpuFeature{"avx512dq", 0x7, 0, Ebx, 17},
    CpuFeature{"rdseed", 0x7, 0, Ebx, 18},
    CpuFeature{"adx", 0x7, 0, Ebx, 19},
    CpuFeature{"smap", 0x7, 0, Ebx, 20},
    CpuFeature{"clflushopt", 0x7, 0, Ebx, 23},
    CpuFeature{"clwb", 0x7, 0, Ebx, 24},
    CpuFeature{"avx512cd", 0x7, 0, Ebx, 28},
    CpuFeature{"sha-ni", 0x7, 0, Ebx, 29},
    CpuFeature{"avx512bw", 0x7, 0, Ebx, 30},
    CpuFeature{"avx512vl", 0x7, 0, Ebx, 31},
    CpuFeature{"umip", 0x7, 0, Ecx, 2},
    CpuFeature{"pku", 0x7, 0, Ecx, 3},
    CpuFeature{"gfni", 0x7, 0, Ecx, 8},
    CpuFeature{"vaes", 0x7, 0, Ecx, 9},
    CpuFeature{"vpclmulqdq", 0x7, 0, Ecx, 10},
    CpuFeature{"avx512-vpopcntdq", 0x7, 0, Ecx, 14},
    CpuFeature{"la57", 0x7, 0, Ecx, 16},
    CpuFeature{"rdpid", 0x7, 0, Ecx, 22},
    CpuFeature{"spec-ctrl", 0x7, 0, Edx, 26},
    CpuFeature{"stibp", 0x7, 0, Edx, 27},
    CpuFeature{"arch-capabilities", 0x7, 0, Edx, 29},
    CpuFeature{"ssbd", 0x7, 0, Edx, 31},
    // Leaf 0xd, subleaf 1
    CpuFeature{"xsaveopt", 0xd, 1, Eax, 0},
    CpuFeature{"xsavec", 0xd, 1, Eax, 1},
    CpuFeature{"xgetbv1", 0xd, 1, Eax, 2},
    CpuFeature{"xsaves", 0xd, 1, Eax, 3},
    // Leaf 0x80000001
    CpuFeature{"lahf-lm", 0x80000001, 0, Ecx, 0},
    CpuFeature{"svm", 0x80000001, 0, Ecx, 2},
    CpuFeature{"cr8legacy", 0x80000001, 0, Ecx, 4},
    CpuFeature{"abm", 0x80000001, 0, Ecx, 5},
    CpuFeature{"sse4a", 0x80000001, 0, Ecx, 6},
    CpuFeature{"misalignsse", 0x80000001, 0, Ecx, 7},
    CpuFeature{"3dnowprefetch", 0x80000001, 0, Ecx, 8},
    CpuFeature{"topoext", 0x80000001, 0, Ecx, 22},
    CpuFeature{"syscall", 0x80000001, 0, Edx, 11},
    CpuFeature{"nx", 0x80000001, 0, Edx, 20},
    CpuFeature{"mmxext", 0x80000001, 0, Edx, 22},
    CpuFeature{"fxsr-opt", 0x80000001, 0, Edx, 25},
    CpuFeature{"pdpe1gb", 0x80000001, 0, Edx, 26},
    CpuFeature{"rdtscp", 0x80000001, 0, Edx, 27},
    CpuFeature{"lm", 0x80000001, 0, Edx, 29},
    CpuFeature{"invtsc", 0x80000007, 0, Edx, 8},
    CpuFeature{"ibpb", 0x80000008, 0, Ebx, 12},
    CpuFeature{"virt-ssbd", 0x80000008, 0, Ebx, 25},
    // KVM's own
    CpuFeature{"kvmclock", 0x40000001, 0, Eax, 3},
    CpuFeature{"kvm-asyncpf", 0x40000001, 0, Eax, 4},
    CpuFeature{"kvm-steal-time", 0x40000001, 0, Eax, 5},
    CpuFeature{"kvm-pv-eoi", 0x40000001, 0, Eax, 6},
    CpuFeature{"kvm-pv-unhalt", 0x40000001, 0, Eax, 7},
    CpuFeature{"kvm-pv-tlb-flush", 0x40000001, 0, Eax, 9},
    CpuFeature{"kvm-pv-ipi", 0x40000001, 0, Eax, 11},
    CpuFeature{"kvm-poll-control", 0x40000001, 0, Eax, 12},
    CpuFeature{"kvm-pv-sched-yield", 0x40000001, 0, Eax, 13},
    CpuFeature{"kvmclock-stable-bit", 0x40000001, 0, Eax, 24},
};

bool same_name(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char one, char two) {
        return (one == '_' ? '-' : one) == (two == '_' ? '-' : two);
    });
}

}  // namespace

std::span<const CpuFeature> cpu_features() {
    return kFeatures;
}

const CpuFeature* find_cpu_feature(std::string_view name) {
    const auto* const found =
        std::find_if(kFeatures.begin(), kFeatures.end(),
                     [&](const CpuFeature& feature) { return same_name(feature.name, name); });
    return found == kFeatures.end() ? nullptr : found;
}

}  // namespace siskin
