# SPDX-License-Identifier: Apache-2.0
# Language, warnings and hardening for every target, and the two helpers each folder uses.
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.74 REQUIRED)

# Everything compiled here; consumers of the installed package see none of it.
add_library(siskin_options INTERFACE)
target_compile_options(siskin_options INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Werror
    -fstack-protector-strong -fstack-clash-protection -fcf-protection
    $<$<CXX_COMPILER_ID:GNU>:-ftrivial-auto-var-init=zero>
    # g++ 12 sees overflows in std::vector's own insert that are none (GCC bug 105329).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
target_compile_definitions(siskin_options INTERFACE _GLIBCXX_ASSERTIONS)
# What a test program checks is optimised, not the checks: that halves their compilation. Fortified
# functions need optimisation.
define_property(TARGET PROPERTY SISKIN_TEST_CODE BRIEF_DOCS "Compiled without optimisation")
set(is_test_code "$<BOOL:$<TARGET_PROPERTY:SISKIN_TEST_CODE>>")
if(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_options(siskin_options INTERFACE -U_FORTIFY_SOURCE
        "$<IF:${is_test_code},-O0,-D_FORTIFY_SOURCE=2>")
endif()
target_link_options(siskin_options INTERFACE -Wl,-z,relro,-z,now)
set(SISKIN_SANITIZE "" CACHE STRING "Value of -fsanitize= for every target, or empty")
if(SISKIN_SANITIZE)
    target_compile_options(siskin_options INTERFACE
        -fsanitize=${SISKIN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(siskin_options INTERFACE -fsanitize=${SISKIN_SANITIZE})
endif()

# siskin_library(NAME SOURCES a.cc ... LINKS siskin_base ...)
# A folder's static library. Includes are written from the top of the tree: "base/result.h".
function(siskin_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE siskin_options)
    set_property(GLOBAL APPEND PROPERTY SISKIN_LIBRARIES ${name})
endfunction()

# siskin_unit_test(NAME SOURCES a_test.cc ... LINKS siskin_base ...)
# One doctest program of the unit tier: build/<preset>/tests/<NAME>.
function(siskin_unit_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE siskin_doctest_main ${ARG_LINKS} siskin_options)
    set_target_properties(${name} PROPERTIES SISKIN_TEST_CODE ON
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS unit)
endfunction()

# siskin_test_needs(TEST TARGET ...)
# For a test that is not a program of its own name: a target of that name builds what it runs, which
# is how tools/test builds one tier.
function(siskin_test_needs test)
    add_custom_target(${test} DEPENDS ${ARGN})
endfunction()
