"""A fake of a MongoDB server outside any replica set: only as much as a client needs to recognise one."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import bson

OP_REPLY, OP_MSG = 1, 2013
HELLO = bson.encode(
    {
        "isWritablePrimary": True,
        "ismaster": True,
        "helloOk": True,
        "minWireVersion": 0,
        "maxWireVersion": 25,
        "maxBsonObjectSize": 16 << 20,
    }
    | {
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "logicalSessionTimeoutMinutes": 30,
        "readOnly": False,
        "ok": 1.0,
    }
)
NOTHING = bson.encode({"cursor": {"id": 0, "ns": "selo.meta", "firstBatch": []}, "ok": 1.0})


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            length, request, _, operation = struct.unpack("<iiii", await reader.readexactly(16))
            body = await reader.readexactly(length - 16)
            if operation == OP_MSG:
                reply = b"\0\0\0\0\0" + (NOTHING if b"\x02find\0" in body else HELLO)
            else:
                reply = struct.pack("<iqii", 8, 0, 0, 1) + HELLO
            writer.write(
                struct.pack("<iiii", 16 + len(reply), 1, request, OP_MSG if operation == OP_MSG else OP_REPLY)
                + reply
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@asynccontextmanager
async def standalone_mongodb(tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run the server until the block ends; yields its URI."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"mongodb://127.0.0.1:{server.sockets[0].getsockname()[1]}/?directConnection=true"
    finally:
        server.close()
