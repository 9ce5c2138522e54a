"""The embedded database: a child process that we speak to over the wire and never import.

It is for development, demos and one small shop. An acknowledged write is on disk. When our process ends,
however it ends, the child ends too, where the platform can promise that (Linux). `server.json` in the data
folder tells other commands where the database listens.

The database lets in one user, by a password that is kept in the data folder, readable by its owner alone. Who
listens on the port of a database that has died learns nothing: the password itself is never sent, and the
driver asks for proof that the server knows it (SCRAM).
"""

import asyncio
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import field
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from api.private_files import write_private
from domain.model.values import dataclass

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
READY_SECONDS = 30.0
STOP_SECONDS = 10.0
BACKOFF_SECONDS = (0.1, 0.5, 2.0, 5.0, 10.0)
STABLE_SECONDS = 60.0
# Each start writes a log of 10 MB before clearing old ones: with less it would fill what was just freed.
MIN_FREE_BYTES = 64 * 2**20
LISTENING = "secantus listening on "
PANIC = "WT_PANIC"  # the storage's word for a fault that only a restart mends
DISK_FULL = "No space left on device"
SERVER = Path(__file__).with_name("embedded_server.py")
USER = "selo"
URI_OPTIONS = "directConnection=true&authSource=admin&authMechanism=SCRAM-SHA-256"
PASSWORD_CHARACTERS = 43
# What the child needs of our environment; the rest of it holds secrets that are none of its business.
CHILD_ENVIRONMENT = (
    *("PATH", "TMPDIR", "TZ", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
)


class EmbeddedFailed(Exception):
    """The embedded database cannot run. The message is one sentence for whoever started it."""


class FolderInUse(EmbeddedFailed):
    """Another process has the database in this folder open."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server: the address of its database with its password, its process id and the database's.

    `server.json` holds all but the password.
    """

    uri: str = field(repr=False)
    pid: int
    database_pid: int


def note_path(data_folder: Path) -> Path:
    return data_folder / "server.json"


def read_note(data_folder: Path) -> RunningServer | None:
    """Return what `server.json` says, whether its server is alive or not."""
    try:
        note = json.loads(note_path(data_folder).read_bytes())
        uri = str(note["uri"])
        if note.get("user"):  # a server of an earlier version names none, and asks for none
            uri = _with_password(uri, str(note["user"]), _password_path(data_folder).read_text())
        return RunningServer(uri=uri, pid=int(note["pid"]), database_pid=int(note["database_pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_running(data_folder: Path) -> RunningServer | None:
    """Return the server that has this data folder open; None where none is alive and listening."""
    running = read_note(data_folder)
    if running is None:
        return None
    try:
        host, port = urlsplit(running.uri).netloc.rpartition("@")[2].split(":")
        os.kill(running.pid, 0)
        socket.create_connection((host, int(port)), timeout=1).close()
    except (OSError, ValueError):
        return None
    return running


def holds_database(data_folder: Path) -> bool:
    """Tell whether this data folder ever held a database."""
    return (data_folder / "database").is_dir()


def prepare_folder(data_folder: Path) -> None:
    """Make the data folder, open to its owner alone. Raises EmbeddedFailed where it cannot be written."""
    try:
        data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data_folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as fault:
        raise EmbeddedFailed(f"The data folder {data_folder} cannot be written: {fault.strerror}.") from None


@asynccontextmanager
async def open_embedded(data_folder: Path, *, is_announced: bool = True) -> AsyncIterator["EmbeddedDatabase"]:
    """Run the database on this data folder while the block lasts. Raises FolderInUse, EmbeddedFailed.

    Where `is_announced`, other commands find it by `server.json`; a command that lasts a moment does not
    announce it.
    """
    prepare_folder(data_folder)
    database = EmbeddedDatabase(data_folder, is_announced=is_announced)
    try:
        await database.start()
        yield database
    finally:
        await database.stop()


class EmbeddedDatabase:
    """The child process. It is started again on the same port when it ends by itself."""

    def __init__(self, data_folder: Path, *, is_announced: bool) -> None:
        self._data_folder = data_folder
        self._is_announced = is_announced
        self._port = 0
        self._password = ""
        self._process: asyncio.subprocess.Process | None = None
        self._has_note = False
        self._last_output: deque[str] = deque(maxlen=40)
        self._drain: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def uri(self) -> str:
        """Return the address with the password."""
        return _with_password(self._open_uri, USER, self._password)

    @property
    def _open_uri(self) -> str:
        return f"mongodb://{HOST}:{self._port}/?{URI_OPTIONS}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the database was started"
        return self._process.pid

    async def start(self) -> None:
        """Start the child, announce it and keep it running. Raises FolderInUse, EmbeddedFailed."""
        try:
            self._password = _take_password(self._data_folder)
            (self._data_folder / "secantusd.toml").unlink(missing_ok=True)  # an earlier version's
            # Restricted itself, because somebody else may have made the data folder, open to all.
            (self._data_folder / "database").mkdir(mode=0o700, exist_ok=True)
            await self._spawn()
            self._announce()
        except OSError as fault:
            raise EmbeddedFailed(
                f"The data folder {self._data_folder} cannot be written: {fault.strerror}."
            ) from None
        self._keeper = asyncio.create_task(self._restart_when_ended())

    async def stop(self) -> None:
        """End the child and wait for it; kill it after STOP_SECONDS."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._has_note:
            note_path(self._data_folder).unlink(missing_ok=True)
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        await asyncio.sleep(0.05)
        with suppress(OSError):  # its accept loop notices the signal only at a new connection
            _, writer = await asyncio.open_connection(HOST, self._port)
            writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            log.warning("database.forced_to_stop", pid=self.pid)
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._drain is not None:
            await self._drain

    async def _spawn(self) -> None:
        """Start the child and wait until it listens. Raises EmbeddedFailed, OSError."""
        if shutil.disk_usage(self._data_folder).free < MIN_FREE_BYTES:
            raise EmbeddedFailed(self._no_room_message())
        # -P: no module of the folder that we were started in, or of our own, takes the place of a library's.
        command = (
            sys.executable,
            "-P",
            str(SERVER),
            str(self._data_folder / "database"),
            str(self._port),
            USER,
        )
        self._process = await asyncio.create_subprocess_exec(
            *command,
            env={name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=_die_with_parent(),
            # Ctrl-C in a terminal reaches only us: the API finishes its requests before the database stops
            start_new_session=True,
        )
        self._last_output.clear()
        assert self._process.stdin is not None, "stdin is a pipe"
        self._process.stdin.write(f"{self._password}\n".encode())
        self._process.stdin.close()
        listening = asyncio.get_running_loop().create_future()
        self._drain = asyncio.create_task(self._read_output(self._process, listening))
        try:
            self._port = await asyncio.wait_for(listening, READY_SECONDS)
        except BaseException as fault:
            with suppress(ProcessLookupError):
                self._process.kill()
            if isinstance(fault, TimeoutError):
                raise EmbeddedFailed(
                    f"The embedded database did not start within {READY_SECONDS:.0f} seconds."
                ) from None
            raise

    def _announce(self) -> None:
        """Write the note by which other commands find this server, in one step, since they may read it any
        time.
        """
        if not self._is_announced:
            return
        temporary = self._data_folder / f".server-{os.getpid()}.json"
        try:
            note = {"uri": self._open_uri, "user": USER, "pid": os.getpid(), "database_pid": self.pid}
            temporary.write_text(json.dumps(note))
            temporary.replace(note_path(self._data_folder))
        finally:
            temporary.unlink(missing_ok=True)
        self._has_note = True

    async def _read_output(
        self, process: asyncio.subprocess.Process, listening: "asyncio.Future[int]"
    ) -> None:
        """Read the child's stderr, so that the child never blocks on a full pipe; find its port and its
        panics there.

        After a failed write (a full disk) its storage refuses everything until a restart, while the process
        lives and answers pings. Acknowledged writes are on disk, so the child is killed, and it is started
        again until there is room.
        """
        assert process.stderr is not None, "stderr is a pipe"
        has_panicked = False
        while line := await process.stderr.readline():
            words = line.decode(errors="replace").rstrip()
            self._last_output.append(words)
            log.debug("database.says", words=words)
            if LISTENING in words and not listening.done():
                listening.set_result(int(words.rsplit(":", 1)[1]))
            if PANIC in words and not has_panicked:
                has_panicked = True
                log.error("database.cannot_go_on", why=self._disk_fault() or words)
                with suppress(ProcessLookupError):
                    process.kill()
        await process.wait()
        if not listening.done():
            listening.set_exception(self._start_failure())

    def _start_failure(self) -> EmbeddedFailed:
        words = "\n".join(self._last_output)
        if "No module named 'secantus'" in words:
            return EmbeddedFailed(
                "The embedded database is not installed: pip install 'selo[embedded]', or set MONGODB_URI."
            )
        if "managed by another process" in words:
            other = find_running(self._data_folder)
            whose = f"process {other.pid}" if other else "another process"
            return FolderInUse(
                f"The data folder {self._data_folder} is in use by {whose}; stop it, or choose another folder"
                " with --data."
            )
        if (fault := self._disk_fault()) is not None:
            return EmbeddedFailed(fault)
        last = self._last_output[-1] if self._last_output else "it said nothing"
        return EmbeddedFailed(f"The embedded database ended at its start: {last}")

    def _disk_fault(self) -> str | None:
        """Return the sentence about a full disk; None where the output names no full disk."""
        if any(DISK_FULL in words for words in self._last_output):
            return self._no_room_message()
        return None

    def _no_room_message(self) -> str:
        free = shutil.disk_usage(self._data_folder).free // 2**20
        return (
            f"There are {free} MB left on the disk of the data folder {self._data_folder}: make room for"
            f" {MIN_FREE_BYTES // 2**20} MB at least."
        )

    async def _restart_when_ended(self) -> None:
        """Start the child again whenever it ends by itself, soon at first, then less often."""
        failures, clock = 0, asyncio.get_running_loop().time
        while True:
            assert self._process is not None, "the database was started"
            begun = clock()
            code = await self._process.wait()
            failures = 0 if clock() - begun > STABLE_SECONDS else failures
            log.error("database.ended_by_itself", exit_code=code)
            while not await self._restart(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)]):
                failures += 1
            failures += 1

    async def _restart(self, pause: float) -> bool:
        """Start the child after a pause; return False where that fails."""
        await asyncio.sleep(pause)
        try:
            await self._spawn()
        except (EmbeddedFailed, OSError) as fault:
            log.error("database.did_not_start", reason=str(fault))
            return False
        try:
            self._announce()
        except OSError as fault:
            # Other commands do not find it; processes that are connected go on.
            log.error("database.not_announced", reason=str(fault))
        log.info("database.runs_again", pid=self.pid)
        return True


def _take_password(data_folder: Path) -> str:
    """Return the password of the database, made where there is none yet. Raises OSError.

    One that was cut short, or lost, is replaced: each start of the database sets it anew.
    """
    path = _password_path(data_folder)
    for _ in range(2):
        with suppress(FileNotFoundError):
            password = path.read_text()
            if len(password) == PASSWORD_CHARACTERS:
                return password
            path.unlink()
        with suppress(FileExistsError):  # another process was quicker: both use its password
            write_private(path, secrets.token_urlsafe(32).encode())
    return path.read_text()


def _password_path(data_folder: Path) -> Path:
    return data_folder / "keys" / "database-password"


def _with_password(uri: str, user: str, password: str) -> str:
    return uri.replace("mongodb://", f"mongodb://{user}:{password}@", 1)


def _die_with_parent() -> Callable[[], None] | None:
    """Return what the child runs before it becomes the database: it asks Linux for SIGKILL when our process
    ends.

    SIGKILL is safe, because every acknowledged write is on disk, and quick, so that the next start finds the
    folder free.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    set_parent_death_signal, parent = 1, os.getpid()

    def ask() -> None:
        prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # it ended between fork and here
            os._exit(1)

    return ask
