# SPDX-License-Identifier: Apache-2.0
# Compiles each source as it is, which must work, and with SISKIN_BAD defined, which must not.
#   cmake -D COMPILER=<c++> -D COMPILER_ID=<GNU|Clang> -D FLAGS=<...> -P check.cmake
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
set(passed 0)
set(failed 0)

function(compile name status_out text_out)
    execute_process(
        COMMAND "${COMPILER}" ${flags} ${ARGN} "${CMAKE_CURRENT_LIST_DIR}/${name}.cc"
        RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
    set(${status_out} "${status}" PARENT_SCOPE)
    set(${text_out} "${text}" PARENT_SCOPE)
endfunction()

# must_not_compile(NAME "what the compiler says"): a failure for another reason does not count.
macro(must_not_compile name expected)
    compile(${name} good_status good_text)
    compile(${name} bad_status bad_text -DSISKIN_BAD)
    if(NOT good_status EQUAL 0)
        message("FAIL ${name}: the good way does not compile\n${good_text}")
        math(EXPR failed "${failed} + 1")
    elseif(bad_status EQUAL 0 OR NOT bad_text MATCHES "${expected}")
        message("FAIL ${name}: the bad way is not refused with '${expected}'\n${bad_text}")
        math(EXPR failed "${failed} + 1")
    else()
        math(EXPR passed "${passed} + 1")
    endif()
endmacro()

must_not_compile(mixing_units "could not convert|no viable conversion|no matching")
must_not_compile(unit_from_integer "no viable conversion|could not convert")
must_not_compile(ignored_result "nodiscard|-Wunused-result")
must_not_compile(copied_fd "deleted")
must_not_compile(copied_mapping "deleted")
must_not_compile(guest_bytes_as_object "constraint|no matching")
must_not_compile(property_of_unknown_type "incomplete type|undefined template")
if(COMPILER_ID STREQUAL "Clang")
    must_not_compile(wrong_thread "-Wthread-safety")
endif()

execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${passed} passed, ${failed} failed, 0 skipped")
if(NOT failed EQUAL 0)
    message(FATAL_ERROR "a mistake compiles")
endif()
