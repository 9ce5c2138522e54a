"""An application belongs to whoever made it: over the real database, by each way to prove a contact, nothing of a
stranger's becomes the owner's.
"""

import pytest

from domain.model.people.contacts import Contact
from domain.services.errors import NotEnrolled
from domain.services.people.consents import PurposeAnswer
from domain.services.people.enrolment import Application, enrol
from domain.services.people.member_contacts import contact_change
from domain.services.people.member_contacts.contact_change import TypedCode
from domain.services.people.sign_in import DeviceInput, request_code, sign_in, sign_in_proven
from tests.identity_harness import (
    NOW,
    IdentityHarness,
    count_documents,
    enrol_and_sign_in,
    stored_member,
    with_token,
)

ANA = Application(name="Ana Silva", terms_version="2026-01", email="Ana@Example.com")


async def test_a_strangers_application_never_begins_for_who_owns_the_contact(
    harness: IdentityHarness,
) -> None:
    """A stranger applies with Ana's address, after her and before her; she is Ana, with her own consents and
    without an inviter, by each way to prove a contact.
    """
    stranger = await enrol_and_sign_in(harness, "eve@example.com", name="Eve")
    number = (await stored_member(harness, stranger.member)).member.number
    forged = Application(
        name="Not Ana",
        terms_version="2026-01",
        email="ana@example.com",
        consents=(PurposeAnswer("marketing", True, 3),),
        referral_code=number,
    )
    before = await enrol(harness.identity, forged, key="s1", now=NOW)
    mine = await enrol(harness.identity, ANA, key="k1", now=NOW)
    code = harness.code_sender.last
    after = await enrol(harness.identity, forged, key="s2", now=NOW)
    assert len({before.enrolment_token, mine.enrolment_token, after.enrolment_token}) == 3
    signed_in = await sign_in(
        harness.identity,
        contact="ana@example.com",
        code=code,
        challenge=mine.challenge,
        device=with_token(mine),
        now=NOW,
    )
    ana = await stored_member(harness, signed_in.member)
    assert (ana.details.name, ana.details.consents, ana.member.referral.referred_by) == (
        "Ana Silva",
        (),
        None,
    )
    assert (await stored_member(harness, stranger.member)).invited_count == 0
    assert await count_documents(harness, "members") == 2


async def test_no_proof_of_the_contact_alone_begins_a_membership(harness: IdentityHarness) -> None:
    applied = await enrol(harness.identity, ANA, key="k1", now=NOW)
    bo = Application(name="Bo", terms_version="2026-01", email="bo@example.com")
    others = await enrol(harness.identity, bo, key="k1", now=NOW)
    for token in (None, "", "junk", "é" * 5_000, others.enrolment_token, applied.enrolment_token[:-1]):
        device = DeviceInput(enrolment_token=token)
        await request_code(harness.identity, contact="ana@example.com", locale="pt", now=NOW)
        by_code = sign_in(
            harness.identity,
            contact="ana@example.com",
            code=harness.code_sender.last,
            device=device,
            now=NOW,
        )
        by_trust = sign_in_proven(
            harness.identity, [Contact("email", "ana@example.com")], device=device, now=NOW
        )
        for attempt in (by_code, by_trust):
            with pytest.raises(NotEnrolled):
                await attempt
    counted = ("members", "contacts", "journal", "sessions", "known_devices")
    assert [await count_documents(harness, name) for name in counted] == [0] * 5
    assert await count_documents(harness, "enrolments") == 2


async def test_a_change_of_contact_takes_nothing_of_an_application_for_it(harness: IdentityHarness) -> None:
    """Bo makes an address his own with which a stranger has applied: he stays who he is, and so he does where
    the stranger's token comes later.
    """
    bo = await enrol_and_sign_in(harness, "bo@example.com", name="Bo")
    forged = Application(
        name="Not Bo",
        terms_version="2026-01",
        email="new@example.com",
        consents=(PurposeAnswer("marketing", True, 3),),
    )
    applied = await enrol(harness.identity, forged, key="s1", now=NOW)
    session = bo.opened_session.session.id
    await contact_change.request_change(
        harness.identity,
        member=bo.member,
        session=session,
        contact="new@example.com",
        locale="pt",
        now=NOW,
    )
    await contact_change.change_contact(
        harness.identity,
        member=bo.member,
        session=session,
        contact="new@example.com",
        typed=TypedCode(harness.code_sender.last),
        now=NOW,
    )
    await request_code(harness.identity, contact="new@example.com", locale="pt", now=NOW)
    again = await sign_in(
        harness.identity,
        contact="new@example.com",
        code=harness.code_sender.last,
        device=with_token(applied),
        now=NOW,
    )
    assert (again.member, again.enrolled) == (bo.member, False)
    details = (await stored_member(harness, bo.member)).details
    assert (details.name, details.consents) == ("Bo", ())


async def test_of_two_applications_for_one_contact_the_one_that_is_brought_begins(
    harness: IdentityHarness,
) -> None:
    first = await enrol(harness.identity, ANA, key="k1", now=NOW)
    code = harness.code_sender.last
    second = await enrol(
        harness.identity,
        Application(name="Ana Costa", terms_version="2026-01", email="ana@example.com"),
        key="k2",
        now=NOW,
    )
    signed_in = await sign_in(
        harness.identity,
        contact="ana@example.com",
        code=code,
        challenge=first.challenge,
        device=with_token(first),
        now=NOW,
    )
    assert (await stored_member(harness, signed_in.member)).details.name == "Ana Silva"
    again = await sign_in(
        harness.identity,
        contact="ana@example.com",
        code=harness.code_sender.last,
        challenge=second.challenge,
        device=with_token(second),
        now=NOW,
    )
    assert (again.member, again.enrolled) == (signed_in.member, False)
    assert await count_documents(harness, "members") == 1
