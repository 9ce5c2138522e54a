"""A member's profile, terms and consents over the real database; a refusal changes nothing."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.services.errors import (
    InvalidInput,
    NotFound,
    TermsNotAccepted,
)
from domain.services.people import profile, terms
from domain.services.people.consents import PurposeAnswer, set_consent
from domain.services.people.profile import ProfileUpdate
from tests.command_log import CommandLog
from tests.identity_harness import (
    NOW,
    PROGRAMME,
    IdentityHarness,
    enrol_and_sign_in,
    stored_member,
)

LATER = NOW + timedelta(hours=2)
ANA = "ana@example.com"
FIVE_ZONES = ("Europe/Warsaw", "Europe/Paris", "Europe/Rome", "Europe/Oslo", "Europe/Vienna")


# ---------------------------------------------------------------- profile
async def test_fields_left_out_stay_and_null_clears(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(
        harness, ANA, birthday=date(1990, 5, 17), locale="pl", timezone="Europe/Warsaw"
    )
    before = (await stored_member(harness, ana.member)).details
    await profile.update_profile(
        harness.identity, member=ana.member, change=ProfileUpdate(name="  Ana Maria "), now=LATER
    )
    assert (await stored_member(harness, ana.member)).details == replace(before, name="Ana Maria")
    await profile.update_profile(
        harness.identity,
        member=ana.member,
        change=ProfileUpdate(locale=None, timezone=None),
        now=LATER,
    )
    after = (await stored_member(harness, ana.member)).details
    assert after == replace(before, name="Ana Maria", locale="pt", timezone="Europe/Lisbon")


async def test_a_change_moves_the_profiles_version_and_not_the_ledgers(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await profile.update_profile(
        harness.identity, member=ana.member, change=ProfileUpdate(locale="en"), now=LATER
    )
    after = await stored_member(harness, ana.member)
    assert (after.profile_version, after.member.seq) == (2, 1)


async def test_what_is_as_it_was_is_not_written(harness: IdentityHarness, command_log: CommandLog) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    with command_log.counting() as counted:
        await profile.update_profile(
            harness.identity, member=ana.member, change=ProfileUpdate(name="Ana", locale="pt"), now=LATER
        )
    assert counted.names == ["find"]


async def test_a_birthday_given_later_is_what_time_brings_next(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await profile.update_profile(
        harness.identity, member=ana.member, change=ProfileUpdate(birthday=date(1990, 5, 17)), now=LATER
    )
    assert (await stored_member(harness, ana.member)).next_due.at == datetime(2026, 5, 16, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (ProfileUpdate(name=None), "name"),
        (ProfileUpdate(name=""), "name"),
        (ProfileUpdate(name="Ana", birthday=date(2026, 3, 2)), "birthday"),
        (ProfileUpdate(name="Ana", locale="xx"), "locale"),
        (ProfileUpdate(name="Bo", timezone="Mars/Olympus"), "timezone"),
    ],
)
async def test_a_refused_change_changes_nothing(
    harness: IdentityHarness, change: ProfileUpdate, field: str
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    before = await stored_member(harness, ana.member)
    with pytest.raises(InvalidInput) as fault:
        await profile.update_profile(harness.identity, member=ana.member, change=change, now=NOW)
    assert fault.value.field == field
    assert await stored_member(harness, ana.member) == before


async def test_twenty_changes_at_once_all_count(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    changes = [ProfileUpdate(name=f"Ana {at}") for at in range(10)] + [
        ProfileUpdate(timezone=zone) for zone in (*FIVE_ZONES, *reversed(FIVE_ZONES))
    ]
    await asyncio.gather(
        *(
            profile.update_profile(harness.identity, member=ana.member, change=change, now=LATER)
            for change in changes
        )
    )
    after = await stored_member(harness, ana.member)
    assert 11 < after.profile_version <= 21  # a zone that was there already is not written
    assert after.details.name.startswith("Ana ")
    assert after.details.timezone in FIVE_ZONES


async def test_nobody_has_no_profile(harness: IdentityHarness) -> None:
    with pytest.raises(NotFound):
        await profile.update_profile(
            harness.identity, member="0" * 32, change=ProfileUpdate(name="Ana"), now=NOW
        )


# ---------------------------------------------------------------- terms
async def test_new_terms_are_accepted_and_old_ones_refused(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await harness.identity.programmes.publish(PROGRAMME.replace('"2026-01"', '"2026-06"'), now=NOW)
    with pytest.raises(TermsNotAccepted) as fault:
        await terms.accept_terms(harness.identity, member=ana.member, version="2026-01")
    assert fault.value.current_version == "2026-06"
    assert (await stored_member(harness, ana.member)).details.terms == "2026-01"
    await terms.accept_terms(harness.identity, member=ana.member, version="2026-06")
    await terms.accept_terms(harness.identity, member=ana.member, version="2026-06")
    after = await stored_member(harness, ana.member)
    assert (after.details.terms, after.profile_version) == ("2026-06", 2)


# ---------------------------------------------------------------- consents
async def test_a_consent_is_kept_with_its_wording_and_raises_its_event(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA, locale="en")
    (consent,) = await set_consent(
        harness.identity, member=ana.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
    )
    assert (consent.purpose, consent.granted, consent.at, consent.wording, consent.source) == (
        "marketing",
        True,
        LATER,
        "Yes, news",
        "app",
    )
    after = await stored_member(harness, ana.member)
    assert after.details.consents == (consent,)
    assert (after.member.seq, after.member.wallets["points"].available, after.profile_version) == (2, 120, 2)
    row = await harness.store["journal"].find_one({"_id": f"{ana.member}:2"})
    assert row is not None
    assert row["event"]["name"] == "member.consented"
    assert dict(row["event"]["data"]) == {"purpose": "marketing", "granted": True, "wordingVersion": 3}


async def test_the_same_answer_again_is_no_event(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    for _ in range(2):
        await set_consent(
            harness.identity, member=ana.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
        )
    assert (await stored_member(harness, ana.member)).member.seq == 2


async def test_taking_back_and_granting_again_is_written_each_time_and_rewarded_once(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    for granted in (True, False, True):
        await set_consent(
            harness.identity, member=ana.member, answer=PurposeAnswer("marketing", granted, 3), now=LATER
        )
    after = await stored_member(harness, ana.member)
    assert (after.member.seq, after.member.wallets["points"].available) == (4, 120)
    assert after.member.profile.consents == {"marketing"}


async def test_twenty_consents_at_once_are_one_event(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    await asyncio.gather(
        *(
            set_consent(
                harness.identity, member=ana.member, answer=PurposeAnswer("marketing", True, 3), now=LATER
            )
            for _ in range(20)
        )
    )
    after = await stored_member(harness, ana.member)
    assert (after.member.seq, after.member.wallets["points"].available) == (2, 120)


@pytest.mark.parametrize(
    ("answer", "field"),
    [(PurposeAnswer("spying", True, 1), "purpose"), (PurposeAnswer("marketing", True, 2), "wordingVersion")],
)
async def test_a_consent_to_what_was_not_shown_is_refused(
    harness: IdentityHarness, answer: PurposeAnswer, field: str
) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    before = await stored_member(harness, ana.member)
    with pytest.raises(InvalidInput) as fault:
        await set_consent(harness.identity, member=ana.member, answer=answer, now=LATER)
    assert fault.value.field == field
    assert await stored_member(harness, ana.member) == before
