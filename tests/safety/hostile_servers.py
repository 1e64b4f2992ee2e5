"""Thirty servers that mean harm and an honest one, in a process of their own; their ports are printed as JSON when all listen."""

import asyncio
import contextlib
import gzip
import json
import socket
import struct
import sys
import zlib

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZEROS = bytes(64 << 20)
GZIP_BOMB = gzip.compress(bytes(200 << 20), 9)


async def request(reader):
    with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        await reader.readuntil(b"\r\n\r\n")


async def forever(writer, head, piece, pause=0.0):
    writer.write(head)
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)


def says(*parts, pause=0.0):
    async def serve(reader, writer):
        await request(reader)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return serve


def never_ends(head, piece, pause=0.0):
    async def serve(reader, writer):
        await request(reader)
        await forever(writer, head, piece, pause)

    return serve


def body(content, extra=b""):
    return OK + extra + b"Content-Length: %d\r\n\r\n" % len(content) + content


async def silence(reader, writer):
    await asyncio.sleep(3_600)


async def reset(reader, writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def at_once(reader, writer):
    """Closes without a word."""


async def answers_then_hangs(reader, writer):
    await request(reader)
    writer.write(OK + b"Content-Length: 100\r\n\r\nhalf")
    await writer.drain()
    await asyncio.sleep(3_600)


async def honest(reader, writer):
    await request(reader)
    writer.write(body(b'{"status":"ok"}', b"Connection: close\r\n"))
    await writer.drain()


HOSTILE = {
    "silence": silence,
    "a reset": reset,
    "a close": at_once,
    "header by the byte": never_ends(b"HTTP/1.1 200 OK\r\nX-A: ", b"a", 0.2),
    "body by the byte": never_ends(CHUNKED, b"1\r\na\r\n", 0.2),
    "half a body": answers_then_hangs,
    "endless body": never_ends(CHUNKED, b"10000\r\n" + bytes(65_536) + b"\r\n"),
    "endless headers": never_ends(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 1_000 + b"\r\n"),
    "endless cookies": never_ends(b"HTTP/1.1 200 OK\r\n", b"Set-Cookie: a=" + b"a" * 4_000 + b"\r\n"),
    "endless status line": never_ends(b"HTTP/1.1 200 ", b"O" * 4_096),
    "one header of ten megabytes": says(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * (10 << 20) + b"\r\n\r\n"),
    "a hundred thousand headers": says(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(100_000)) + b"\r\n"),
    "gzip bomb": says(body(GZIP_BOMB, b"Content-Encoding: gzip\r\n")),
    "deflate bomb": says(body(zlib.compress(ZEROS, 9), b"Content-Encoding: deflate\r\n")),
    "gzip in gzip": says(body(gzip.compress(GZIP_BOMB), b"Content-Encoding: gzip, gzip\r\n")),
    "a length that is a lie": says(OK + b"Content-Length: 99999999999\r\n\r\nshort"),
    "a length that is none": says(OK + b"Content-Length: minus one\r\n\r\n{}"),
    "two lengths": says(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
    "a chunk that is none": says(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of petabytes": never_ends(CHUNKED + b"ffffffffffffff\r\n", bytes(65_536)),
    "endless chunk extension": never_ends(CHUNKED + b"1;", b"a" * 4_096),
    "endless trailers": never_ends(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-A: a\r\n"),
    "no HTTP at all": says(b"<html>0.9</html>"),
    "garbage": says(bytes(range(256)) * 4_096),
    "another protocol": says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + ZEROS[:1_000]),
    "endless interim answers": never_ends(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
    "a redirect to metadata": says(b"HTTP/1.1 307 X\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"),
    "JSON a hundred thousand deep": says(body(b"[" * 100_000 + b"]" * 100_000)),
    "JSON that is no JSON": says(body(b'{"amount": NaN, "a": 1e400, "a": ' + b"9" * 100_000 + b"}")),
    "JSON of ten megabytes": says(body(json.dumps([{"id": n, "a": "x" * 30} for n in range(200_000)]).encode())),
}  # fmt: skip


async def main(names):
    ports, servers = {}, []
    for name in names:
        handler = honest if name == "honest" else HOSTILE[name]

        async def guarded(reader, writer, handler=handler):
            try:
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await handler(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(guarded, "127.0.0.1", 0, limit=1 << 20, backlog=512)
        servers.append(server)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the one who started us is gone
    sys.stdout.flush()
    import os

    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
