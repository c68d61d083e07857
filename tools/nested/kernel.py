# SPDX-License-Identifier: Apache-2.0
"""The stock kernel that tools/setup unpacked: its image, and its modules in loading order."""

import lzma
import pathlib
import re
import struct
import subprocess

import cache

DECOMPRESSORS = (
    (b"\x02\x21\x4c\x18", ["lz4", "-dc"]),
    (b"\xfd7zXZ", ["xz", "-dc"]),
    (b"\x28\xb5\x2f\xfd", ["zstd", "-dc"]),
    (b"\x1f\x8b", ["gzip", "-dc"]),
)


class StockKernel:
    """vmlinuz and modules of Debian's cloud kernel, unpacked and not installed."""

    def __init__(self):
        self.folder = (cache.folder() / "kernel" / "current").resolve()
        self.image = self.folder / "vmlinuz"
        if not self.image.exists():
            raise FileNotFoundError(f"no kernel in {self.folder}; run tools/setup")
        self._files = {}
        for path in (self.folder / "modules" / "kernel").rglob("*.ko*"):
            self._files[_normal(path.name.split(".ko")[0])] = path
        builtin = (self.folder / "modules" / "modules.builtin").read_text().split()
        self._builtin = {_normal(line.rsplit("/", 1)[1].removesuffix(".ko")) for line in builtin}

    def release(self):
        """Which package it is: linux-image-6.1.0-56-cloud-amd64 6.1.192-2."""
        return self.folder.name.replace("_", " ")

    def elf_image(self):
        """The kernel inside the bzImage: an ELF file with a PVH note (cached)."""
        key = cache.key_of(pathlib.Path(__file__), self.folder.name)
        return cache.made("vmlinux", ".elf", key,
                          lambda path: path.write_bytes(_payload(self.image.read_bytes())))

    def modules(self, *names):
        """[(file name, contents)] of the modules and all they depend on, dependencies first.

        Built-in ones are left out; an unknown name is an error.  There is no modules.dep in the
        package (depmod writes it at installation), so the modules are asked themselves.
        """
        ordered = {}

        def add(name):
            name = _normal(name)
            if name in self._builtin or name in ordered:
                return
            if name not in self._files:
                raise KeyError(f"the kernel in {self.folder} has no module {name}")
            contents = _contents(self._files[name])
            found = re.search(rb"\0depends=([^\0]*)\0", contents)
            for needed in filter(None, (found.group(1) if found else b"").decode().split(",")):
                add(needed)
            ordered[name] = contents

        for name in names:
            add(name)
        return [(f"{name}.ko", contents) for name, contents in ordered.items()]


def _payload(image):
    """Linux: Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length."""
    if image[0x202:0x206] != b"HdrS":
        raise ValueError("no bzImage")
    (offset, length) = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1F1] + 1) * 512 + offset
    payload = image[start:start + length]
    program = next((program for magic, program in DECOMPRESSORS if payload.startswith(magic)), None)
    if program is None:
        raise ValueError(f"unknown compression of the kernel: {payload[:8].hex()}")
    # The last four bytes are the size, which gzip has by itself and the others take for garbage.
    done = subprocess.run(program, input=payload[:-4], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    if not done.stdout.startswith(b"\x7fELF"):
        raise ValueError(f"{program[0]} gave no ELF file")
    return done.stdout


def _normal(name):
    """The kernel takes '-' and '_' in module names for the same."""
    return name.replace("-", "_")


def _contents(path):
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return path.read_bytes()
