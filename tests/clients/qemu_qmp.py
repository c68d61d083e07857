# SPDX-License-Identifier: Apache-2.0
"""Drives a monitor with the Python library qemu.qmp: commands, errors, events, by asyncio.

Usage: qemu_qmp.py SOCKET.  Prints one line a check.
"""

import asyncio
import sys

from qemu.qmp import EventListener, ExecuteError, QMPClient

PATIENCE_S = 20
counts = {"passed": 0, "failed": 0}


def check(good, what, detail=""):
    counts["passed" if good else "failed"] += 1
    print(f"ok   {what}" if good else f"FAIL {what}: {detail}")


async def drive(path):
    client = QMPClient("siskin-test")
    await client.connect(path)
    check(client.greeting.QMP.version["qemu"]["major"] == 7, "the greeting follows QEMU 7")
    reply = await client.execute("query-status")
    check(reply["status"] == "prelaunch", "query-status says prelaunch", reply)
    try:
        await client.execute("nonesuch")
        check(False, "a command that does not exist is an error", "no error")
    except ExecuteError as error:
        check(error.error_class == "CommandNotFound", "a command that does not exist is an error",
              error.error_class)
    listener = EventListener()
    with client.listen(listener):
        await client.execute("system_reset")
        event = await asyncio.wait_for(listener.get(), PATIENCE_S)
        check(event["event"] == "RESET" and not event["data"]["guest"], "RESET arrives", event)
    replies = await asyncio.gather(*(client.execute("query-name") for _ in range(50)))
    check(replies == [{}] * 50, "fifty commands at a time are each answered", replies)
    oob = await client.execute("query-commands", oob=False)
    check(len(oob) > 20, "query-commands lists them", len(oob))
    await client.disconnect()
    await client.connect(path)
    check((await client.execute("query-status"))["status"] == "prelaunch", "it reconnects")
    await client.disconnect()


asyncio.run(drive(sys.argv[1]))
print(f"{counts['passed']} passed, {counts['failed']} failed, 0 skipped")
sys.exit(1 if counts["failed"] else 0)
