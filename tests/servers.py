"""Real processes for tests: the embedded database in a thread that drains its output, and `selo serve` as its
user starts it.
"""

import asyncio
import fcntl
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.embedded import open_embedded
from tests.forked_commands import CAN_FORK, ForkedCommand, Nursery, follows, open_nursery

ROOT = Path(__file__).parent.parent
# A start takes a second of a core; a dozen others may want it as well.
HANGS_AFTER_SECONDS = 150.0
_forks: Callable[[], Nursery] | None = None
SEED_SECONDS = 400  # the pytest limit of 600 holds it and what comes after
READY = "Selo is ready at "
# What a server of a database that MONGODB_URI names must be given.
SHARED_KEYS = {
    "SELO_SECRET": "a secret that all servers of one database share",
    "SELO_TOKEN_KEYS": Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode(),
}


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where the machine has one, gone afterwards."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="selo-test-", dir=memory if os.access(memory, os.W_OK) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def embedded_in_thread(data_folder: Path) -> Iterator[str]:
    """Run the embedded database until the block ends, independent of the test's event loops; yields its URI."""
    begun: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event, str] | BaseException] = queue.Queue()

    async def host() -> None:
        try:
            async with open_embedded(data_folder) as database:
                end = asyncio.Event()
                begun.put((asyncio.get_running_loop(), end, database.uri))
                await end.wait()
        except BaseException as fault:
            begun.put(fault)
            raise

    thread = threading.Thread(target=lambda: asyncio.run(host()), name="embedded-database")
    thread.start()
    started = begun.get()
    if isinstance(started, BaseException):
        raise started
    loop, end, uri = started
    try:
        yield uri
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


@dataclass(frozen=True, slots=True)
class Served:
    """A running `selo serve`: where it answers, and what it printed before it said so."""

    url: str
    said: list[str]
    process: subprocess.Popen[str]
    faults: IO[str]

    def log(self) -> str:
        """Return what it wrote to stderr so far."""
        number = self.faults.fileno()
        return os.pread(number, os.fstat(number).st_size, 0).decode()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Signal it to end and wait; return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


def run_until_ready(
    *words: str,
    faults: IO[str] | None = None,
    environment: Mapping[str, str] | None = None,
    root: Path = ROOT,
) -> subprocess.Popen[str]:
    """Start a `selo` command of the project at `root` that runs until it is stopped or killed; its output can be
    read from its stdout.
    """
    command = [sys.executable, "-m", "api.cli", *words]
    whole = _environment({"PYTHONPATH": str(root), **(environment or {})})
    if root == ROOT and (forked := _fork(words, faults, whole)) is not None:
        return forked
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=faults, text=True, env=whole)


@contextmanager
def serve_selo(
    data_folder: Path,
    *words: str,
    environment: Mapping[str, str] | None = None,
    within_seconds: float = HANGS_AFTER_SECONDS,
    root: Path = ROOT,
) -> Iterator[Served]:
    """`selo serve --port 0 --data DATA WORDS` until the block ends. Raises RuntimeError with its stderr where
    it does not get ready.
    """
    command = ("serve", "--port", "0", "--data", str(data_folder), *words)
    with (
        tempfile.TemporaryFile("w+") as faults,
        run_until_ready(*command, faults=faults, environment=environment, root=root) as process,
    ):
        assert process.stdout is not None, "stdout is a pipe"
        watchdog = threading.Timer(within_seconds, process.kill)
        watchdog.start()
        try:
            said: list[str] = []
            for line in process.stdout:
                said.append(line.rstrip("\n"))
                if line.startswith(READY):
                    break
            else:
                process.wait()
                faults.seek(0)
                raise RuntimeError(f"selo serve ended with {process.returncode}: {faults.read()}")
            watchdog.cancel()
            yield Served(url=said[-1].removeprefix(READY), said=said, process=process, faults=faults)
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


@contextmanager
def forking_commands() -> Iterator[None]:
    """Have every command of this project forked until the block ends, once there is one."""
    global _forks
    with ExitStack() as stack:
        _forks = lru_cache(maxsize=1)(lambda: stack.enter_context(open_nursery(ROOT)))
        yield
        _forks = None


def _fork(
    words: Sequence[str], faults: IO[str] | None, environment: Mapping[str, str]
) -> ForkedCommand | None:
    """Start a command by a fork; None where commands are not forked, or where Python itself is told something."""
    if _forks is None or not CAN_FORK or not follows(environment):
        return None
    reads, writes = os.pipe()
    try:
        pid, told = _forks().start(
            words,
            environment=environment,
            cwd=ROOT,
            stdout=writes,
            stderr=2 if faults is None else faults.fileno(),
        )
    finally:
        os.close(writes)
    return ForkedCommand(words, pid, told, os.fdopen(reads, "r"))


def seed_demo(shared: Path) -> Path:
    """Return a data folder with the demo in it, as its first start leaves it: made once for all workers of a run,
    and to be copied.
    """
    seed = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "demo.done").exists():
            with serve_selo(seed, "--demo", within_seconds=SEED_SECONDS):
                pass
            (shared / "demo.done").touch()
    return seed


def selo(*words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a `selo` command to its end."""
    command = [sys.executable, "-m", "api.cli", *words]
    with tempfile.TemporaryFile("w+") as faults:
        forked = _fork(words, faults, _environment(environment))
        if forked is not None:
            with forked:
                watchdog = threading.Timer(HANGS_AFTER_SECONDS, forked.kill)
                watchdog.start()
                assert forked.stdout is not None, "stdout is a pipe"
                said = forked.stdout.read()
                code = forked.wait()
                watchdog.cancel()
            faults.seek(0)
            return subprocess.CompletedProcess(command, code, said, faults.read())
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER_SECONDS,
        env=_environment(environment),
    )


def _environment(added: Mapping[str, str] | None) -> dict[str, str]:
    """Return this environment without the developer's Selo settings, and with those of the test."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SELO_") and name != "MONGODB_URI"
    }
    return {**environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(added or {})}
