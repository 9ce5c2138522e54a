"""Enrolment with a proven contact, over the real database: at once, once, and the same again for its key."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.model.people.contacts import Contact
from domain.services.code_claims import EnteredCode
from domain.services.errors import (
    IdempotencyKeyConflict,
    InvalidInput,
    NotEnrolled,
    SignInRefused,
    TermsNotAccepted,
)
from domain.services.people import sessions
from domain.services.people.enrolment import Application
from domain.services.people.proofs.proven_enrolment import enrol_proven, enrol_with_proof
from domain.services.people.sign_in import DeviceInput, MemberSignedIn, request_code, sign_in, sign_in_proven
from tests.identity_harness import (
    NOW,
    PROGRAMME,
    IdentityHarness,
    count_documents,
    enrol_and_sign_in,
    stored_member,
)

EMAIL = "ana@example.com"
ANA = Contact("email", EMAIL)
PHONE = Contact("phone", "+351912345678")
APPLICATION = Application(name="Ana", terms_version="2026-01", email=EMAIL)


async def proof_of(harness: IdentityHarness, contact: str = EMAIL) -> str:
    """Sign in with a code without a membership; return the proof that is given for it."""
    sent = await request_code(harness.identity, contact=contact, locale="pt", now=NOW)
    with pytest.raises(NotEnrolled) as refusal:
        await sign_in(
            harness.identity,
            contact=contact,
            code=harness.code_sender.last,
            challenge=sent.challenge,
            now=NOW,
        )
    assert refusal.value.proof_expires_at == NOW + timedelta(minutes=10)
    return refusal.value.contact_proof


async def join(
    harness: IdentityHarness,
    proof: str,
    *,
    key: str = "k",
    application: Application = APPLICATION,
    device: DeviceInput | None = None,
    after: timedelta = timedelta(0),
) -> MemberSignedIn:
    return await enrol_with_proof(
        harness.identity,
        application,
        contact_proof=proof,
        device=device or DeviceInput("phone-1"),
        key=key,
        now=NOW + after,
    )


async def counts(harness: IdentityHarness) -> tuple[int, int, int]:
    """How many members, sessions and bound keys there are."""
    members, opened, keys = [
        await count_documents(harness, name) for name in ("members", "sessions", "requests")
    ]
    return members, opened, keys


async def refused(harness: IdentityHarness, proof: str, **with_: object) -> str:
    before = await counts(harness)
    with pytest.raises(SignInRefused) as refusal:
        await join(harness, proof, **with_)  # type: ignore[arg-type]
    assert await counts(harness) == before
    return refusal.value.reason


async def test_a_proof_begins_the_membership_without_another_code(harness: IdentityHarness) -> None:
    proof = await proof_of(harness)
    signed_in = await join(harness, proof, after=timedelta(minutes=9, seconds=59))
    assert len(harness.code_sender.codes) == 1
    member = await stored_member(harness, signed_in.member)
    assert (member.details.email, member.member.wallets["points"].available) == (EMAIL, 100)
    assert (signed_in.enrolled, signed_in.opened_session.session.installation) == (True, "phone-1")


async def test_a_retry_gets_the_very_session(harness: IdentityHarness) -> None:
    proof = await proof_of(harness)
    first = await join(harness, proof)
    before = await counts(harness)
    again = await join(harness, proof, after=timedelta(hours=3))
    assert (again.member, again.enrolled, again.device_token) == (first.member, True, first.device_token)
    assert again.opened_session.refresh_token == first.opened_session.refresh_token
    assert await counts(harness) == before == (1, 1, 1)
    refreshed = await sessions.refresh(harness.identity, again.opened_session.refresh_token, now=NOW)
    await sessions.refresh(harness.identity, refreshed.refresh_token, now=NOW)
    # The client has gone on: what a late copy of the request gets ends nothing.
    assert await refused(harness, proof) == "SESSION_ENDED"
    assert (await stored_member(harness, first.member)).details.name == "Ana"


async def test_twenty_retries_at_once_begin_one_membership_with_one_session(
    harness: IdentityHarness,
) -> None:
    proof = await proof_of(harness)
    answers = await asyncio.gather(*(join(harness, proof) for _ in range(20)))
    assert len({(each.member, each.opened_session.refresh_token, each.device_token) for each in answers}) == 1
    assert await counts(harness) == (1, 1, 1)


async def test_of_twenty_keys_with_one_proof_one_joins(harness: IdentityHarness) -> None:
    proof = await proof_of(harness)
    answers = await asyncio.gather(
        *(join(harness, proof, key=f"key {number}") for number in range(20)), return_exceptions=True
    )
    refusals = [each for each in answers if isinstance(each, SignInRefused)]
    assert (len(refusals), {each.reason for each in refusals}) == (19, {"EXPIRED_CODE"})
    assert await counts(harness) == (1, 1, 1)


async def test_what_proves_nothing_begins_nothing(harness: IdentityHarness) -> None:
    proof = await proof_of(harness)
    assert await refused(harness, "made up") == "EXPIRED_CODE"
    assert await refused(harness, proof, after=timedelta(minutes=10)) == "EXPIRED_CODE"
    other = Application(name="Eve", terms_version="2026-01", email="eve@example.com")
    assert await refused(harness, proof, application=other) == "EXPIRED_CODE"
    with pytest.raises(TermsNotAccepted):
        await join(harness, proof, application=Application("Ana", "2025-01", email=EMAIL))
    with pytest.raises(InvalidInput):
        await join(harness, proof, device=DeviceInput("x" * 1000))
    assert (await join(harness, proof)).enrolled  # none of them has used it up
    with pytest.raises(IdempotencyKeyConflict):
        await join(harness, "another proof")
    assert await refused(harness, proof, key="another") == "EXPIRED_CODE"


async def test_a_proof_is_no_code(harness: IdentityHarness) -> None:
    proof = await proof_of(harness)
    for challenge in (None, proof):
        with pytest.raises(SignInRefused) as refusal:
            await sign_in(harness.identity, contact=EMAIL, code="000000", challenge=challenge, now=NOW)
        assert refusal.value.reason == "EXPIRED_CODE"


async def test_who_became_a_member_meanwhile_is_signed_in(harness: IdentityHarness) -> None:
    proof = await proof_of(harness)
    member = (await enrol_and_sign_in(harness)).member
    signed_in = await join(harness, proof, application=Application("Other", "2026-01", email=EMAIL))
    assert (signed_in.member, signed_in.enrolled) == (member, False)
    assert (await stored_member(harness, member)).details.name == "Ana"
    again = await join(harness, proof, application=Application("Other", "2026-01", email=EMAIL))
    assert again == signed_in


async def test_a_trusted_party_s_contacts_join_without_a_code(harness: IdentityHarness) -> None:
    application = Application(name="Ana", terms_version="2026-01")

    async def joined(application: Application, key: str = "k") -> MemberSignedIn:
        return await enrol_proven(
            harness.identity, application, [PHONE, ANA], device=DeviceInput(), key=key, now=NOW
        )

    first, again = await joined(application), await joined(application)
    assert again.opened_session.refresh_token == first.opened_session.refresh_token
    member = await stored_member(harness, first.member)
    assert (member.details.phone, member.details.email) == (PHONE.value, None)
    assert harness.code_sender.codes == []
    with pytest.raises(InvalidInput) as fault:
        await joined(Application("Ana", "2026-01", email="eve@example.com"), key="k2")
    assert fault.value.field == "email"
    named = await joined(Application("Ana", "2026-01", email=EMAIL), key="k3")
    assert (named.member, named.enrolled) == (first.member, False)


async def test_the_newest_proofs_of_a_trusted_party_are_kept(harness: IdentityHarness) -> None:
    proofs = []
    for _ in range(7):
        with pytest.raises(NotEnrolled) as refusal:
            await sign_in_proven(harness.identity, [ANA], now=NOW)
        proofs.append(refusal.value.contact_proof)
    assert await refused(harness, proofs[1]) == "EXPIRED_CODE"
    assert (await join(harness, proofs[2])).enrolled


async def test_a_retry_is_told_what_came_of_its_code(harness: IdentityHarness) -> None:
    codes = "codes: [{code: ANA10, title: From Ana}]\n"
    rule = (
        "rules:\n  - {code: code, title: Code, on: code.entered, do: [{award: {wallet: points, fixed: 9}}]}\n"
    )
    await harness.identity.programmes.publish(PROGRAMME.replace("rules:\n", rule) + codes, now=NOW)
    proof = await proof_of(harness)
    application = replace(APPLICATION, code="ana10")
    first = await join(harness, proof, application=application)
    again = await join(harness, proof, application=application)
    assert isinstance(first.code, EnteredCode)
    assert isinstance(again.code, EnteredCode)
    assert (again.code.row.seq, again.code.row.entries) == (first.code.row.seq, first.code.row.entries)
    assert (await stored_member(harness, first.member)).member.wallets["points"].available == 109
