#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that QEMU's SCSI units answer as a file of answers says.

tests/scsi/answers.py QEMU FILE             compares
tests/scsi/answers.py QEMU FILE --show      prints the file with what QEMU answers

The format is that of scsi_answers_test.cc.  QEMU does not tell how long its answers are: it sends
zeroes up to the length in the command, which are none of the file's.  It runs no guest: its test
protocol reaches the legacy registers of a virtio-scsi-pci and the memory that the queues lie in.
The last line is "N passed, N failed".
"""

import subprocess
import sys

DEVICE = 3  # on pcie.0
PORTS = 0xC000
QUEUE_SIZE = 256
REQUEST_QUEUE = 2
QUEUE = 0x1000000  # where the driver's memory begins
BUFFERS = 0x1100000
# Where a command has the length of its data, by its operation: a slice, and bytes of a unit of it.
LENGTHS = {0x03: (4, 5, 1), 0x12: (3, 5, 1), 0x1A: (4, 5, 1), 0x5A: (7, 9, 1), 0x9E: (10, 14, 1),
           0x43: (7, 9, 1), 0x46: (7, 9, 1), 0x4A: (7, 9, 1), 0x51: (7, 9, 1), 0xBD: (8, 10, 1),
           0xAD: (8, 10, 1), 0x28: (7, 9, 512), 0xA8: (6, 10, 512)}
CAPACITY_SIZE = 8  # of READ CAPACITY (10)
HEADER_SIZE = 19 + 32
RESPONSE_SIZE = 12 + 96
# virtio 1.2 §4.1.4.10
QUEUE_ADDRESS, QUEUE_SELECT, QUEUE_NOTIFY, STATUS = 8, 14, 16, 18
CHECK_CONDITION = 2
UNIT_ATTENTION = 6
POLLS_MAX = 100000


class Qemu:
    """A machine without a guest, and one SCSI unit at 1:0."""

    def __init__(self, program, unit):
        kind, *properties = unit.split(",")
        medium = "medium=none" not in properties
        properties = [one for one in properties if one != "medium=none"]
        if medium:
            properties.append("drive=d0")
        read_only = "on" if kind == "scsi-cd" else "off"
        self._process = subprocess.Popen(
            [program, "-machine", "q35", "-accel", "tcg", "-S", "-m", "64", "-nodefaults",
             "-display", "none", "-qtest", "stdio", "-qtest-log", "none",
             "-device", f"virtio-scsi-pci,id=s0,addr={DEVICE},ioeventfd=off",
             "-blockdev", f"null-co,node-name=d0,size=1048576,read-only={read_only}",
             "-device", ",".join([kind, "bus=s0.0", "scsi-id=1", "lun=0", *properties])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._available = 0
        self._start()
        while self.run(bytes(6)) == f"! {UNIT_ATTENTION:x}":
            pass

    def close(self):
        self._process.terminate()
        self._process.communicate()

    def run(self, cdb):
        """The answer's text: data, or "! KEY CODE QUALIFIER"; of UNIT ATTENTION the key alone."""
        size = data_size(cdb)
        header = bytes([1, 1, 0, 0]) + bytes(15) + cdb.ljust(32, b"\0")
        self._write(BUFFERS, header)
        response = BUFFERS + HEADER_SIZE
        self._write(response, bytes(RESPONSE_SIZE + size))
        # As drivers before virtio 1.0 do: a descriptor each for header, response and data.
        self._write(QUEUE, _descriptor(BUFFERS, HEADER_SIZE, 1, 1) +
                    _descriptor(response, RESPONSE_SIZE, 3 if size else 2, 2) +
                    _descriptor(response + RESPONSE_SIZE, size, 2, 0))
        ring = QUEUE + 16 * QUEUE_SIZE
        self._write(ring + 4 + 2 * (self._available % QUEUE_SIZE), bytes(2))
        self._available += 1
        self._write(ring + 2, (self._available % 65536).to_bytes(2, "little"))
        self._ask(f"outw {PORTS + QUEUE_NOTIFY} {REQUEST_QUEUE}")
        used = (ring + 6 + 2 * QUEUE_SIZE + 4095) // 4096 * 4096
        for _ in range(POLLS_MAX):
            if int.from_bytes(self._read(used + 2, 2), "little") == self._available % 65536:
                break
        else:
            raise RuntimeError("QEMU does not answer")
        answer = self._read(response, RESPONSE_SIZE + size)
        if answer[11] != 0:
            return f"response {answer[11]}"
        if answer[10] == CHECK_CONDITION:
            sense = answer[12:]
            key = sense[2] & 0xF
            if key == UNIT_ATTENTION:
                return f"! {key:x}"
            return f"! {key:x} {sense[12]:02x} {sense[13]:02x}"
        if answer[10] != 0:
            return f"status {answer[10]}"
        return answer[RESPONSE_SIZE:].hex(" ")

    def _start(self):
        for offset, value in ((0x10, PORTS), (0x04, 0x7)):
            self._ask(f"outl 0xcf8 {0x80000000 | DEVICE << 11 | offset}")
            self._ask(f"outl 0xcfc {value}")
        for status in (0, 1, 3):
            self._ask(f"outb {PORTS + STATUS} {status}")
        for queue, page in ((REQUEST_QUEUE, QUEUE // 4096),):
            self._ask(f"outw {PORTS + QUEUE_SELECT} {queue}")
            self._ask(f"outl {PORTS + QUEUE_ADDRESS} {page}")
        self._ask(f"outb {PORTS + STATUS} 7")

    def _write(self, address, data):
        self._ask(f"write {address} {len(data)} 0x{data.hex()}")

    def _read(self, address, size):
        return bytes.fromhex(self._ask(f"read {address} {size}")[2:])

    def _ask(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        words = self._process.stdout.readline().split()
        if not words or words[0] != "OK":
            raise RuntimeError(f"QEMU answers {words} to {command}")
        return words[1] if len(words) > 1 else ""


def without_zeroes(answer):
    """Data without the zeroes at its end."""
    while answer.endswith(" 00") and not answer.startswith("!"):
        answer = answer[:-3]
    return "" if answer == "00" else answer


def data_size(cdb):
    """The bytes that the unit may send, as the command says."""
    if cdb[0] == 0x25:
        return CAPACITY_SIZE
    first, end, unit = LENGTHS.get(cdb[0], (0, 0, 0))
    return int.from_bytes(cdb[first:end], "big") * unit


def _descriptor(address, size, flags, next_index):
    return (address.to_bytes(8, "little") + size.to_bytes(4, "little") +
            flags.to_bytes(2, "little") + next_index.to_bytes(2, "little"))


def main():
    program, path, *options = sys.argv[1:]
    show = options == ["--show"]
    qemu = None
    passed = failed = 0
    answer = None
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines.read().splitlines(), 1):
            mark, _, rest = line.partition(" ")
            if mark == "=":
                if qemu:
                    qemu.close()
                qemu = Qemu(program, rest)
            elif mark == ">":
                answer = qemu.run(bytes.fromhex(rest))
            if show:
                if mark not in ("<", "<q"):
                    print(line)
                if mark == ">":
                    print(f"< {without_zeroes(answer)}".rstrip())
            elif mark in ("<", "<q"):
                if without_zeroes(answer) == without_zeroes(rest):
                    passed += 1
                else:
                    failed += 1
                    print(f"FAIL line {number}: expected {rest}\n     QEMU says {answer}")
    if qemu:
        qemu.close()
    if not show:
        print(f"{passed} passed, {failed} failed")
    return 0 if show or (failed == 0 and passed != 0) else 1


if __name__ == "__main__":
    sys.exit(main())
