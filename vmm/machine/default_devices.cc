// SPDX-License-Identifier: Apache-2.0
// The devices of -serial and -debugcon.
#include "vmm/machine/default_devices.h"

#include <string_view>

#include "base/text.h"

namespace siskin {
namespace {

constexpr std::string_view kChardevPrefix = "chardev:";

// A short form becomes the id of a chardev: its own, or that of a new one called <prefix><number>.
Result<> expand(MachineConfig& config, std::vector<std::string>& forms, std::string_view option,
                std::string_view prefix) {
    for (std::size_t number = 0; number < forms.size(); ++number) {
        std::string& form = forms[number];
        if (form == "none") {
            form.clear();
            continue;
        }
        if (form.starts_with(kChardevPrefix)) {
            form.erase(0, kChardevPrefix.size());
            continue;
        }
        const std::string text = concat('-', option, ' ', printable(form));
        // As QEMU has them: serial0, serial1, ...; debugcon, of which it has one alone.
        const bool is_plain = prefix == "debugcon" && number == 0;
        const std::string id = is_plain ? std::string(prefix) : concat(prefix, number);
        ChardevConfig chardev = SISKIN_TRY_IN(text, parse_chardev_short(form, id));
        config.chardevs.push_back(ChardevUse{std::move(chardev), text});
        form = id;
    }
    return {};
}

Result<> check_background(const MachineConfig& config) {
    if (!config.daemonize) {
        return {};
    }
    if (config.no_graphic && !config.no_defaults) {
        return fail("-nographic cannot be used with -daemonize");
    }
    for (const ChardevUse& use : config.chardevs) {
        if (use.config.backend == ChardevBackend::Stdio) {
            return fail(concat(use.text, ": cannot use stdio with -daemonize"));
        }
    }
    return {};
}

}  // namespace

Result<> expand_short_forms(MachineConfig& config) {
    if (config.serials.empty() && config.no_graphic && !config.no_defaults) {
        config.serials.emplace_back("stdio");
    }
    SISKIN_TRY(expand(config, config.serials, "serial", "serial"));
    SISKIN_TRY(expand(config, config.debugcons, "debugcon", "debugcon"));
    return check_background(config);
}

Result<std::vector<OptionUse>> default_devices(const MachineConfig& config) {
    std::vector<OptionUse> uses;
    for (const std::string& chardev : config.serials) {
        if (!chardev.empty()) {
            uses.push_back(OptionUse{concat("-serial chardev:", chardev),
                                     {{"driver", "isa-serial"}, {"chardev", chardev}}});
        }
    }
    for (const std::string& chardev : config.debugcons) {
        if (!chardev.empty()) {
            uses.push_back(OptionUse{concat("-debugcon chardev:", chardev),
                                     {{"driver", "isa-debugcon"}, {"chardev", chardev}}});
        }
    }
    return uses;
}

}  // namespace siskin
