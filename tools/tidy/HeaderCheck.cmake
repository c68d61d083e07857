# SPDX-License-Identifier: Apache-2.0
# Target check_headers: compiles each product header alone and twice, to prove it complete.

function(siskin_add_header_check)
    set(sources "")
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
        base/*.h qmp/*.h firmware/*.h pci/*.h devices/*.h virtio/*.h vmm/*.h)
    foreach(header IN LISTS headers)
        # The door of Boost.Asio is compiled by the sources that use it, and by nothing else.
        if(header STREQUAL "base/loop/asio.h")
            continue()
        endif()
        string(REPLACE ".h" "_header.cc" source "${PROJECT_BINARY_DIR}/check_headers/${header}")
        file(CONFIGURE OUTPUT "${source}" @ONLY
            CONTENT "#include \"@header@\"\n#include \"@header@\"\n")
        list(APPEND sources "${source}")
    endforeach()
    get_property(libraries GLOBAL PROPERTY SISKIN_LIBRARIES)
    add_library(siskin_headers OBJECT EXCLUDE_FROM_ALL ${sources})
    target_compile_options(siskin_headers PRIVATE -O0 -g0)
    target_include_directories(siskin_headers PRIVATE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(siskin_headers PRIVATE ${libraries} siskin_options)
    add_custom_target(check_headers DEPENDS siskin_headers)
endfunction()
