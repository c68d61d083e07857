# SPDX-License-Identifier: Apache-2.0
"""Files a virtual machine starts from: ext4 images, initramfs archives, L1's root.

Nothing here needs root rights: mke2fs -d fills a file system without mounting it, and the cpio
archive is written by hand.
"""

import os
import pathlib
import shutil
import subprocess

import cache
from programs import shared_libraries

HERE = pathlib.Path(__file__).resolve().parent
BUSYBOX = pathlib.Path("/bin/busybox")
# What the L1 kernel loads to be a host: KVM, and the port that carries QMP.
L1_MODULES = ("kvm-amd", "virtio_pci", "virtio_console")
# What the guest loads to see its disks and its power button.
GUEST_MODULES = ("virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "sr_mod", "button", "evdev")
# Firmware QEMU loads by name, for runs that have QEMU itself as the VMM in L1.
QEMU_DATA = (
    "/usr/share/seabios/bios-256k.bin",
    "/usr/share/qemu/kvmvapic.bin",
    "/usr/share/qemu/linuxboot_dma.bin",
    "/usr/share/qemu/pvh.bin",
)


def e2fs_tool(name):
    """A program of e2fsprogs, also for users whose PATH has no sbin."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise FileNotFoundError(f"no {name} (package e2fsprogs); run tools/setup")
    return found


def make_ext4(path, size_mib, source=None, features=""):
    """A new ext4 image, with the contents of the folder `source` in it."""
    command = [e2fs_tool("mke2fs"), "-q", "-F", "-t", "ext4", "-m", "0"]
    command += ["-E", "root_owner=0:0"]
    command += ["-O", features] if features else []
    command += ["-d", source] if source else []
    path = pathlib.Path(path)
    path.touch()  # or mke2fs says that it creates the file
    subprocess.run([*command, path, f"{size_mib}M"], check=True, stdin=subprocess.DEVNULL)


def read_ext4(image, inside, path):
    """Copies one file out of an ext4 image; False when the image has no such file."""
    path.unlink(missing_ok=True)
    subprocess.run(
        [e2fs_tool("debugfs"), "-R", f"dump {inside} {path}", image],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return path.exists()


def l1_root(kernel, binaries):
    """L1's root image: busybox, KVM's modules, and `binaries` with all they load."""
    binaries = [pathlib.Path(binary).resolve() for binary in binaries]
    files = {f"/usr/bin/{binary.name}": binary for binary in binaries}
    for binary in binaries:
        files.update({str(library): library for library in shared_libraries(binary)})
        if binary.name.startswith("qemu-system-"):
            files.update({name: pathlib.Path(name) for name in QEMU_DATA})
    modules = kernel.modules(*L1_MODULES)
    init = HERE / "l1_init.sh"
    key = cache.key_of(
        BUSYBOX,
        init,
        pathlib.Path(__file__),
        kernel.folder.name,
        repr(sorted(files)),
        *(files[name] for name in sorted(files)),
    )

    def make(path):
        root = path.with_name("root")
        for name in ("bin", "dev", "proc", "sys", "tmp", "run", "job", "modules"):
            (root / name).mkdir(parents=True)
        shutil.copy(BUSYBOX, root / "bin/busybox")
        for applet in _applets():
            (root / "bin" / applet).symlink_to("busybox")
        for name, source in files.items():
            target = root / name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        for name, contents in modules:
            (root / "modules" / name).write_bytes(contents)
        (root / "modules.list").write_text("".join(f"{name}\n" for name, _ in modules))
        shutil.copy(init, root / "init")
        (root / "init").chmod(0o755)
        total = sum(found.lstat().st_size for found in root.rglob("*") if found.is_file())
        make_ext4(path, total * 5 // 4 // 2**20 + 16, root, "^has_journal,^metadata_csum")
        shutil.rmtree(root)

    return cache.made("l1-root", ".img", key, make)


def guest_initrd(kernel, init, extra=(), programs=None):
    """The guest's initramfs: busybox, `init`, the modules of its devices, and `extra` files.

    programs: {path in the guest: path on this host}, as programs.py makes them
    """
    init = pathlib.Path(init)
    extra = [pathlib.Path(path) for path in extra]
    programs = programs or {}
    names = repr([*(path.name for path in extra), *sorted(programs)])
    key = cache.key_of(BUSYBOX, init, pathlib.Path(__file__), kernel.folder.name, names, *extra,
                       *(programs[name] for name in sorted(programs)))

    def make(path):
        archive = Cpio()
        folders = {"bin", "dev", "proc", "sys", "tmp", "mnt", "modules", "guest"}
        for name in programs:
            folders.update(str(parent)[1:] for parent in pathlib.Path(name).parents[:-1])
        for name in sorted(folders):
            archive.folder(name)
        # The kernel opens it for init before devtmpfs is there.
        archive.device("dev/console", 5, 1)
        archive.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
        for applet in _applets():
            if f"/bin/{applet}" not in programs:
                archive.symlink(f"bin/{applet}", "busybox")
        for name, source in programs.items():
            archive.file(name[1:], source.read_bytes(), 0o755)
        archive.file("init", init.read_bytes(), 0o755)
        modules = kernel.modules(*GUEST_MODULES)
        for name, contents in modules:
            archive.file(f"modules/{name}", contents)
        archive.file("modules.list", "".join(f"{name}\n" for name, _ in modules).encode())
        for source in extra:
            archive.file(f"guest/{source.name}", source.read_bytes(), 0o755)
        path.write_bytes(archive.finish())

    return cache.made("guest-initrd", ".cpio", key, make)


def _applets():
    listing = subprocess.run([BUSYBOX, "--list"], check=True, stdout=subprocess.PIPE).stdout
    return [name for name in listing.decode().split() if name != "busybox"]


class Cpio:
    """A writer of "newc" archives (Linux: Documentation/driver-api/early-userspace/
    buffer-format.rst), reproducible: no times, every owner is root."""

    def __init__(self):
        self._bytes = bytearray()
        self._inode = 0

    def folder(self, name):
        self._add(name, 0o040755)

    def file(self, name, contents, mode=0o644):
        self._add(name, 0o100000 | mode, contents)

    def symlink(self, name, target):
        self._add(name, 0o120777, target.encode())

    def device(self, name, major, minor):
        self._add(name, 0o020600, device=(major, minor))

    def finish(self):
        self._add("TRAILER!!!", 0)
        return bytes(self._bytes)

    def _add(self, name, mode, contents=b"", device=(0, 0)):
        self._inode += 1
        name_bytes = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(contents), 0, 0, *device, len(name_bytes), 0)
        self._bytes += b"070701" + b"".join(b"%08x" % field for field in fields)
        for part in (name_bytes, contents):
            self._bytes += part
            self._bytes += bytes(-len(self._bytes) % 4)
