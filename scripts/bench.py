"""The judge of speed: what operations cost, side by side with what they are compared with, in one run.

    requests    home, recordPurchase and redeemReward of a running server beside a hand-written endpoint of
                the same answer, over a database that costs nothing; each in turn
    engine      the home screen as plain graphql-core executes it and as it is compiled, in one process
    deciding    `decide` and `simulate`, beside an older commit with --against
    growth      `decide` with more rules, rewards, badges, segments, purchases, vouchers; more members
    history     commands a story, documents examined, bytes of a member, with a short and a long history
    start       the time and the memory of a start
    memory      the memory of the API process before and after 20,000 requests

All figures are CPU time of the process that is measured, lower quartiles, with the median of ratios that were
taken in pairs. None is a gate: a busy machine shifts both sides alike, and the ratios stay.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import bench_database
import bench_decide
import bench_engine
import bench_requests
from bench_load import cpu_nanoseconds, memory_mb
from bench_requests import Server, token
from bench_wire import run_wire

from api.embedded import read_note
from api.logs import configure_logs
from domain.model.programme.loading import load

ROOT = Path(__file__).parent.parent
PROGRAMME = ROOT / "scripts/demo/programmes/numiscollect.yaml"
READY = "Selo is ready at "
IDLE_SECONDS = 3
STAFF, PASSWORD = "bench", "what is measured twice is known"
PARTS = ("deciding", "growth", "history", "start", "engine", "requests", "memory")
# No limit of the day or the minute stops a bench.
LIMITS = {
    **dict.fromkeys(("SELO_MEMBER_POINTS_PER_MINUTE", "SELO_STAFF_REQUESTS_PER_MINUTE"), "1000000"),
    "SELO_SHIFT_PURCHASES": "1000000",
    "SELO_SHIFT_LOOK_UPS": "1000000",
    "SELO_LOOK_UPS_PER_MINUTE": "1000000",
}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}; default all")
    words.add_argument("--against", metavar="REV", help="an older commit that decides the same beside us")
    words.add_argument(
        "--entries", type=int, default=10_000, help="how many the old member has (default 10,000)"
    )
    asked = words.parse_args()
    parts = set(asked.parts or PARTS)
    if parts - set(PARTS):
        words.error(f"parts are {', '.join(PARTS)}")
    configure_logs(level="warning", form="console")
    if parts & {"deciding", "growth"}:
        bench_decide.run(asked.against, deciding="deciding" in parts, growth="growth" in parts)
    if parts & {"history", "start", "engine", "requests", "memory"}:
        _over_a_database(parts, entries=asked.entries if "history" in parts else 200)


def _over_a_database(parts: set[str], *, entries: int) -> None:
    text = PROGRAMME.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as at:
        folder = Path(at)
        young, _old = bench_database.main(folder, text, load(text), entries=entries, now=datetime.now(UTC))
        with _served(folder) as first:
            if "start" in parts:
                _idle(first.pid)
            _hire(folder)
            if "start" in parts:
                with _served(folder / "second", settings=_shared_settings(folder)):
                    pass
            if "engine" in parts:
                bench_engine.run(_shared_settings(folder)["MONGODB_URI"], folder, young.id)
            if parts & {"requests", "memory"}:
                _requests(folder, young.number, parts)


def _requests(folder: Path, number: str, parts: set[str]) -> None:
    shared = _shared_settings(folder)
    member, cashier = token(folder, "--member", number), token(folder, "--staff", STAFF)
    with run_wire(shared["MONGODB_URI"]) as wire:
        settings = {**shared, "MONGODB_URI": wire.uri, "SELO_WORKER": "false", "SELO_LOG_LEVEL": "warning"}
        with _served(folder / "third", settings=settings) as selo:
            bench_requests.run(wire, selo, number, member, cashier, parts)


# ---------------------------------------------------------------- servers


def _shared_settings(folder: Path) -> dict[str, str]:
    """Return the settings by which a second server serves the database of a folder whose server runs."""
    running = read_note(folder)
    assert running is not None, "a server has the folder open"
    (token_key,) = (folder / "keys").glob("token-*.pem")
    return {
        "MONGODB_URI": running.uri,
        "SELO_SECRET": (folder / "keys" / "secret").read_text(),
        "SELO_TOKEN_KEYS": token_key.read_text(),
    }


@contextmanager
def _served(folder: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a server over its own database, or over the one that settings name; print what its start took."""
    # The second start reads the compiled code that the first left, as anybody's does, whatever this shell
    # says of keeping it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", "--data", str(folder)]
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**environment, **LIMITS, **(settings or {})}
    ) as server:
        assert server.stdout is not None, "stdout is a pipe"
        try:
            url = next(line.removeprefix(READY).strip() for line in server.stdout if line.startswith(READY))
            took, computed = time.perf_counter() - begun, cpu_nanoseconds(server.pid) / 1e9
            where = "over a database that runs" if settings else "the embedded database started with it"
            print(f"ready after {took:.2f} s, {computed:.2f} s of them CPU of the API process ({where})")
            yield Server(int(url.rpartition(":")[2]), server.pid)
        finally:
            server.terminate()


def _idle(pid: int) -> None:
    """Print the memory of a process that has served nothing yet, its worker included."""
    time.sleep(IDLE_SECONDS)
    resident, own = memory_mb(pid)
    print(
        f"memory of the idle API process, its worker on   {resident:8.0f} MB, {own:.0f} MB its own, the rest"
        " library files"
    )


def _hire(folder: Path) -> None:
    """Add the store and the cashier who records the purchases."""
    for words in (
        ("store", "add", "lisboa", "--name", "Lisboa"),
        ("staff", "add", STAFF, "--name", "Bench", "--password-stdin"),
    ):
        command = [sys.executable, "-m", "api.cli", *words, "--data", str(folder)]
        subprocess.run(command, check=True, input=PASSWORD, text=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
