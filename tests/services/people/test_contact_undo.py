"""The link in the notice of a change: it gives the owner back what a thief took, once, and ends every session."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from domain.services.errors import LinkExpired, NotEnrolled, SignInRefused, TooManyRequests
from domain.services.people import devices, sessions
from domain.services.people.devices import Registration
from domain.services.people.member_contacts import contact_undo
from domain.services.people.sign_in import request_code
from domain.store import audit
from tests.identity_harness import NOW, IdentityHarness, enrol_and_sign_in, stored_member
from tests.senders.push_tokens import registration_token
from tests.services.people.contact_acts import ANA, BO, LATER, NEW, PHONE, change_to, sign_in_again

WEEK = timedelta(days=7)


async def undo(harness: IdentityHarness, token: str | None, *, after: timedelta = timedelta()) -> int:
    assert token is not None
    return await contact_undo.undo_change(harness.identity, token, now=LATER + after)


async def emails(harness: IdentityHarness) -> list[str]:
    rows = await harness.store["contacts"].find({"_id": {"$gt": "email:", "$lt": "phone;"}}).to_list()
    return sorted(
        row["_id"] + ("" if "until" not in row else " held") for row in rows if row["_id"][0] in "ep"
    )


async def test_the_owner_gets_the_membership_back_and_the_thief_is_out(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    token = await change_to(harness, ana, NEW)
    thief = await sign_in_again(harness, NEW)
    await devices.register(
        harness.identity,
        member=ana.member,
        session=thief.opened_session.session.id,
        registration=Registration("phone-1", "ANDROID", registration_token("t")),
        key=bytes(32),
        now=LATER,
    )
    with capture_logs() as logged:
        assert await undo(harness, token) == 2
    assert [(each["event"], each["member"]) for each in logged] == [("contacts.change_undone", ana.member)]
    assert (await stored_member(harness, ana.member)).details.email == ANA
    assert await emails(harness) == [f"email:{ANA}"]
    for session in (ana, thief):
        with pytest.raises(SignInRefused):
            await sessions.refresh(harness.identity, session.opened_session.refresh_token, now=LATER)
        assert not harness.identity.session_registry.is_alive(session.opened_session.session.id)
    for name in ("known_devices", "devices"):
        assert await harness.store[name].find({"member": ana.member}).to_list() == []
    with pytest.raises(NotEnrolled):
        await sign_in_again(harness, NEW)
    assert (await sign_in_again(harness, ANA, now=LATER + WEEK * 2)).member == ana.member
    acts = await audit.find_between(harness.store, since=NOW, until=LATER, member=ana.member)
    assert sorted(act.action for act in acts) == ["CONTACT_CHANGED", "CONTACT_CHANGE_UNDONE"]


async def test_a_link_works_once_for_a_week_and_no_other_works(harness: IdentityHarness) -> None:
    ana, bo = await enrol_and_sign_in(harness, ANA), await enrol_and_sign_in(harness, BO)
    token = await change_to(harness, ana, NEW)
    late = await change_to(harness, bo, "bos@example.com")
    for junk in ("", "junk", "é" * 5_000, (token or "")[:-1]):
        with pytest.raises(LinkExpired):
            await undo(harness, junk)
    with pytest.raises(LinkExpired):
        await undo(harness, late, after=WEEK)
    assert (await stored_member(harness, bo.member)).details.email == "bos@example.com"
    await undo(harness, token, after=WEEK - timedelta(seconds=1))
    again = await sign_in_again(harness, ANA)
    with pytest.raises(LinkExpired):
        await undo(harness, token)
    assert harness.identity.session_registry.is_alive(again.opened_session.session.id)


async def test_ten_presses_at_once_undo_once(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    token = await change_to(harness, ana, NEW)
    results = await asyncio.gather(*(undo(harness, token) for _ in range(10)), return_exceptions=True)
    assert len([one for one in results if isinstance(one, LinkExpired)]) == 9
    assert await emails(harness) == [f"email:{ANA}"]


async def test_all_that_was_changed_after_it_is_taken_back_too(harness: IdentityHarness) -> None:
    """A thief changes the address twice and adds a phone: the first link takes all of it back."""
    ana = await enrol_and_sign_in(harness, ANA)
    first = await change_to(harness, ana, NEW)
    await change_to(harness, ana, PHONE, now=LATER + timedelta(seconds=1))
    second = await change_to(harness, ana, "thief@example.com", now=LATER + timedelta(seconds=2))
    assert await emails(harness) == [
        f"email:{ANA} held",
        f"email:{NEW} held",
        "email:thief@example.com",
        f"phone:{PHONE}",
    ]
    await undo(harness, first, after=timedelta(seconds=3))
    details = (await stored_member(harness, ana.member)).details
    assert (details.email, details.phone) == (ANA, None)
    assert await emails(harness) == [f"email:{ANA}"]
    with pytest.raises(LinkExpired):
        await undo(harness, second, after=timedelta(seconds=4))


async def test_a_later_link_leaves_what_was_changed_before_it(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    first = await change_to(harness, ana, PHONE)
    second = await change_to(harness, ana, NEW, now=LATER + timedelta(seconds=1))
    await undo(harness, second, after=timedelta(seconds=2))
    details = (await stored_member(harness, ana.member)).details
    assert (details.email, details.phone) == (ANA, PHONE)
    await undo(harness, first, after=timedelta(seconds=3))
    details = (await stored_member(harness, ana.member)).details
    assert (details.email, details.phone) == (ANA, None)


async def test_a_known_device_of_the_thief_is_known_no_more(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    token = await change_to(harness, ana, NEW)
    thief = await sign_in_again(harness, ANA)
    await undo(harness, token)
    for _ in range(18):  # an approval and a sign-in were sent before
        await request_code(harness.identity, contact=ANA, locale="pt", now=LATER)
    with pytest.raises(TooManyRequests):
        await request_code(
            harness.identity, contact=ANA, locale="pt", device_token=thief.device_token, now=LATER
        )
