"""What a member does not want: messages of a purpose by a channel, and challenges that they are offered.

Both stand with the profile, and move nothing of the ledger: a challenge that nobody took up counts nothing. A
consent stands above: without it no message of its purpose goes, whatever is wanted here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args

from domain.model.programme import ConsentChannel, Programme
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, NotFound
from domain.services.people import birthdays
from domain.services.runtime import Runtime
from domain.store.people.details import Details

CHANNELS: tuple[ConsentChannel, ...] = get_args(ConsentChannel)


@dataclass(frozen=True, slots=True)
class NotificationChoice:
    """Whether a member wants the messages of a purpose by a channel."""

    purpose: str
    channel: ConsentChannel
    is_wanted: bool


# ---------------------------------------------------------------- pure rules
def channels_by_purpose(programme: Programme) -> Mapping[str, tuple[ConsentChannel, ...]]:
    """Return by which channels the programme sends what: service first, then its purposes in file order. What
    goes to the inbox alone is no choice.
    """
    used: dict[str, set[str]] = {
        SERVICE_PURPOSE: set(),
        **{each.purpose: set() for each in programme.consents},
    }
    for message in (*programme.messages, *(survey.as_message for survey in programme.surveys)):
        used.setdefault(message.purpose, set()).update(message.channels)
    channels = {
        purpose: tuple(channel for channel in CHANNELS if channel in names) for purpose, names in used.items()
    }
    return {purpose: names for purpose, names in channels.items() if names}


def mute_key(purpose: str, channel: str) -> str:
    """Return how a profile holds that messages of a purpose are not wanted by a channel."""
    return f"{purpose}:{channel}"


# ---------------------------------------------------------------- writes
async def set_notification(runtime: Runtime, *, member_id: str, choice: NotificationChoice) -> None:
    """Note whether a member wants messages of a purpose by a channel; again it changes nothing. Raises
    InvalidInput where the programme sends none so, NotFound, Busy.
    """
    offered = channels_by_purpose(runtime.programme)
    if choice.purpose not in offered:
        raise InvalidInput("purpose", f"Write one of {', '.join(offered)}.")
    if choice.channel not in offered[choice.purpose]:
        channels = ", ".join(channel.upper() for channel in offered[choice.purpose])
        raise InvalidInput("channel", f"Messages of {choice.purpose} go by {channels}.")
    key = frozenset({mute_key(choice.purpose, choice.channel)})

    def change(details: Details) -> Details:
        return replace(details, muted=details.muted - key if choice.is_wanted else details.muted | key)

    await _change(runtime, member_id, change)


async def decline_challenge(runtime: Runtime, *, member_id: str, badge: str) -> None:
    """Note that a member does not want to be offered a challenge; they may still take it up. Raises NotFound
    where there is no challenge of this code to be taken up, Busy.
    """
    if not any(spec.code == badge and spec.accept for spec in runtime.programme.badges):
        raise NotFound(badge)
    known = {spec.code for spec in runtime.programme.badges}

    def change(details: Details) -> Details:
        return replace(details, declined=(details.declined & known) | {badge})

    await _change(runtime, member_id, change)


async def _change(runtime: Runtime, member_id: str, change: Callable[[Details], Details]) -> None:
    async def attempt() -> None:
        stored_member = await load_member(runtime, member_id)
        details = change(stored_member.details)
        if details == stored_member.details:
            return
        published = runtime.programmes.current()
        await runtime.store.transact([birthdays.profile_write(stored_member, details, published)])

    await runtime.store.run_rounds(attempt, queue=member_id)
