"""What the tests of contacts do: a member asks for a change, and brings the codes that were sent."""

from datetime import datetime, timedelta

from domain.services.people.member_contacts import contact_change
from domain.services.people.member_contacts.contact_change import RequestedChange, TypedCode
from domain.services.people.sign_in import MemberSignedIn, request_code, sign_in
from tests.identity_harness import NOW, IdentityHarness

ANA, BO, NEW, PHONE = "ana@example.com", "bo@example.com", "new@example.com", "+351912345678"
LATER = NOW + timedelta(hours=2)


async def ask_to_change(
    harness: IdentityHarness, who: MemberSignedIn, contact: str, *, now: datetime = LATER
) -> RequestedChange:
    """Ask for a change of contact in the session of a sign-in."""
    return await contact_change.request_change(
        harness.identity,
        member=who.member,
        session=who.opened_session.session.id,
        contact=contact,
        locale="pt",
        now=now,
    )


async def bring_codes(
    harness: IdentityHarness,
    who: MemberSignedIn,
    contact: str,
    code: str,
    approval: str | None = None,
    *,
    now: datetime = LATER,
) -> None:
    """Bring the code that was sent to the new contact, and the one that was sent to a present one."""
    await contact_change.change_contact(
        harness.identity,
        member=who.member,
        session=who.opened_session.session.id,
        contact=contact,
        typed=TypedCode(code),
        approval=TypedCode(approval) if approval is not None else None,
        now=now,
    )


async def change_to(
    harness: IdentityHarness, who: MemberSignedIn, contact: str, *, now: datetime = LATER
) -> str | None:
    """Change a contact with all codes that it takes; return the token of the notice, where one was sent."""
    requested = await ask_to_change(harness, who, contact, now=now)
    code = harness.code_sender.last
    approval = (
        harness.code_sender.code_for(requested.current_contact.value) if requested.current_contact else None
    )
    told = len(harness.code_sender.notices)
    await bring_codes(harness, who, contact, code, approval, now=now)
    notices = harness.code_sender.notices[told:]
    return notices[0][1].undo_token if notices else None


async def sign_in_again(harness: IdentityHarness, contact: str, *, now: datetime = LATER) -> MemberSignedIn:
    """Sign in by a code that is sent to a contact. Raises NotEnrolled."""
    await request_code(harness.identity, contact=contact, locale="pt", now=now)
    return await sign_in(harness.identity, contact=contact, code=harness.code_sender.last, now=now)
