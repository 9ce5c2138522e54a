"""Whether pushes reach a device, and why not."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.texts import say
from domain.services.messages import push_results


@enum_of_words(push_results.PushState, description="Whether pushes reach a device.")
class PushState(Enum):
    ON = strawberry.enum_value("ON", description="Pushes go to it.")
    OFF = strawberry.enum_value("OFF", description="None is sent: `reason` says why.")
    REJECTED = strawberry.enum_value(
        "REJECTED", description="Google refused its token: register again with a fresh one."
    )


@enum_of_words(push_results.PushFault, description="Why no push reaches a device.")
class PushFault(Enum):
    NOT_CONFIGURED = strawberry.enum_value(
        "NOT_CONFIGURED", description="This server sends no push: its operator sets Firebase up."
    )
    NO_TOKEN = strawberry.enum_value(
        "NO_TOKEN", description="The app registered without `token`: ask for leave, then register with it."
    )
    MOVED = strawberry.enum_value(
        "MOVED", description="Another member, or another installation, registered its token since."
    )
    UNSEEN = strawberry.enum_value(
        "UNSEEN", description="Its session was not refreshed for 60 days: register again."
    )
    UNREGISTERED = strawberry.enum_value(
        "UNREGISTERED",
        description="Google knows the token no more: register with the one that the Firebase SDK gives.",
    )
    OTHER_SENDER = strawberry.enum_value(
        "OTHER_SENDER",
        description="The token is of another Firebase project: build the app with this server's.",
    )
    INVALID = strawberry.enum_value(
        "INVALID", description="Google says that this is no token: send the one of the Firebase SDK."
    )
    NO_ANSWER = strawberry.enum_value(
        "NO_ANSWER", description="Of a test push: Google did not answer in time. Try again in a minute."
    )
    CREDENTIALS = strawberry.enum_value(
        "CREDENTIALS", description="Of a test push: Google refuses this server's own credentials."
    )


@strawberry.type(description="Whether pushes reach a device.")
class DevicePush:
    state: PushState = strawberry.field(description="ON, OFF or REJECTED.")
    reason: PushFault | None = strawberry.field(description="Why not; null where it is ON.")
    message: str | None = strawberry.field(description="The reason in the reader's language.")
    since: datetime | None = strawberry.field(description="Since when not, where that is known.")


_STATES: Mapping[push_results.PushState, PushState] = {
    "ON": PushState.ON,
    "OFF": PushState.OFF,
    "REJECTED": PushState.REJECTED,
}


def push_of(audience: Audience, push: push_results.DevicePush) -> DevicePush:
    """Return whether pushes reach a device, as its owner sees it."""
    if push.fault is None:
        return DevicePush(state=_STATES[push.state], reason=None, message=None, since=None)
    return DevicePush(
        state=_STATES[push.state],
        reason=PushFault[push.fault],
        message=say(f"push.{push.fault}", audience.locale),
        since=push.since,
    )
