"""A contact that a member takes away, over the real database: one stays, and the removal can be undone."""

from datetime import timedelta

import pytest

from domain.model.people.contacts import Contact, ContactKind
from domain.services.errors import InvalidInput, NotEnrolled, SignInRefused
from domain.services.people.member_contacts import contact_removal
from domain.services.people.member_contacts.contact_change import TypedCode
from domain.services.people.member_contacts.contact_removal import RequestedRemoval
from domain.services.people.member_contacts.contact_undo import undo_change
from domain.services.people.sign_in import MemberSignedIn
from domain.store.people.contacts import find_member
from tests.identity_harness import NOW, IdentityHarness, enrol_and_sign_in, stored_member, wrong_code
from tests.services.people.contact_acts import ANA, BO, LATER, PHONE, change_to, sign_in_again

WEEK = timedelta(days=7)


async def ana_with_phone(harness: IdentityHarness) -> MemberSignedIn:
    ana = await enrol_and_sign_in(harness, ANA)
    await change_to(harness, ana, PHONE, now=NOW)
    return ana


async def remove(
    harness: IdentityHarness,
    who: MemberSignedIn,
    kind: ContactKind = "phone",
    typed: TypedCode | None = None,
    *,
    hours: int = 2,
) -> RequestedRemoval | None:
    return await contact_removal.remove_contact(
        harness.identity,
        member=who.member,
        session=who.opened_session.session.id,
        kind=kind,
        typed=typed,
        locale="pt",
        now=NOW + timedelta(hours=hours),
    )


async def phone_of(harness: IdentityHarness, who: MemberSignedIn) -> str | None:
    return (await stored_member(harness, who.member)).details.phone


async def test_right_after_the_sign_in_it_goes_at_once_and_both_contacts_are_told(
    harness: IdentityHarness,
) -> None:
    ana = await ana_with_phone(harness)
    harness.code_sender.notices.clear()
    assert await remove(harness, ana, hours=0) is None
    assert await phone_of(harness, ana) is None
    (first, notice), (second, same) = harness.code_sender.notices
    assert (first, second, notice) == (Contact("phone", PHONE), Contact("email", ANA), same)
    assert (notice.changed_contact, notice.is_removal) == (Contact("phone", PHONE), True)
    # It keeps signing in for a week, and then it is anybody's.
    assert await find_member(harness.store, f"phone:{PHONE}", now=NOW + WEEK - timedelta(1)) == ana.member
    assert await find_member(harness.store, f"phone:{PHONE}", now=NOW + WEEK) is None
    await undo_change(harness.identity, notice.undo_token or "", now=LATER)
    assert await phone_of(harness, ana) == PHONE
    assert await find_member(harness.store, f"phone:{PHONE}", now=NOW + WEEK) == ana.member


async def test_a_while_later_the_contact_that_stays_approves_it(harness: IdentityHarness) -> None:
    ana = await ana_with_phone(harness)
    requested = await remove(harness, ana)
    assert requested is not None
    assert requested.sent_to == Contact("email", ANA)
    message = harness.code_sender.messages[-1]
    assert (message.use, message.changed_contact) == ("remove_contact", Contact("phone", PHONE))
    code, challenge = harness.code_sender.last, requested.sent.challenge
    with pytest.raises(SignInRefused):
        await remove(harness, ana, typed=TypedCode(wrong_code(code), challenge))
    with pytest.raises(SignInRefused):  # it approves that the phone goes, nothing else
        await remove(harness, ana, "email", typed=TypedCode(code, challenge))
    assert await phone_of(harness, ana) == PHONE
    assert await remove(harness, ana, typed=TypedCode(code, challenge)) is None
    assert await phone_of(harness, ana) is None


async def test_where_the_one_that_stays_is_out_of_reach_the_one_that_goes_approves(
    harness: IdentityHarness,
) -> None:
    ana = await ana_with_phone(harness)
    harness.code_sender.reaches = frozenset({"phone"})
    requested = await remove(harness, ana)
    assert requested is not None
    assert requested.sent_to == Contact("phone", PHONE)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("email", "It is the only contact: add another one first, or nobody could sign in."),
        ("phone", "The membership has none of this kind."),
    ],
)
async def test_the_last_one_stays(harness: IdentityHarness, kind: ContactKind, message: str) -> None:
    bo = await enrol_and_sign_in(harness, BO)
    before = await stored_member(harness, bo.member)
    with pytest.raises(InvalidInput) as fault:
        await remove(harness, bo, kind, hours=0)
    assert (fault.value.field, fault.value.message) == ("kind", message)
    assert await stored_member(harness, bo.member) == before


async def test_after_the_week_it_signs_nobody_in(harness: IdentityHarness) -> None:
    ana = await ana_with_phone(harness)
    await remove(harness, ana, hours=0)
    assert (await sign_in_again(harness, PHONE, now=LATER)).member == ana.member
    with pytest.raises(NotEnrolled):
        await sign_in_again(harness, PHONE, now=LATER + WEEK)
