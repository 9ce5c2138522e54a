"""The process that checks, compares and tries drafts: it reads one job and writes its answer.

It has no database and no secret, bounds of processor time and memory, and is ended from outside as well.
"""

from __future__ import annotations

import contextlib
import gc
import resource
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

import orjson

from domain.model.programme.drafts.difference import changes_between
from domain.model.programme.drafts.draft_check import check_as_json, check_draft
from domain.model.programme.faults import ProgrammeInvalid

MAX_MEMORY_BYTES = 1 << 30
OUT_OF_MEMORY: Final = 3  # what the process exits with
_MAX_FRAMES: Final = 6


def main() -> None:
    """Do one job, in as many seconds of a processor as the command line says. A programme that cannot be read
    is answered as `invalid`, with its first fault; an error of our own as `failed`, with its type and frames.
    """
    for kind, most in ((resource.RLIMIT_CPU, int(sys.argv[1])), (resource.RLIMIT_AS, MAX_MEMORY_BYTES)):
        with contextlib.suppress(ValueError, OSError):  # a system that bounds it otherwise
            resource.setrlimit(kind, (most, most))
    # A short life keeps what it makes: looking for garbage would be most of its work.
    gc.set_threshold(100_000, 50, 100)
    job = orjson.loads(sys.stdin.buffer.read())
    try:
        answer: object = _do(job)
    except ProgrammeInvalid as invalid:
        answer = {"invalid": str(invalid.faults[0])}
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - whatever it is, the server logs it and says INTERNAL
        answer = {"failed": type(error).__name__, "frames": _frames_of(error)}
    sys.stdout.buffer.write(orjson.dumps(answer))


def _do(job: Mapping[str, Any]) -> object:
    match job["kind"]:
        case "check":
            return check_as_json(check_draft(job["text"], now=datetime.fromisoformat(job["now"])))
        case "difference":
            return [asdict(change) for change in changes_between(job["before"], job["after"])]
        case _:
            # Imported here: a check needs nothing of the ledger.
            from domain.model.simulate.trial import try_story

            until = job["until"] and datetime.fromisoformat(job["until"])
            return asdict(try_story(job["text"], job["story"], until=until))


def _frames_of(error: Exception) -> list[str]:
    """Return where an error was raised and who called, without its message, which may name people."""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    return [
        f"{'/'.join(PurePath(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames
    ]


if __name__ == "__main__":
    main()
