"""Starts `selo` commands as processes that need not import anything: a process that has imported all forks them.

A start costs 1 to 2 s of a core, most of it imports; a fork 0.03 s. The process that forks has one thread, no event
loop and no connection. What a start imports, and that it does, test_start_imports.py shows.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

ORDER_BYTES = 1 << 17
CAN_FORK = sys.platform == "linux"
# Settings of Python itself that a fork follows, or that make no difference to it.
FOLLOWED = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED"}
# What a server and a worker import beside their commands.
LATER = ("api.app", "api.worker", "api.http.protocol_httptools")


class ForkedCommand(subprocess.Popen[str]):
    """A command that was forked. Only who forked it can wait for it, and says by `told` how it ended."""

    def __init__(self, words: Sequence[str], pid: int, told: socket.socket, stdout: IO[str] | None) -> None:
        self.args, self.pid, self.returncode = words, pid, None
        self.stdin, self.stdout, self.stderr = None, stdout, None
        self._told = told
        self._sigint_wait_secs = 0.25

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self._hear()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._hear()
        return self.returncode

    def _hear(self) -> None:
        with self._told:
            self.returncode = int(self._told.recv(16) or b"-9")  # without a word, its parent was killed


class Nursery:
    """The process that forks, as its owner sees it."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked

    def start(
        self, words: Sequence[str], *, environment: Mapping[str, str], cwd: Path, stdout: int, stderr: int
    ) -> tuple[int, socket.socket]:
        """Start a command with nothing on its stdin; return its process id, and where its end is told."""
        told, tells = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = {"words": list(words), "environment": dict(environment), "cwd": str(cwd)}
        with tells, Path(os.devnull).open("rb") as nothing:
            descriptors = [nothing.fileno(), stdout, stderr, tells.fileno()]
            socket.send_fds(self._asked, [json.dumps(order).encode()], descriptors)
        return int(told.recv(16)), told


def follows(environment: Mapping[str, str]) -> bool:
    """Tell whether a fork does what this environment asks of Python: its modules come from one folder alone."""
    if os.pathsep in environment.get("PYTHONPATH", ""):
        return False
    return not [name for name in environment if name.startswith("PYTHON") and name not in FOLLOWED]


@contextmanager
def open_nursery(root: Path) -> Iterator[Nursery]:
    """Start the process that forks, until the block ends."""
    asked, asks = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with asked:
        with asks:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked_commands", str(asks.fileno())],
                cwd=root,
                env={**os.environ, "PYTHONPATH": str(root)},
                pass_fds=[asks.fileno()],
            )
        yield Nursery(asked)
        asked.shutdown(socket.SHUT_RDWR)
        process.wait(30)


# ---------------------------------------------------------------- in the process that forks
def _fork_as_asked(asks: socket.socket) -> None:
    running: dict[
        int, tuple[int, socket.socket]
    ] = {}  # by its descriptor: the process, where its end is told
    while True:
        for ready in select.select([asks.fileno(), *running], [], [])[0]:
            if ready != asks.fileno():
                pid, tells = running.pop(ready)
                _, status = os.waitpid(pid, 0)
                os.close(ready)
                with tells, suppress(OSError):  # whoever started it has gone
                    tells.send(str(os.waitstatus_to_exitcode(status)).encode())
                continue
            data, descriptors, _, _ = socket.recv_fds(asks, ORDER_BYTES, 4)
            if not data:
                return
            pid = os.fork()
            if pid == 0:
                _become(json.loads(data), descriptors)
            tells = socket.socket(fileno=descriptors.pop())
            for each in descriptors:
                os.close(each)
            tells.send(str(pid).encode())
            running[os.pidfd_open(pid)] = pid, tells


def _become(order: Mapping[str, Any], descriptors: Sequence[int]) -> NoReturn:
    """Be the command, to its end."""
    code = 1
    try:
        for at, each in enumerate(descriptors[:3]):
            os.dup2(each, at)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environment"])
        time.tzset()
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout, sys.stderr = _unbuffered(1), _unbuffered(2)
        command = import_module("api.cli")
        sys.argv = [str(command.__file__), *order["words"]]
        sys.modules["__main__"] = command  # what its own processes import
        command.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - told as Python tells it
        traceback.print_exc()
    finally:
        # As Python ends: its threads, then what was put off to the end.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        os._exit(code)


def _unbuffered(descriptor: int) -> IO[str]:
    raw = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", write_through=True)


def main() -> None:
    """Import every command, then fork whenever asked; ends with its owner."""
    gc.disable()
    cli = import_module("api.cli")
    cli._import_structlog_without_rich()
    for each in cli.COMMANDS.values():
        import_module(f"api.commands.{each.rpartition('.')[0]}")
    for name in LATER:
        import_module(name)
    import_module("api.graphql.schema").make_schema()  # once a process, as the imports
    gc.collect()
    gc.freeze()
    gc.enable()
    with socket.socket(fileno=int(sys.argv[1])) as asks:
        _fork_as_asked(asks)


if __name__ == "__main__":
    main()
