"""The programme at the console, over HTTP: versions and their difference, the check and the try of a draft, and
publishing with four eyes.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

import pytest

from domain.services.people import staff
from domain.services.publishing.proposals import publish_due
from tests.running_app import NUMISCOLLECT, Json, RunningApp

VERSIONS = (
    "{ programmeVersions { current isForShell versions { version note publishedBy approvedBy isCurrent } } }"
)
CHECK = """query($t: String!) { programmeCheck(text: $t) { isSound
  faults { line column path message remedy } warnings { path } missingTexts { locale } inactive } }"""
DIFFERENCE = """query($base: Int!, $t: String, $v: Int) {
  programmeDifference(base: $base, text: $t, version: $v) { changeKind path before after line } }"""
TRIAL = """query($t: String!, $s: String!) { programmeTrial(text: $t, story: $s) {
  answers warnings fault isCut } }"""
PROPOSALS = """{ programmeProposals { proposal proposalState note base isOvertaken publishAt proposedBy approvedBy
  isOwn } }"""
PROPOSE = """__typename ... on ProgrammeProposed { proposal { proposal isOwn } } ... on NotAllowed { reason message }
  ... on ProgrammeOvertaken { currentVersion message } ... on ProgrammeFaulty { faults { line path } message }"""
APPROVE = "__typename ... on ProgrammeApproved { version publishAt } ... on NotAllowed { reason message }"
APPROVE += " ... on ProgrammeOvertaken { currentVersion }"
DECLINE = "__typename ... on NotAllowed { reason }"
TRAIL = "{ auditTrail(first: 20) { actor actionKind subject reason } }"
TEXT = NUMISCOLLECT.read_text(encoding="utf-8")
RATE = "amount: 1, per: 100,"
DEARER = TEXT.replace(RATE, "amount: 1, per: 200,", 1)


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def operators(app: RunningApp) -> tuple[str, str]:
    """Return the tokens of two operators whose accounts are older than a day."""
    olga, rita = [await app.hire(name, "OPERATOR", store=None) for name in ("olga", "rita")]
    app.clock.advance(hours=25)
    return olga, rita


async def propose(
    app: RunningApp, token: str, text: str = DEARER, *, key: str = "p", **other: object
) -> Json:
    input = {"text": text, "note": "Less from Monday", "baseVersion": 1, "idempotencyKey": key, **other}
    return await app.mutate("proposeProgramme", input, PROPOSE, token=token, language="en")


async def approve(app: RunningApp, token: str, proposal: str) -> Json:
    return await app.mutate("approveProgramme", {"proposal": proposal}, APPROVE, token=token, language="en")


async def current_version(app: RunningApp, token: str) -> int:
    current: int = (await app.do(VERSIONS, token=token))["programmeVersions"]["current"]
    return current


async def test_a_draft_is_checked_with_every_fault_at_its_place_and_nothing_is_stored(
    app: RunningApp,
) -> None:
    olga, _ = await operators(app)
    sound = (await app.do(CHECK, {"t": TEXT}, token=olga))["programmeCheck"]
    assert (sound["isSound"], sound["faults"]) == (True, [])
    lines = TEXT.split("\n")
    place = next(number for number, line in enumerate(lines) if RATE in line)
    lines[place] = lines[place].replace(RATE, "amount: 1, per: -1,")
    checked = (await app.do(CHECK, {"t": "\n".join(lines)}, token=olga))["programmeCheck"]
    assert checked["isSound"] is False
    [fault] = checked["faults"]
    assert (fault["line"], fault["column"]) == (place + 1, lines[place].index("per") + 1)
    assert fault["path"].endswith(".per")
    assert fault["message"]
    assert fault["remedy"]
    broken = (await app.do(CHECK, {"t": "programme: [1"}, token=olga))["programmeCheck"]
    assert [each["line"] for each in broken["faults"]] == [1]
    assert (await app.error(CHECK, {"t": "#" * 200_001}, token=olga))["field"] == "text"
    assert await app.process.store["programmes"].count_documents({}) == 1


@pytest.mark.parametrize(
    ("accepted", "message", "remedy"),
    [
        (None, "-1 is too small", "write 1 or more"),
        ("pt-PT", "-1 é pequeno demais", "escreva 1 ou mais"),
        ("de, pl;q=0.8, pt;q=0.2", "-1 to za mało", "napisz 1 lub więcej"),
    ],
)
async def test_faults_are_said_in_the_language_of_the_reader(
    app: RunningApp, accepted: str | None, message: str, remedy: str
) -> None:
    olga, _ = await operators(app)
    dear = TEXT.replace(RATE, "amount: 1, per: -1,", 1)
    checked = (await app.do(CHECK, {"t": dear}, token=olga, language=accepted))["programmeCheck"]
    assert [(each["message"], each["remedy"]) for each in checked["faults"]] == [(message, remedy)]
    input = {"text": dear, "note": "Less", "baseVersion": 1, "idempotencyKey": "p"}
    answer = "... on ProgrammeFaulty { message faults { message remedy } }"
    refused = await app.mutate("proposeProgramme", input, answer, token=olga, language=accepted)
    assert refused["faults"] == [{"message": message, "remedy": remedy}]
    tried = await app.mutate("startBacktest", {"text": dear}, answer, token=olga, language=accepted)
    assert tried == refused


async def test_a_warning_is_said_in_a_language_that_the_programme_does_not_speak(app: RunningApp) -> None:
    olga, rita = await operators(app)
    text = TEXT.replace("locales: [pt, en, pl]", "locales: [pt, en]", 1)
    proposed = await propose(app, olga, text)
    assert (await approve(app, rita, proposed["proposal"]["proposal"]))["version"] == 2
    query = "query($t: String!) { programmeCheck(text: $t) { warnings { message remedy } } }"
    checked = await app.do(query, {"t": text}, token=olga, language="pl")
    said = {"message": '"pl" to nie jest język tego programu, więc nikt tego nie przeczyta'}
    said["remedy"] = "napisz jedno z: pt, en; tekst z przecinkiem weź w cudzysłów"
    assert said in checked["programmeCheck"]["warnings"]


async def test_versions_are_told_apart_by_what_they_mean(app: RunningApp) -> None:
    olga, _ = await operators(app)
    same = "# a comment\n" + TEXT
    assert (await app.do(DIFFERENCE, {"base": 1, "t": same}, token=olga))["programmeDifference"] == []
    [change] = (await app.do(DIFFERENCE, {"base": 1, "t": DEARER}, token=olga))["programmeDifference"]
    assert (change["changeKind"], change["before"], change["after"]) == ("CHANGED", "100", "200")
    assert "amount: 1, per: 200," in DEARER.split("\n")[change["line"] - 1]
    assert (await app.error(DIFFERENCE, {"base": 7, "t": TEXT}, token=olga))["code"] == "NOT_FOUND"
    assert (await app.error(DIFFERENCE, {"base": 1}, token=olga))["code"] == "BAD_INPUT"


async def test_a_draft_is_tried_on_a_story_as_simulate_does_and_within_bounds(app: RunningApp) -> None:
    olga, _ = await operators(app)
    story = [
        {"at": "2026-03-02T10:00:00Z", "member": "ana", "name": "member.enrolled"},
        {
            "at": "2026-03-02T11:00:00Z",
            "member": "ana",
            "name": "purchase.completed",
            "data": {"externalId": "R1", "store": "lisboa", "total": 5000},
        },
    ]
    lines = "\n".join(map(json.dumps, story))
    tried = (await app.do(TRIAL, {"t": TEXT, "s": lines}, token=olga))["programmeTrial"]
    answers = [json.loads(each) for each in tried["answers"]]
    assert (tried["fault"], tried["isCut"]) == (None, False)
    assert [each["event"] for each in answers if each.get("by") == "input"][:2] == [
        "member.enrolled",
        "purchase.completed",
    ]
    assert answers[-1]["member"] == "ana"
    halted = (await app.do(TRIAL, {"t": TEXT, "s": lines + "\n{}"}, token=olga))["programmeTrial"]
    assert halted["fault"].startswith("line 3:")
    assert len(halted["answers"]) == len(answers) - 1
    assert (await app.error(TRIAL, {"t": TEXT, "s": "\n" * 501}, token=olga))["field"] == "story"
    assert (await app.error(TRIAL, {"t": "wallets: []", "s": ""}, token=olga))["field"] == "text"
    assert await app.count("journal") == 0


async def test_one_operator_proposes_another_publishes_and_both_stand_in_the_trail(app: RunningApp) -> None:
    olga, rita = await operators(app)
    proposed = await propose(app, olga)
    assert proposed == await propose(app, olga), "the key acts once"
    proposal = proposed["proposal"]["proposal"]
    [shown] = (await app.do(PROPOSALS, token=rita))["programmeProposals"]
    assert (shown["proposalState"], shown["isOwn"], shown["isOvertaken"]) == ("WAITING", False, False)
    own = await approve(app, olga, proposal)
    assert (own["__typename"], own["reason"]) == ("NotAllowed", "FOUR_EYES")
    assert await current_version(app, olga) == 1
    done = await approve(app, rita, proposal)
    assert done == {"__typename": "ProgrammeApproved", "version": 2, "publishAt": None}
    assert await approve(app, rita, proposal) == done, "a retry is the same approval"
    listed = (await app.do(VERSIONS, token=olga))["programmeVersions"]
    assert (listed["current"], listed["isForShell"]) == (2, False)
    assert listed["versions"][0] == {
        "version": 2,
        "note": "Less from Monday",
        "publishedBy": "Olga",
        "approvedBy": "Rita",
        "isCurrent": True,
    }
    assert (await app.do("{ programmeText(version: 2) }", token=olga))["programmeText"] == DEARER
    assert (await app.do(PROPOSALS, token=rita))["programmeProposals"] == []
    acts = [(row["actor"], row["actionKind"]) for row in (await app.do(TRAIL, token=olga))["auditTrail"]]
    assert acts.count(("olga", "PROGRAMME_PROPOSED")) == 1
    assert {("rita", "PROGRAMME_APPROVED"), ("olga", "PROGRAMME_PUBLISHED")} <= set(acts)


async def test_what_was_made_from_another_version_or_is_faulty_or_says_nothing_new_is_refused(
    app: RunningApp,
) -> None:
    olga, rita = await operators(app)
    first, second = (
        await propose(app, olga),
        await propose(app, rita, TEXT.replace(RATE, "amount: 1, per: 300,", 1), key="q"),
    )
    assert (await approve(app, rita, first["proposal"]["proposal"]))["version"] == 2
    overtaken = await approve(app, olga, second["proposal"]["proposal"])
    assert overtaken == {"__typename": "ProgrammeOvertaken", "currentVersion": 2}
    assert (await app.do(PROPOSALS, token=olga))["programmeProposals"][0]["isOvertaken"] is True
    assert (await propose(app, olga, TEXT, key="old"))["currentVersion"] == 2
    assert (await propose(app, olga, DEARER, key="same", baseVersion=2))["__typename"] == "ProgrammeUnchanged"
    faulty = await propose(app, olga, TEXT.replace(RATE, "amount: 1, per: -1,", 1), key="bad", baseVersion=2)
    assert (faulty["__typename"], len(faulty["faults"])) == ("ProgrammeFaulty", 1)
    back = await propose(app, olga, TEXT, key="back", baseVersion=2)
    assert (await approve(app, rita, back["proposal"]["proposal"]))["version"] == 3, "going back is a version"
    assert (await propose(app, olga, TEXT, key="p"))["__typename"] == "IdempotencyConflict"
    assert await app.process.store["programmes"].count_documents({}) == 3


async def test_a_scheduled_version_is_published_at_its_instant_unless_another_was_first(
    app: RunningApp,
) -> None:
    olga, rita = await operators(app)
    at = app.clock() + timedelta(days=3)
    monday = await propose(app, olga, publishAt=instant(at))
    done = await approve(app, rita, monday["proposal"]["proposal"])
    assert (done["version"], done["publishAt"]) == (None, instant(at))
    runtime = app.process.runtime
    assert await publish_due(runtime, now=at - timedelta(seconds=1)) == 0
    assert sum(await asyncio.gather(*(publish_due(runtime, now=at) for _ in range(2)))) == 1
    assert await publish_due(runtime, now=at) == 0
    assert await current_version(app, olga) == 2
    later = await propose(app, olga, TEXT, key="l", baseVersion=2, publishAt=instant(at + timedelta(days=1)))
    await approve(app, rita, later["proposal"]["proposal"])
    await runtime.programmes.publish(TEXT.replace(RATE, "amount: 1, per: 400,", 1), now=at)
    assert await publish_due(runtime, now=at + timedelta(days=1)) == 0
    [shown] = (await app.do(PROPOSALS, token=olga))["programmeProposals"]
    assert (shown["proposalState"], shown["isOvertaken"]) == ("DROPPED", True)
    assert await current_version(app, olga) == 3
    past = instant(app.clock() - timedelta(minutes=1))
    query = "mutation($i: ProposeProgrammeInput!) { proposeProgramme(input: $i) { __typename } }"
    input = {"text": TEXT, "note": "n", "baseVersion": 3, "publishAt": past, "idempotencyKey": "past"}
    assert (await app.error(query, {"i": input}, token=olga))["field"] == "publishAt"


async def test_a_million_takes_two_people_whatever_accounts_one_of_them_has(app: RunningApp) -> None:
    olga = await app.hire("olga", "OPERATOR", store=None, email="olga@example.com")
    app.clock.advance(hours=25)
    million = TEXT.replace(RATE, "amount: 1000000, per: 1,", 1)
    assert (await propose(app, olga, million))["reason"] == "FOUR_EYES", "one operator publishes by the shell"
    assert (await app.do(VERSIONS, token=olga))["programmeVersions"]["isForShell"] is True
    twin = await app.hire("twin", "OPERATOR", store=None, email="Olga@example.com")
    app.clock.advance(hours=25)
    fresh = await app.hire("fresh", "OPERATOR", store=None)
    proposal = (await propose(app, olga, million))["proposal"]["proposal"]
    for token in (olga, twin, fresh):
        assert (await approve(app, token, proposal))["reason"] == "FOUR_EYES"
    await staff.disable(app.process.runtime, "fresh", now=app.clock())
    assert await current_version(app, olga) == 1
    rui = await app.hire("rui", "SERVICE")
    query = "mutation($i: ApproveProgrammeInput!) { approveProgramme(input: $i) { __typename } }"
    assert (await app.error(query, {"i": {"proposal": proposal}}, token=rui))["code"] == "FORBIDDEN"
    reason = {"proposal": proposal, "reason": "Far too much"}
    declined = await app.mutate("declineProgramme", reason, DECLINE, token=twin)
    assert declined == {"__typename": "ProgrammeDeclined"}
    assert (await app.error(query, {"i": {"proposal": proposal}}, token=twin))["code"] == "NOT_FOUND"
    assert await app.process.store["programmes"].count_documents({}) == 1


@pytest.mark.parametrize("query", [VERSIONS, "{ programmeText(version: 1) }", PROPOSALS])
async def test_nobody_else_reads_versions_and_proposals(app: RunningApp, query: str) -> None:
    at_till = await app.hire("ola", "OPERATOR", store="lisboa")
    for token in (at_till, await app.hire("sara", "SERVICE"), await app.hire("ann", "ANALYST")):
        assert (await app.error(query, token=token))["code"] == "FORBIDDEN"
    assert (await app.error(query))["code"] == "UNAUTHENTICATED"
