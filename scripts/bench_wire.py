"""A proxy on the wire of MongoDB that answers from its own answers, so that the database costs nothing.

While it learns it passes everything on and keeps the answer to each command. Once told to replay it answers
what it knows by itself: the very command where it has come before, else the last answer to a command of that
shape. All else, such as a change stream, still goes to the database. It runs in a process of its own: what is
measured is the process that asks.

    bench_wire.py HOST PORT     prints the port that it listens on, reads `learn` and `replay` from stdin
"""

import asyncio
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import bson

MESSAGE, HEADER = 2013, struct.Struct("<iiii")
KEPT = frozenset(
    {"find", "aggregate", "insert", "update", "delete", "findAndModify", "bulkWrite", "commitTransaction"}
)
# What differs each time a command is sent and does not change its answer.
ENVELOPE = frozenset({"lsid", "txnNumber", "$clusterTime", "$db", "readConcern", "writeConcern", "maxTimeMS"})


def read_command(message: bytes) -> dict[str, Any] | None:
    """Return the command of a message; None for one of another kind."""
    if HEADER.unpack_from(message)[3] != MESSAGE:
        return None
    command: dict[str, Any] = {}
    at = HEADER.size + 4
    while at < len(message):
        kind, size = message[at], struct.unpack_from("<i", message, at + 1)[0]
        if kind == 0:
            command.update(bson.decode(message[at + 1 : at + 1 + size]))
        elif kind == 1:
            end = message.index(b"\0", at + 5)
            name, documents = message[at + 5 : end].decode(), message[end + 1 : at + 1 + size]
            command[name] = bson.decode_all(documents)
        else:
            return None
        at += 1 + size
    return command


def shape(value: object) -> object:
    """Return what is left of a command without its values."""
    if isinstance(value, Mapping):
        return tuple((name, shape(inner)) for name, inner in value.items())
    return "*"


class Answers:
    """The answers that were learnt: by the command, and by its shape."""

    def __init__(self) -> None:
        self.is_replaying = False
        self.exact: dict[object, bytes] = {}
        self.similar: dict[object, bytes] = {}

    def keys(self, command: Mapping[str, Any]) -> tuple[object, object] | None:
        """Return the two keys of a command; None for one that is always passed on."""
        name = next(iter(command))
        if name not in KEPT or "$changeStream" in str(command.get("pipeline", ""))[:40]:
            return None
        body = {key: value for key, value in command.items() if key not in ENVELOPE}
        if name == "find":
            return repr(body), (name, body[name], shape(body.get("filter", {})))
        if name == "aggregate":
            return repr(body), (name, body[name], len(body["pipeline"]))
        # Of what is written no value matters: the same collections in the same order are answered alike.
        places = [each["ns"] for each in body["nsInfo"]] if "nsInfo" in body else body[name]
        similar = name, repr(places), len(body.get("ops", body.get("documents", body.get("updates", ()))))
        return similar, similar

    def learn(self, keys: tuple[object, object], answer: bytes) -> None:
        self.exact[keys[0]] = self.similar[keys[1]] = answer

    def answer(self, keys: tuple[object, object], request: int) -> bytes | None:
        known = self.exact.get(keys[0]) or self.similar.get(keys[1])
        return None if known is None else known[:8] + struct.pack("<i", request) + known[12:]


async def _messages(reader: asyncio.StreamReader) -> Any:
    try:
        while True:
            size = await reader.readexactly(4)
            yield size + await reader.readexactly(int.from_bytes(size, "little") - 4)
    except (asyncio.IncompleteReadError, ConnectionError):
        return


async def serve(host: str, port: int) -> None:
    answers = Answers()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(host, port)
        waiting: dict[int, tuple[object, object]] = {}

        async def back() -> None:
            async for message in _messages(up_reader):
                keys = waiting.pop(HEADER.unpack_from(message)[2], None)
                if keys is not None:
                    answers.learn(keys, message)
                writer.write(message)
            writer.close()

        returning = asyncio.create_task(back())
        async for message in _messages(reader):
            command = read_command(message)
            keys = answers.keys(command) if command else None
            request = HEADER.unpack_from(message)[1]
            known = answers.answer(keys, request) if keys and answers.is_replaying else None
            if known is not None:
                writer.write(known)
                continue
            if keys is not None:
                waiting[request] = keys
                if answers.is_replaying:
                    print(f"not known: {keys[1]}", file=sys.stderr)
            up_writer.write(message)
        up_writer.close()
        returning.cancel()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            answers.is_replaying = line.strip() == "replay"
            print("ok", flush=True)


class Wire:
    """The proxy's process: `uri` is the database's address through it."""

    def __init__(self, process: "subprocess.Popen[str]", uri: str) -> None:
        self.process, self.uri = process, uri

    def tell(self, word: str) -> None:
        """Have it `learn`, or `replay` what it has learnt."""
        assert self.process.stdin is not None, "a pipe"
        assert self.process.stdout is not None, "a pipe"
        print(word, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "ok\n", "the proxy lives"


@contextmanager
def run_wire(uri: str) -> Iterator[Wire]:
    """Run a proxy before the database of an address."""
    place = urlsplit(uri)
    command = [sys.executable, __file__, str(place.hostname), str(place.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None, "a pipe"
            port = process.stdout.readline().strip()
            through = uri.replace(f"{place.hostname}:{place.port}", f"127.0.0.1:{port}")
            # Without the replica set's name a driver would look for its members, past the proxy.
            yield Wire(process, through.replace("replicaSet=", "appName="))
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
