"""Requests over eight connections, and what they cost the process that answers them, in CPU time.

CPU time, because a busy machine stretches the clock; in turns, because it shifts what runs at one time alike.
"""

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: who answers it, and the bytes of the n-th of them."""

    name: str
    port: int
    pid: int
    request: Callable[[], bytes]


@dataclass(slots=True)
class Taken:
    """Microseconds of CPU a request, round by round, and how long each answer took."""

    cpu: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    @property
    def quartile(self) -> float:
        return lower_quartile(self.cpu)


def lower_quartile(values: Sequence[float]) -> float:
    """Return the lower quartile: what disturbs a measurement only ever adds to it."""
    return statistics.quantiles(values, n=4)[0] if len(values) > 1 else values[0]


def paired(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the median ratio of two measurements that were taken in turns."""
    return statistics.median(a / b for a, b in zip(first, second, strict=True))


def cpu_nanoseconds(pid: int) -> int:
    """Return what a process has computed so far, all its threads."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            spent += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            continue  # it has just ended
    return spent


def memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident memory, and the part that no other process shares."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kilobytes = {name: int(value) for name, value, *_ in lines}
    return kilobytes["Rss:"] / 1024, (kilobytes["Private_Clean:"] + kilobytes["Private_Dirty:"]) / 1024


def post(path: str, token: str, body: bytes) -> bytes:
    """Return an HTTP request as a client of an app writes it."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        f"accept: application/json\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """Send one request and return the body of its answer. Raises RuntimeError where it is none of data."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    body = await reader.readexactly(size)
    if not head.startswith(b"HTTP/1.1 200") or b'"errors"' in body:
        raise RuntimeError((head + body)[:2_000].decode())
    return body


async def once(kind: Kind) -> bytes:
    """Return one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", kind.port)
    try:
        return await ask(reader, writer, kind.request())
    finally:
        writer.close()


async def load(kind: Kind, requests: int, taken: Taken) -> None:
    """Ask so often, and note what it took."""
    loop, left = asyncio.get_running_loop(), iter(range(requests))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", kind.port)
        for _ in left:
            begun = loop.time()
            await ask(reader, writer, kind.request())
            taken.answers.append(loop.time() - begun)
        writer.close()

    before = cpu_nanoseconds(kind.pid)
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    taken.cpu.append((cpu_nanoseconds(kind.pid) - before) / 1000 / requests)


async def measure(kinds: Sequence[Kind], *, rounds: int, requests: int) -> Mapping[str, Taken]:
    """Return what each kind of request takes, measured in turns. The first round warms up and is left out."""
    taken = {kind.name: Taken() for kind in kinds}
    for _ in range(rounds + 1):
        for kind in kinds:
            await load(kind, requests, taken[kind.name])
    return {name: Taken(each.cpu[1:], each.answers) for name, each in taken.items()}
