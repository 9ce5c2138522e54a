"""What members are told, asked and agree to: messages, surveys, consents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from domain.model.calendar import add
from domain.model.programme.words import NO_TEXT, Code, Duration, Flag, Named, Part, Positive, Words, words

SERVICE = "service"


class Message(Named):
    """One message. `purpose` is a consent purpose, or `service`, which needs none; `quiet` waits for the end
    of quiet hours.
    """

    code: Code
    channels: Annotated[
        tuple[Literal["push", "inbox", "email", "sms"], ...], BeforeValidator(words), Field(min_length=1)
    ] = ("inbox",)
    purpose: str = SERVICE
    title: Words
    body: Words = NO_TEXT
    link: str | None = None
    quiet: Flag = False
    collapse: Code | None = None
    once: Duration | None = None

    def too_soon(self, at: datetime, *, last: datetime | None, zone: ZoneInfo) -> bool:
        """Tell whether an instant is within the time after the last of this kind in which there may be no
        second.
        """
        return self.once is not None and last is not None and at < add(last, self.once, zone)


class ConsentSpec(Part):
    """A purpose that a member may agree to, in the words of `wording`, whose version is kept with each
    answer.
    """

    purpose: Code
    title: Words
    wording: Words
    wordingVersion: Positive = 1  # the file's key

    @model_validator(mode="before")
    @classmethod
    def _worded(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("purpose"), str):
            title = data.get("title", data["purpose"])
            return {"title": title, "wording": title, **data}
        return data


class Survey(Part):
    """One question: how likely a member is to recommend us (nps, 0 to 10), or how content they are (csat, 1
    to 5).
    """

    code: Code
    kind: Literal["nps", "csat"] = "nps"
    question: Words

    @property
    def scores(self) -> range:
        """The answers that there are."""
        return range(11) if self.kind == "nps" else range(1, 6)

    @property
    def message(self) -> Message:
        """The question as a message: by push and in the inbox, no consent asked for, nobody woken."""
        return Message.model_construct(
            code=self.code, channels=("push", "inbox"), title=self.question, quiet=True
        )
