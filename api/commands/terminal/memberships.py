"""The membership that a command's number names."""

from api.commands.running import CannotRun
from api.process import Process
from domain.services.decisions import load_member
from domain.services.errors import NotFound
from domain.store.ledger import members
from domain.store.ledger.members import StoredMember
from domain.store.people import contacts


async def find_membership(process: Process, number: str) -> StoredMember:
    """Return the member whose number it is, typed with or without spaces. Raises CannotRun."""
    member_id = await contacts.find_member(process.store, contacts.number_key(number.replace(" ", "")))
    try:
        return await load_member(process.runtime, member_id or "")
    except NotFound:
        raise CannotRun(f"No membership has the number {number}.") from None


async def find_member_id(process: Process, word: str) -> str:
    """Return the id of a member, also of a closed or erased membership, by their number or the id itself, as
    `selo verify` prints it. Raises CannotRun.
    """
    if word in await members.find_many(process.store, [word]):
        return word
    by_number = await contacts.find_member(process.store, contacts.number_key(word.replace(" ", "")))
    if by_number is None:
        raise CannotRun(f"No member has the number or the id {word}.")
    return by_number
