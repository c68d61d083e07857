# SPDX-License-Identifier: Apache-2.0
"""Programs of this host with the libraries they load, as files for an image."""

import pathlib
import re
import shutil
import subprocess

import cache

# What fio is given of the host; the rest of its libraries belong to engines for storage clusters,
# remote memory and persistent memory, which a guest of the tests has none of.
FIO_LIBRARIES = ("libc.so", "libm.so", "libz.so", "libaio.so", "libnuma.so", "ld-linux")


def shared_libraries(binary):
    """The absolute paths that the dynamic loader maps for `binary`."""
    listing = subprocess.run(["ldd", binary], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    text = listing.stdout.decode()
    return [pathlib.Path(found) for found in re.findall(r"(/\S+) \(0x", text)]


def with_libraries(binary):
    """{path in the image: path on this host} of a program and of all it loads."""
    return {f"/bin/{binary.name}": binary,
            **{str(library): library for library in shared_libraries(binary)}}


def fio():
    """The same of fio, with one stand-in for the libraries of engines that are not used.

    They and what they need in turn are 100 MB, which a guest would load at each start.
    """
    found = shutil.which("fio")
    if not found:
        raise FileNotFoundError("no fio (package fio); run tools/setup")
    binary = pathlib.Path(found)
    files = {f"/bin/{binary.name}": binary}
    libraries = [library for library in shared_libraries(binary)
                 if library.name.startswith(FIO_LIBRARIES)]
    files.update({str(library): library for library in libraries})
    stand_in = _stand_in(binary, libraries)
    folder = next(library.parent for library in libraries if library.name.startswith("libc.so"))
    needed = re.findall(r"\(NEEDED\) .*\[(.*)\]", _output("readelf", "-Wd", binary))
    for name in needed:
        if not name.startswith(FIO_LIBRARIES):
            files[str(folder / name)] = stand_in
    return files


def _stand_in(binary, libraries):
    """A library that has what `binary` wants and `libraries` have not; who calls it is trapped."""
    wanted = set(re.findall(r" U (\S+)", _output("nm", "-D", "--undefined-only", binary)))
    there = set()
    for library in libraries:
        defined = _output("nm", "-D", "--defined-only", library)
        there |= {name.split("@")[0] for name in re.findall(r" [A-Za-z] (\S+)", defined)}
    versions = {}
    for symbol in sorted(wanted):
        name, _, version = symbol.partition("@")
        if name not in there:
            versions.setdefault(version, []).append(name)
    source = "".join(f"void {name}(void) {{ __builtin_trap(); }}\n"
                     for names in versions.values() for name in names)
    script = "".join(f"{version} {{ global: {' '.join(f'{name};' for name in names)} }};\n"
                     for version, names in versions.items() if version)

    def make(path):
        path.with_name("stand_in.c").write_text(source)
        path.with_name("versions").write_text(script)
        subprocess.run(["cc", "-shared", "-fPIC", "-fno-builtin", "-nostdlib", "-s", "-o", path,
                        path.with_name("stand_in.c"),
                        f"-Wl,--version-script={path.with_name('versions')}"], check=True)

    return cache.made("fio-stand-in", ".so", cache.key_of(source, script, "1"), make)


def _output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
