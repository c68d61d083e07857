# SPDX-License-Identifier: Apache-2.0
# Installs a build into a folder of its own, then builds and runs the consumer against it.
#   cmake -D BUILD=<build> -D SOURCE=<tests/install> -D COMPILER=<c++> -D FLAGS=<...> -P run.cmake
set(prefix "${BUILD}/install_test/prefix")
set(consumer "${BUILD}/install_test/consumer")
file(REMOVE_RECURSE "${BUILD}/install_test")

function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
    if(NOT status EQUAL 0)
        list(JOIN ARGV " " command)
        message(FATAL_ERROR "${command}\n${out}")
    endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${prefix}")
foreach(file IN ITEMS include/siskin/base/result.h share/man/man1/siskin.1)
    if(NOT EXISTS "${prefix}/${file}")
        message(FATAL_ERROR "${file} was not installed")
    endif()
endforeach()
foreach(program IN ITEMS siskin-qmp qmp_shell)
    run("${prefix}/bin/${program}" --help)
endforeach()
run("${CMAKE_COMMAND}" -S "${SOURCE}/consumer" -B "${consumer}" -G Ninja
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}")
run("${CMAKE_COMMAND}" --build "${consumer}")
run("${consumer}/consumer")
file(GLOB_RECURSE page "${prefix}/*/siskin.pc")
cmake_path(GET page PARENT_PATH folder)
run("${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${folder}" pkg-config --cflags --libs siskin)
message(STATUS "the installed package builds and runs a consumer")
