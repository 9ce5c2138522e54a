"""Consents over the real database: by channel, and every answer that there was."""

from datetime import timedelta

import pytest

from domain.services.errors import InvalidInput
from domain.services.people.consents import PurposeAnswer, answer_history, set_consent, withdraw
from domain.store.people.consent_answers import ConsentAnswer
from tests.identity_harness import NOW, PROGRAMME, IdentityHarness, enrol_and_sign_in, stored_member

ANA = "ana@example.com"
BY_CHANNEL = PROGRAMME.replace("wordingVersion: 3}", "wordingVersion: 3, channels: [email, sms]}")


async def publish_by_channel(harness: IdentityHarness) -> None:
    await harness.identity.programmes.publish(BY_CHANNEL, now=NOW)


async def answer(
    harness: IdentityHarness, member: str, hours: int, granted: bool, channels: tuple[str, ...] | None = None
) -> None:
    await set_consent(
        harness.identity,
        member=member,
        answer=PurposeAnswer("marketing", granted, 3, channels),
        now=NOW + timedelta(hours=hours),
    )


async def newest(harness: IdentityHarness, member: str) -> ConsentAnswer:
    (stored,) = (await stored_member(harness, member)).details.consents
    return stored


async def test_each_answer_stays_readable_with_its_wording_and_where_it_was_given(
    harness: IdentityHarness,
) -> None:
    ana = await enrol_and_sign_in(harness, ANA, consents=(PurposeAnswer("marketing", True, 3),))
    await answer(harness, ana.member, 1, False)
    reworded = PROGRAMME.replace("Sim, novidades", "Sim, quero").replace("Version: 3", "Version: 4")
    await harness.identity.programmes.publish(reworded, now=NOW)
    await set_consent(
        harness.identity,
        member=ana.member,
        answer=PurposeAnswer("marketing", True, 4),
        now=NOW + timedelta(hours=2),
    )
    await withdraw(harness.identity, member=ana.member, purpose="marketing", now=NOW + timedelta(hours=3))
    stored = (await stored_member(harness, ana.member)).details.consents
    history = await answer_history(harness.identity, member=ana.member, newest=stored)
    assert [
        (each.granted, (each.at - NOW) // timedelta(hours=1), each.wording, each.wording_version, each.source)
        for each in history
    ] == [
        (False, 3, "Sim, quero", 4, "unsubscribe"),
        (True, 2, "Sim, quero", 4, "app"),
        (False, 1, "Sim, novidades", 3, "app"),
        (True, 0, "Sim, novidades", 3, "enrolment"),
    ]


async def test_the_same_answer_again_is_kept_once(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    for hours in (1, 2):
        await answer(harness, ana.member, hours, True)
    stored = (await stored_member(harness, ana.member)).details.consents
    assert len(await answer_history(harness.identity, member=ana.member, newest=stored)) == 1


async def test_members_agree_to_channels_apart(harness: IdentityHarness) -> None:
    await publish_by_channel(harness)
    ana = await enrol_and_sign_in(harness, ANA)
    await answer(harness, ana.member, 1, True)
    assert (await newest(harness, ana.member)).channels == ("email", "sms")
    await answer(harness, ana.member, 2, True, ("sms",))
    sms_alone = await newest(harness, ana.member)
    assert (sms_alone.granted, sms_alone.channels) == (True, ("sms",))
    assert [sms_alone.covers(channel) for channel in ("sms", "email", "push")] == [True, False, False]
    assert (await stored_member(harness, ana.member)).member.profile.consents == {"marketing"}


async def test_the_link_of_a_mail_takes_mails_alone_where_there_are_channels(
    harness: IdentityHarness,
) -> None:
    await publish_by_channel(harness)
    ana = await enrol_and_sign_in(harness, ANA)
    await answer(harness, ana.member, 1, True)
    for _ in range(2):  # a mailbox may post twice
        await withdraw(harness.identity, member=ana.member, purpose="marketing", now=NOW + timedelta(hours=2))
        left = await newest(harness, ana.member)
        assert (left.granted, left.channels, left.source) == (True, ("sms",), "unsubscribe")
    await answer(harness, ana.member, 3, True, ("email",))
    await withdraw(harness.identity, member=ana.member, purpose="marketing", now=NOW + timedelta(hours=4))
    none_left = await newest(harness, ana.member)
    assert (none_left.granted, none_left.channels) == (False, None)


@pytest.mark.parametrize(
    ("granted", "channels", "message"),
    [
        (True, ("push",), "marketing asks for email, sms."),
        (True, (), "Name channels, at least one, only where granted is true; granted: false refuses all."),
        (
            False,
            ("sms",),
            "Name channels, at least one, only where granted is true; granted: false refuses all.",
        ),
    ],
)
async def test_channels_that_cannot_be_are_refused(
    harness: IdentityHarness, granted: bool, channels: tuple[str, ...], message: str
) -> None:
    await publish_by_channel(harness)
    ana = await enrol_and_sign_in(harness, ANA)
    with pytest.raises(InvalidInput) as fault:
        await answer(harness, ana.member, 1, granted, channels)
    assert (fault.value.field, fault.value.message) == ("channels", message)
    assert (await stored_member(harness, ana.member)).details.consents == ()


async def test_a_purpose_without_channels_takes_none(harness: IdentityHarness) -> None:
    ana = await enrol_and_sign_in(harness, ANA)
    with pytest.raises(InvalidInput) as fault:
        await answer(harness, ana.member, 1, True, ("sms",))
    assert fault.value.message == "marketing asks for none: leave them out."
