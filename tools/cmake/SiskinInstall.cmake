# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: the programs, libsiskin with headers and package, the page.
include(CMakePackageConfigHelpers)

# libsiskin.a is the objects of all folders' libraries; consumers see one target, siskin::siskin.
get_property(siskin_folders GLOBAL PROPERTY SISKIN_LIBRARIES)
set(siskin_objects "")
set(siskin_needs "")
foreach(folder IN LISTS siskin_folders)
    list(APPEND siskin_objects "$<TARGET_OBJECTS:${folder}>")
    get_target_property(links ${folder} LINK_LIBRARIES)
    list(APPEND siskin_needs ${links})
endforeach()
list(FILTER siskin_needs EXCLUDE REGEX "^siskin_")
list(APPEND siskin_needs tl::expected)
list(REMOVE_DUPLICATES siskin_needs)
list(SORT siskin_needs)

# How a consumer finds what libsiskin needs, in CMake and with pkg-config.
set(siskin_find_commands "")
set(siskin_pkgconfig_requires "")
set(siskin_pkgconfig_libs "-pthread")
foreach(need IN LISTS siskin_needs)
    if(need STREQUAL "Boost::headers")
        string(APPEND siskin_find_commands "find_dependency(Boost 1.74)\n")
    elseif(need STREQUAL "Threads::Threads")
        string(APPEND siskin_find_commands "find_dependency(Threads)\n")
    elseif(need STREQUAL "tl::expected")
        string(APPEND siskin_find_commands "find_dependency(tl-expected)\n")
    elseif(need STREQUAL "simdjson::simdjson")
        string(APPEND siskin_find_commands "find_dependency(simdjson)\n")
        list(APPEND siskin_pkgconfig_requires simdjson)
    elseif(need MATCHES "^PkgConfig::([A-Z0-9_]+)$")
        set(prefix "${CMAKE_MATCH_1}")
        string(TOLOWER "${prefix}" module)
        string(APPEND siskin_find_commands
            "find_dependency(PkgConfig)\n"
            "pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET ${module})\n")
        list(APPEND siskin_pkgconfig_requires ${module})
    elseif(need MATCHES "^[a-z0-9]+$")
        string(APPEND siskin_pkgconfig_libs " -l${need}")
    else()
        message(FATAL_ERROR "tools/cmake/SiskinInstall.cmake does not know how a consumer of "
            "libsiskin finds ${need}")
    endif()
endforeach()
list(JOIN siskin_pkgconfig_requires " " siskin_pkgconfig_requires)

find_package(tl-expected REQUIRED)
add_library(siskin_package STATIC ${siskin_objects})
set_target_properties(siskin_package PROPERTIES
    OUTPUT_NAME siskin EXPORT_NAME siskin LINKER_LANGUAGE CXX)
target_compile_features(siskin_package INTERFACE cxx_std_20)
target_include_directories(siskin_package
    INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/siskin>")
target_link_libraries(siskin_package INTERFACE ${siskin_needs})

set(siskin_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/siskin")
install(TARGETS siskin_package EXPORT siskin DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT siskin NAMESPACE siskin:: FILE siskin-targets.cmake
    DESTINATION "${siskin_package_dir}")
configure_package_config_file(
    "${CMAKE_CURRENT_LIST_DIR}/siskin-config.cmake.in" "${PROJECT_BINARY_DIR}/siskin-config.cmake"
    INSTALL_DESTINATION "${siskin_package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break what a consumer compiled against.
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/siskin-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/siskin-config.cmake" "${PROJECT_BINARY_DIR}/siskin-config-version.cmake"
    DESTINATION "${siskin_package_dir}")
file(RELATIVE_PATH siskin_pc_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(
    "${CMAKE_CURRENT_LIST_DIR}/siskin.pc.in" "${PROJECT_BINARY_DIR}/siskin.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/siskin.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# Headers keep their places below include/siskin, so that "base/result.h" is found in them too.
foreach(folder base pci qmp firmware devices virtio vmm)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/siskin" FILES_MATCHING PATTERN "*.h")
endforeach()
if(TARGET siskin_qmp_generated)
    install(DIRECTORY "${PROJECT_BINARY_DIR}/generated/qmp"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/siskin" FILES_MATCHING PATTERN "*.h")
endif()

if(TARGET siskin)
    install(TARGETS siskin DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(FILES "${PROJECT_SOURCE_DIR}/tools/completion/siskin"
    "${PROJECT_SOURCE_DIR}/tools/completion/siskin-qmp"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(PROGRAMS "${PROJECT_SOURCE_DIR}/tools/qmp_shell" "${PROJECT_SOURCE_DIR}/tools/siskin-qmp"
    DESTINATION "${CMAKE_INSTALL_BINDIR}")
# The programs look for their modules in ../share/siskin from where they are themselves.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/tools/qmp"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/siskin" FILES_MATCHING PATTERN "*.py"
    PATTERN __pycache__ EXCLUDE)
install(FILES "${PROJECT_SOURCE_DIR}/docs/siskin.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
