"""The membership that a command's number names."""

from api.commands.running import CannotRun
from api.process import Process
from domain.services.decisions import load_member
from domain.services.errors import NotFound
from domain.store.ledger.members import StoredMember
from domain.store.people import contacts


async def find_membership(process: Process, number: str) -> StoredMember:
    """Return the member whose number it is, typed with or without spaces. Raises CannotRun."""
    member_id = await contacts.find_member(process.store, contacts.number_key(number.replace(" ", "")))
    try:
        return await load_member(process.runtime, member_id or "")
    except NotFound:
        raise CannotRun(f"No membership has the number {number}.") from None
