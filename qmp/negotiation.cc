// SPDX-License-Identifier: Apache-2.0
// Capabilities negotiation.
#include "qmp/negotiation.h"

#include <algorithm>

#include "qmp/generated/commands.h"
#include "qmp/value_json.h"

namespace siskin::qmp {

std::string greeting(const VersionInfo& version) {
    JsonWriter out;
    out.begin_object();
    out.key("QMP");
    out.begin_object();
    write_member(out, "version", version);
    // go-qemu passes file descriptors only to a server that offers "oob".
    out.key("capabilities");
    out.begin_list();
    out.string(to_text(QMPCapability::Oob));
    out.end_list();
    out.end_object();
    out.end_object();
    return out.take();
}

Result<> Negotiation::answer(const CommandObject& object) {
    if (object.command != "qmp_capabilities") {
        return fail(ErrorClass::CommandNotFound,
                    "Expecting capabilities negotiation with 'qmp_capabilities'");
    }
    const auto arguments = SISKIN_TRY(decode_qmp_capabilities(object.arguments));
    if (arguments.enable) {
        oob_ = std::find(arguments.enable->begin(), arguments.enable->end(), QMPCapability::Oob) !=
               arguments.enable->end();
    }
    complete_ = true;
    return {};
}

}  // namespace siskin::qmp
