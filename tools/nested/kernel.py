# SPDX-License-Identifier: Apache-2.0
"""The stock kernel that tools/setup unpacked: its image, and its modules in loading order."""

import lzma
import re
import subprocess

import cache


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


def _normal(name):
    """The kernel takes '-' and '_' in module names for the same."""
    return name.replace("-", "_")


def _contents(path):
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return path.read_bytes()
