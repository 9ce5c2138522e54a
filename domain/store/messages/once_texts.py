"""The texts of messages that are sent once: written at the console, and no part of any programme.

A text stands in the job that sends it, and never changes; a process remembers those that it met last.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field, replace

from domain.model.programme import MessageSpec
from domain.model.programme.field_types import LocalizedText
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.messages.inbox import Letter
from domain.store.operations import member_jobs

MOST_REMEMBERED = 200
TRIAL = "trial"


@dataclass(slots=True)
class OnceTexts:
    """The texts that one process remembers, by the codes of their messages."""

    _specs: dict[str, MessageSpec] = field(default_factory=dict)

    def find(self, code: str) -> MessageSpec | None:
        """Return a message that was loaded."""
        return self._specs.get(code)

    async def load(self, store: DocumentStore, codes: Collection[str], *, anew: bool = False) -> set[str]:
        """Have the messages of codes in memory; return those that somebody has stopped, as far as they were
        read now: all of them `anew`.
        """
        missing = [code for code in codes if anew or code not in self._specs]
        if not missing:
            return set()
        jobs = await member_jobs.find_many(store, missing)
        for job in jobs:
            self._specs.pop(job.id, None)
            self._specs[job.id] = read_spec(job.id, job.terms["message"])
        while len(self._specs) > MOST_REMEMBERED:
            del self._specs[next(iter(self._specs))]
        return {job.id for job in jobs if job.state == "STOPPED"}

    async def put_in(self, store: DocumentStore, letters: Sequence[Letter]) -> tuple[Letter, ...]:
        """Return letters, those of messages that were sent once with their texts."""
        codes = {letter.code for letter in letters if letter.kind == "once"}
        if codes:
            await self.load(store, codes)
        return tuple(
            replace(letter, text=self._specs.get(letter.code)) if letter.kind == "once" else letter
            for letter in letters
        )


def new_trial_id() -> str:
    """Return the code of a message that is tried on one member."""
    return member_jobs.new_job_id(TRIAL)


def is_trial(kind: str, code: str) -> bool:
    """Tell whether a message of a kind is tried on one member: it is marked as a test, and not counted."""
    return kind == "once" and code.startswith(f"{TRIAL}-")


def read_spec(code: str, document: Raw) -> MessageSpec:
    """Return the message of a job's terms; it waits for the end of quiet hours, as none of them is urgent."""
    default = document["locale"]
    return MessageSpec.model_construct(
        code=code,
        channels=tuple(document["channels"]),
        purpose=document["purpose"],
        title=LocalizedText(document["title"], default),
        body=LocalizedText(document["body"], default),
        link=document.get("link"),
        quiet=True,
    )


def spec_document(spec: MessageSpec) -> Raw:
    """Return a message as the terms of its job hold it."""
    return {
        "channels": list(spec.channels),
        "purpose": spec.purpose,
        "title": dict(spec.title.entries),
        "body": dict(spec.body.entries),
        "locale": spec.title.default_locale,
        "link": spec.link,
    }
