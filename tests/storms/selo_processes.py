"""The processes of the crash storm as an operator runs them: `selo serve` with its database as a child, and
`selo worker` beside it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Literal

import httpx

from api.embedded import RunningServer, read_note
from tests.servers import HANGS_AFTER_SECONDS, run_until_ready

Strike = Literal["everything", "api", "database", "worker", "stop"]

READY_SECONDS = HANGS_AFTER_SECONDS


class Processes:
    """One server and one worker over a data folder, on the same port through every life."""

    def __init__(self, data_folder: Path, faults: IO[str], environment: Mapping[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._data, self._faults, self._environment = data_folder, faults, environment
        self.api, self.worker = self._serve(), self._work()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def note(self) -> RunningServer:
        """Where the database listens, and which process it is."""
        running = read_note(self._data)
        assert running is not None, "a server has the data folder open"
        return running

    async def ready(self) -> None:
        """Wait until requests can be served."""
        give_up_at = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            while True:
                try:
                    if (await client.get("/ready")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                assert self.api.poll() is None, f"selo serve ended with {self.api.returncode}"
                assert time.monotonic() < give_up_at, "selo serve did not get ready"
                await asyncio.sleep(0.05)

    async def strike(self, what: Strike) -> None:
        """Kill one of them or all by SIGKILL, and restart what nothing else restarts; `stop` is a SIGTERM."""
        note = read_note(self._data)
        match what:
            case "everything":
                for process in (self.api, self.worker):
                    process.kill()
                if note is not None and note.pid == self.api.pid:
                    _kill(note.database_pid)
            case "api":
                self.api.kill()
            case "database" if note is not None and note.pid == self.api.pid:
                _kill(note.database_pid)
            case "worker":
                self.worker.kill()
            case "stop":
                await self._stop(self.api)
        if self.api.poll() is not None or what in ("everything", "api", "stop"):
            await asyncio.to_thread(_gone, self.api)
            self.api = self._serve()
        if self.worker.poll() is not None or what in ("everything", "worker"):
            await asyncio.to_thread(_gone, self.worker)
            self.worker = self._work()

    async def stop(self) -> None:
        """End both as an operator does."""
        await self._stop(self.worker)
        await self._stop(self.api)

    def end(self) -> None:
        """End whatever still runs."""
        for process in (self.worker, self.api):
            process.kill()
            _gone(process)

    async def _stop(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) in (0, -signal.SIGTERM), (
            "it ends well, or had not begun"
        )
        _gone(process)

    def _serve(self) -> subprocess.Popen[str]:
        words = ("serve", "--port", str(self._port), "--data", str(self._data))
        return run_until_ready(*words, faults=self._faults, environment=self._environment)

    def _work(self) -> subprocess.Popen[str]:
        return run_until_ready(
            "worker", "--data", str(self._data), faults=self._faults, environment=self._environment
        )


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it was not there at that moment


def _gone(process: subprocess.Popen[str]) -> None:
    process.wait(30)
    if process.stdout is not None:
        process.stdout.close()
