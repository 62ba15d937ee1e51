#!/usr/bin/env python3
"""A long line on loopback: forwards TCP connections, each byte a while later, all of them together
no faster than the line is.

usage: delay_link.py --delay-ms D [--mbit R] PORT...

For each PORT of 127.0.0.1 it listens on a port of its own, and prints these ports on one line. A
line on standard input is answered with one line of JSON: the bytes that have left the line so far,
up (towards PORT) and down, and when the last of them did so, in seconds on a steady clock. It ends
with its standard input.
"""

import argparse
import asyncio
import json
import sys
import time

HOST = "127.0.0.1"
CHUNK = 16 * 1024
# Bytes on their way in one direction of one connection: beyond, no more are read.
MOST_ON_LINE = 4 * 1024 * 1024
# How long bytes may wait for their turn to be sent: what a router's queue holds.
MOST_QUEUED_S = 0.05


class Direction:
    """One direction of the line, shared by all connections: one sends after the other."""

    def __init__(self, delay_s, bytes_per_s):
        self.delay_s = delay_s
        self.bytes_per_s = bytes_per_s
        self.free_at = 0.0
        self.passed = 0
        self.last = time.monotonic()

    async def send(self, size):
        """Waits for a turn; when the bytes arrive at the far end."""
        now = time.monotonic()
        if not self.bytes_per_s:
            return now + self.delay_s
        while self.free_at > now + MOST_QUEUED_S:
            await asyncio.sleep(self.free_at - now - MOST_QUEUED_S)
            now = time.monotonic()
        self.free_at = max(self.free_at, now) + size / self.bytes_per_s
        return self.free_at + self.delay_s


async def forward(direction, reader, writer):
    """Moves bytes until the stream ends."""
    line = asyncio.Queue()
    room = asyncio.Condition()
    on_line = 0

    async def deliver():
        nonlocal on_line
        while True:
            when, data = await line.get()
            if (wait := when - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            if not data:
                break
            writer.write(data)
            await writer.drain()
            direction.passed += len(data)
            direction.last = time.monotonic()
            async with room:
                on_line -= len(data)
                room.notify()
        writer.close()

    async def accept():
        nonlocal on_line
        data = b"first"
        while data:
            async with room:
                await room.wait_for(lambda: on_line < MOST_ON_LINE)
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            on_line += len(data)
            line.put_nowait((await direction.send(len(data)), data))

    # Either end may go: the other half ends with its own stream.
    tasks = [asyncio.ensure_future(deliver()), asyncio.ensure_future(accept())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in pending:
        task.cancel()
    await asyncio.gather(*done, *pending, return_exceptions=True)
    writer.close()


async def serve(options):
    rate = options.mbit * 1e6 / 8
    up, down = (Direction(options.delay_ms / 1000, rate) for _ in range(2))

    def handler(port):
        async def handle(reader, writer):
            try:
                far_reader, far_writer = await asyncio.open_connection(HOST, port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(forward(up, reader, far_writer),
                                 forward(down, far_reader, writer))
        return handle

    servers = [await asyncio.start_server(handler(port), HOST, 0) for port in options.ports]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    questions = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while await questions.readline():
        print(json.dumps({"up": up.passed, "up_s": up.last, "down": down.passed,
                          "down_s": down.last}),
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--delay-ms", type=float, required=True, help="each way")
    parser.add_argument("--mbit", type=float, default=0, help="rate each way; 0: unlimited")
    parser.add_argument("ports", type=int, nargs="+")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
