"""Drafts of the programme: checked, compared with a version, and tried on a story, in a process of their own.

What a draft takes to check is bounded by its length, what a story takes by nothing that could be told before
it runs. So each job runs beside the server, two at a time, and is ended when its time is over or its caller
has gone; the event loop only waits. A draft is too much once it has used up the processor time that it
has; one that got less of it while we waited met a busy machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

import domain
from domain.model.programme.drafts.difference import ProgrammeChange
from domain.model.programme.drafts.draft_check import DraftCheck, check_from_json
from domain.model.programme.drafts.story_trial import MAX_STORY_CHARACTERS, MAX_STORY_LINES, StoryTrial
from domain.services.errors import InvalidInput
from domain.services.publishing.draft_worker import OUT_OF_MEMORY
from domain.store.document_store import Busy

MAX_DRAFT_CHARACTERS = 200_000
# What a draft has of a processor, and how long we wait for it: a little longer, so that one which used up its
# own is told from one that a busy machine kept waiting.
CPU_SECONDS, JOB_SECONDS = 8, 9.0
MOST_AT_ONCE = 2
MOST_WAITING = 4
# How a process ends that took more than it has: the system ends it for its processor time, or its memory.
_USED_UP: Final = frozenset({-signal.SIGKILL, -signal.SIGXCPU, OUT_OF_MEMORY})
_ROOT = Path(domain.__file__).resolve().parent.parent

log = structlog.get_logger(__name__)


class DraftFailed(RuntimeError):
    """The process met an error of our own: it is logged, and the caller is told no more than that."""


class TakesTooLong(InvalidInput):
    """The draft or its story takes more time, or memory, than a try at the console has."""

    def __init__(self, field: str) -> None:
        super().__init__(
            field, "it takes longer than a try has; try less at once, or run `selo simulate` on it"
        )


class DraftProcesses:
    """The processes in which drafts are worked on: at most two at once, the next callers wait."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._waiting = 0

    async def check(self, text: str, *, now: datetime) -> DraftCheck:
        """Check a draft. Raises InvalidInput, TakesTooLong, Busy."""
        check_length(text)
        answer = await self._run({"kind": "check", "text": text, "now": now.isoformat()}, field="text")
        return check_from_json(answer)

    async def compare(self, before: str, after: str) -> tuple[ProgrammeChange, ...]:
        """Return what differs. Raises InvalidInput where one is not YAML, TakesTooLong, Busy."""
        check_length(after)
        answer = await self._run({"kind": "difference", "before": before, "after": after}, field="text")
        return tuple(ProgrammeChange(**each) for each in answer)

    async def try_story(self, text: str, story: str, *, until: datetime | None) -> StoryTrial:
        """Run a story through a draft. Raises InvalidInput where the draft is faulty, TakesTooLong, Busy."""
        check_length(text)
        if len(story) > MAX_STORY_CHARACTERS or story.count("\n") >= MAX_STORY_LINES:
            raise InvalidInput(
                "story", f"a story has at most {MAX_STORY_LINES} lines and {MAX_STORY_CHARACTERS} characters"
            )
        until_text = None if until is None else until.isoformat()
        job = {"kind": "story", "text": text, "story": story, "until": until_text}
        answer = await self._run(job, field="story")
        return StoryTrial(
            tuple(answer["answers"]), tuple(answer["warnings"]), answer["fault"], answer["is_cut"]
        )

    async def _run(self, job: Mapping[str, object], *, field: str) -> Any:
        if self._waiting >= MOST_WAITING:
            raise Busy(retry_after=2)
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            output = await _output_of(job)
        finally:
            self._slots.release()
        if output is None:
            raise TakesTooLong(field)
        answer = orjson.loads(output)
        if isinstance(answer, dict) and "invalid" in answer:
            raise InvalidInput("text", answer["invalid"])
        if isinstance(answer, dict) and "failed" in answer:
            log.error("draft.failed", job=job["kind"], error=answer["failed"], frames=answer["frames"])
            raise DraftFailed(answer["failed"])
        return answer


def check_length(text: str) -> None:
    """Raise InvalidInput where a draft is longer than the console takes."""
    if len(text) > MAX_DRAFT_CHARACTERS:
        raise InvalidInput("text", f"at most {MAX_DRAFT_CHARACTERS} characters; publish it by the shell")


async def _output_of(job: Mapping[str, object]) -> bytes | None:
    """Return what the process wrote; None where it was ended for its processor time or its memory. Raises
    Busy where it did not even get that time, DraftFailed where it ended in any other way.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "domain.services.publishing.draft_worker",
        str(CPU_SECONDS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": str(_ROOT)},
    )
    try:
        async with asyncio.timeout(JOB_SECONDS):
            output, _ = await process.communicate(orjson.dumps(job))
    except TimeoutError:
        raise Busy(retry_after=2) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode in _USED_UP:
        return None
    if process.returncode != 0:
        log.error("draft.failed", job=job["kind"], exit_code=process.returncode)
        raise DraftFailed(f"exit code {process.returncode}")
    return output
