"""Why a call of a shop or a system is refused before anything of it is stored, by the door at which it came.

UNKNOWN_SOURCE  no source of that name       UNKNOWN_KEY    no key, or none that anybody has
NO_SECRET       no secret is set for it      UNSIGNED       it brought no signature
BAD_SIGNATURE   signed by another secret     STALE          signed more than five minutes ago or ahead
BAD_KEY         a key's id, another secret   KEY_ENDED      the key, or all of the system's, have ended
REVOKED         the system was shut out      OTHER_ADDRESS  from where its keys do not work
TOO_LARGE       longer than a body may be    CONTENT_TYPE   compressed, or of another content type
MALFORMED       no such body                 RATE_LIMITED   more a minute than it may
DAY_FULL        more a day than it may       SCOPE          an event that the key has no right to
EVENT           an event that is not taken   NOT_STORED     the database did not take it
"""

from __future__ import annotations

from typing import Final, Literal

CallRefusal = Literal[
    "UNKNOWN_SOURCE",
    "UNKNOWN_KEY",
    "NO_SECRET",
    "UNSIGNED",
    "BAD_SIGNATURE",
    "STALE",
    "BAD_KEY",
    "KEY_ENDED",
    "REVOKED",
    "OTHER_ADDRESS",
    "TOO_LARGE",
    "CONTENT_TYPE",
    "MALFORMED",
    "RATE_LIMITED",
    "DAY_FULL",
    "SCOPE",
    "EVENT",
    "NOT_STORED",
]
IntakeDoor = Literal["webhooks", "events", "graphql"]

# Where a key was used since, the key works again: these are over.
OF_KEYS: Final[frozenset[CallRefusal]] = frozenset(
    {"UNSIGNED", "BAD_SIGNATURE", "STALE", "BAD_KEY", "KEY_ENDED", "REVOKED", "OTHER_ADDRESS"}
)
