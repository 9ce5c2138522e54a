"""Messages, surveys and consents of a programme."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from domain.model.calendar import add
from domain.model.programme.field_types import (
    NO_TEXT,
    Code,
    Duration,
    Flag,
    NamedPart,
    PositiveInt,
    ProgrammePart,
    TextByLocale,
    as_list,
)
from domain.model.programme.varied.varied_part import MOST_VARIANTS, VariantSpec, VariedPart

SERVICE_PURPOSE = "service"
PROFILING = "profiling"  # the purpose without which nothing is recommended by a member's own purchases
# FCM keeps the newest push of each of four collapse keys for a phone that is off, and drops what has a fifth.
MAX_COLLAPSE_NAMES = 4


class MessageVariant(VariantSpec):
    """What a message says to those who have this variant: what is not said is the message's own."""

    title: TextByLocale | None = None
    body: TextByLocale | None = None
    link: str | None = None


class MessageSpec(VariedPart, NamedPart):
    """One message. `purpose` is a consent purpose, or `service`, which needs no consent. A `quiet` message
    waits for the end of quiet hours; a `silent` one makes no sound on an iPhone.
    """

    noun: ClassVar[str] = "message"

    code: Code
    channels: Annotated[
        tuple[Literal["push", "inbox", "email", "sms"], ...], BeforeValidator(as_list), Field(min_length=1)
    ] = ("inbox",)
    purpose: str = SERVICE_PURPOSE
    title: TextByLocale
    body: TextByLocale = NO_TEXT
    link: str | None = None
    quiet: Flag = False
    silent: Flag = False
    collapse: Code | None = None
    once: Duration | None = None
    variants: Annotated[tuple[MessageVariant, ...], Field(min_length=2, max_length=MOST_VARIANTS)] = ()

    def as_variant(self, code: str | None) -> MessageSpec:
        """Return the message as one variant has it; the message itself for one that it does not have."""
        variant = next((each for each in self.variants if each.code == code), None)
        return (
            self
            if variant is None
            else self._made_with(variant, title=variant.title, body=variant.body, link=variant.link)
        )

    @property
    def tells_reading(self) -> bool:
        """Whether anybody learns that it was read: only the inbox tells."""
        return "inbox" in self.channels

    @property
    def tells_taps(self) -> bool:
        """Whether anybody learns that it was tapped: an app tells, of its inbox and of a push."""
        return "inbox" in self.channels or "push" in self.channels

    def is_too_soon(self, at: datetime, *, last: datetime | None, zone: ZoneInfo) -> bool:
        """Tell whether an instant is still within `once` of the last message of this kind."""
        return self.once is not None and last is not None and at < add(last, self.once, zone)


def collapse_names(messages: Iterable[MessageSpec]) -> tuple[str, ...]:
    """Return the names by which messages replace each other, in the order of the file."""
    return tuple(dict.fromkeys(message.collapse for message in messages if message.collapse is not None))


ConsentChannel = Literal["push", "email", "sms"]


class ConsentSpec(ProgrammePart):
    """A purpose that a member may consent to. `wording` is the text that is shown; its version is stored with
    each answer. Where there are `channels`, a member agrees to each of them apart, and its messages go by no
    other; the inbox follows the purpose.
    """

    purpose: Code
    title: TextByLocale
    wording: TextByLocale
    wordingVersion: PositiveInt = 1  # the file's key
    channels: Annotated[tuple[ConsentChannel, ...], BeforeValidator(as_list)] = ()

    @model_validator(mode="before")
    @classmethod
    def _default_wording(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("purpose"), str):
            title = value.get("title", value["purpose"])
            return {"title": title, "wording": title, **value}
        return value


class SurveySpec(ProgrammePart):
    """One question: would the member recommend us (nps, 0 to 10), or are they satisfied (csat, 1 to 5)."""

    code: Code
    kind: Literal["nps", "csat"] = "nps"
    question: TextByLocale

    @property
    def scores(self) -> range:
        """The possible answers."""
        return range(11) if self.kind == "nps" else range(1, 6)

    @property
    def as_message(self) -> MessageSpec:
        """The question as a message: by push and in the inbox, without consent, and not in quiet hours."""
        return MessageSpec.model_construct(
            code=self.code, channels=("push", "inbox"), title=self.question, quiet=True
        )
