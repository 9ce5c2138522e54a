"""The cursors of a member's activity as text, opaque for clients: counters of what they have got."""

import re

from api.errors import BadInput
from api.graphql.engine.ids import from_base64url, to_base64url
from domain.services.ledger.queries import MemberView
from domain.services.live.activity_feed import ActivityCursor, StateVersions
from domain.store.messages.inbox import Mailbox

_NUMBER = rb"(0|[1-9][0-9]{0,15})"
# The last three came with a later release: a cursor that an app still holds may have none.
_CURSOR = re.compile(
    rb"live:%b:(0|[1-9][0-9]{0,3}):%b(?::%b:%b:%b)?" % (_NUMBER, _NUMBER, _NUMBER, _NUMBER, _NUMBER)
)


def write_cursor(cursor: ActivityCursor) -> str:
    """Return the text of a cursor."""
    text = b"live:%d:%d:%d" % (cursor.seq, cursor.part, cursor.letter_number)
    if (versions := cursor.versions) is not None:
        text += b":%d:%d:%d" % (versions.profile, versions.invited, versions.read)
    return to_base64url(text)


def read_cursor(text: str) -> ActivityCursor:
    """Return the cursor in a text. Raises BadInput for any other."""
    match = _CURSOR.fullmatch(from_base64url(text, field="after"))
    if match is None:
        raise BadInput("That is no cursor of memberActivity.", field="after")
    seq, part, letter_number, *rest = match.groups()
    versions = None if rest[0] is None else StateVersions(*map(int, rest))
    return ActivityCursor(int(seq), int(part), int(letter_number), versions)


def cursor_of(member_view: MemberView, mailbox: Mailbox) -> str:
    """Return the cursor of what an answer shows of a member."""
    versions = StateVersions(member_view.profile_version, member_view.invited_count, mailbox.changed_version)
    return write_cursor(ActivityCursor(member_view.written_seq, 0, mailbox.letter_count, versions))
