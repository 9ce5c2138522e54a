"""What service does for members at the console, over HTTP: notes, tags, rewards for nothing, codes sent again, somebody
enrolled in one conversation, corrections of a file, and what became of messages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.erasure.erasing import ErasureActor, erase
from domain.services.ledger.verification import verify
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.people import service_notes
from tests.command_log import CommandLog
from tests.graphql.console.test_four_eyes import points
from tests.graphql.console.test_operations import approve, operators
from tests.running_app import Json, RunningApp, open_running_app

GIVEN = """__typename ... on RewardGiven { customer { vouchers { edges { node { title voucherState } } } } }
  ... on StaffProposed { proposal { proposal subject subjectTitle } } ... on NotAllowed { reason }"""
PROPOSED = "__typename ... on StaffProposed { proposal { proposal subject } } ... on NotAllowed { reason }"
RECORD = """query($m: String!) { memberRecord(member: $m) { notes { id text author } profile { tags }
  devices { platform canPush } messageFates { fateKind code state channels { channel state } }
  acts { actionKind reason subject } } }"""


@pytest.fixture
async def club(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    """An application where one person corrects and gives 1,000 a day alone."""
    async with open_running_app(database, command_log, tmp_path, shift_corrected=1_000) as running:
        yield running


async def number_of(app: RunningApp, email: str = "ana@example.com") -> str:
    token = await app.enrol_member(email)
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def test_notes_and_tags_stand_with_the_member_and_in_the_trail(club: RunningApp) -> None:
    number, sara = await number_of(club), await club.hire("sara", "SERVICE")
    note = {"member": number, "text": "Prefers to be rung\nafter six"}
    answer = "... on ServiceNotes { notes { id text author } }"
    [written] = (await club.mutate("addServiceNote", note, answer, token=sara))["notes"]
    assert (written["text"], written["author"]) == ("Prefers to be rung\nafter six", "Sara")
    tags = {"member": number, "reason": "came to the fair", "idempotencyKey": "t"}
    both = {**tags, "add": ["fair", "vip"], "remove": []}
    assert await club.mutate("changeTags", both, "... on TagsChanged { tags }", token=sara) == {
        "tags": ["fair", "vip"]
    }
    gone = {**tags, "idempotencyKey": "u", "add": [], "remove": ["vip", "never"]}
    assert (await club.mutate("changeTags", gone, "... on TagsChanged { tags }", token=sara))["tags"] == [
        "fair"
    ]
    query = "mutation($i: ChangeTagsInput!) { changeTags(input: $i) { __typename } }"
    bad = await club.error(query, {"i": {**both, "add": ["Not A Tag"], "idempotencyKey": "v"}}, token=sara)
    assert (bad["code"], bad["field"]) == ("BAD_INPUT", "add")
    record: Json = (await club.do(RECORD, {"m": number}, token=sara))["memberRecord"]
    assert (len(record["notes"]), record["profile"]["tags"]) == (1, ["fair"])
    acts = [(act["actionKind"], act["subject"], act["reason"]) for act in record["acts"]]
    assert ("TAGS_CHANGED", "+fair +vip", "came to the fair") in acts
    assert [str(each) async for each in verify(club.process.store)] == []
    remove = {"note": written["id"], "reason": "no longer so"}
    assert (await club.mutate("removeServiceNote", remove, answer, token=sara))["notes"] == []
    sara_own = await club.hire("tina", "SERVICE", email="ana@example.com")
    refusal = "__typename ... on NotAllowed { reason }"
    for name, input in (("addServiceNote", note), ("changeTags", {**both, "idempotencyKey": "w"})):
        assert (await club.mutate(name, input, refusal, token=sara_own))["reason"] == "OWN_MEMBERSHIP"


async def test_what_the_programme_gave_is_told_apart_from_corrections(club: RunningApp) -> None:
    number, sara = await number_of(club), await club.hire("sara", "SERVICE")
    cashier = await club.hire("carla")
    buy = {"member": number, "externalId": "r1", "currency": "EUR", "total": 12_000, "idempotencyKey": "r1"}
    query = """query($m: String!) { memberRecord(member: $m) { customer { wallets { code available pending held
      debt earned corrected spent expired } } } }"""

    async def wallet() -> Json:
        record = (await club.do(query, {"m": number}, token=sara))["memberRecord"]
        return next(each for each in record["customer"]["wallets"] if each["code"] == "points")

    assert (await club.mutate("recordPurchase", buy, "__typename", token=cashier))[
        "__typename"
    ] == "PurchaseRecorded"
    bought = await wallet()
    earned = bought["earned"]
    assert (earned > 0, bought["corrected"]) == (True, 0)
    for key, amount, corrected in (("a", 200, 200), ("b", -50, 150), ("c", -150, 0), ("d", 90, 90)):
        correction = {"member": number, "wallet": "points", "amount": amount, "reason": "a lost receipt"}
        await club.mutate("adjustBalance", {**correction, "idempotencyKey": key}, "__typename", token=sara)
        after = await wallet()
        assert (after["earned"], after["corrected"], after["spent"]) == (earned, corrected, 0)
        held = after["available"] + after["pending"] + after["held"] - after["debt"]
        assert earned + corrected == held, "the lines sum to what stands above them"


async def test_a_reward_is_given_alone_up_to_the_day_and_with_a_second_person_beyond(
    club: RunningApp,
) -> None:
    number, sara = await number_of(club), await club.hire("sara", "SERVICE")
    olga, _ = await operators(club)
    rewards = (await club.do("{ programme { rewards { code title cost { amount } } } }"))["programme"][
        "rewards"
    ]
    cheap = min(rewards, key=lambda each: each["cost"]["amount"])
    dear = max(rewards, key=lambda each: each["cost"]["amount"])
    assert cheap["cost"]["amount"] <= 1_000 < dear["cost"]["amount"]
    gift = {"member": number, "reason": "waited an hour"}
    alone = {**gift, "reward": cheap["code"], "idempotencyKey": "a"}
    given = await club.mutate("giveReward", alone, GIVEN, token=sara)
    assert [edge["node"]["voucherState"] for edge in given["customer"]["vouchers"]["edges"]] == ["ISSUED"]
    assert await club.mutate("giveReward", alone, GIVEN, token=sara) == given, "the key acts once"
    # A reward worth a million, and the same in parts: neither passes alone.
    beyond = {**gift, "reward": dear["code"], "idempotencyKey": "b"}
    assert (await club.mutate("giveReward", beyond, GIVEN, token=sara))["reason"] == "FOUR_EYES"
    left = 1_000 // cheap["cost"]["amount"]
    parts = [
        await club.mutate("giveReward", {**alone, "idempotencyKey": f"p{n}"}, GIVEN, token=sara)
        for n in range(left)
    ]
    assert parts[-1] == {"__typename": "NotAllowed", "reason": "FOUR_EYES"}
    proposed = await club.mutate("giveReward", {**beyond, "withApproval": True}, GIVEN, token=sara)
    proposal = proposed["proposal"]["proposal"]
    assert proposed["proposal"]["subjectTitle"] == dear["title"]
    trail = "{ auditTrail(kinds: [REWARD_GIVEN, PROPOSED]) { actionKind subjectTitle } }"
    assert {tuple(each.values()) for each in (await club.do(trail, token=olga))["auditTrail"]} == {
        ("REWARD_GIVEN", cheap["title"]),
        ("PROPOSED", dear["title"]),
    }
    assert (await approve(club, sara, proposal))["reason"] == "ROLE"
    assert (await approve(club, olga, proposal))["__typename"] == "ProposalApproved"
    vouchers = await club.count("vouchers")
    query = "mutation($i: ApproveProposalInput!) { approveProposal(input: $i) { __typename } }"
    assert (await club.error(query, {"i": {"proposal": proposal}}, token=olga))["code"] == "NOT_FOUND"
    assert await club.count("vouchers") == vouchers == left + 1
    assert [str(each) async for each in verify(club.process.store)] == []


async def test_a_file_of_corrections_is_tried_asked_for_and_made_by_two(club: RunningApp) -> None:
    numbers = [await number_of(club, f"m{n}@example.com") for n in range(3)]
    sara = await club.hire("sara", "SERVICE")
    olga, _ = await operators(club)
    rows = [{"number": number, "wallet": "points", "amount": 2_000} for number in numbers]
    answer = "... on CorrectionsTried { rows { available fault } added taken faults }"
    faulty = [*rows, {**rows[0]}, {"number": "0000000000", "wallet": "points", "amount": -5}]
    tried = await club.mutate("tryCorrections", {"rows": faulty}, answer, token=sara)
    assert [row["fault"] for row in tried["rows"]] == [None, None, None, "TWICE", "UNKNOWN_MEMBER"]
    assert (tried["added"], tried["taken"], tried["faults"]) == (6_000, 0, 2)
    file = {"rows": rows, "reason": "the till was down", "idempotencyKey": "f"}
    query = "mutation($i: ProposeCorrectionsInput!) { proposeCorrections(input: $i) { __typename } }"
    refused = await club.error(query, {"i": {**file, "rows": faulty}}, token=sara)
    assert refused["field"].endswith("rows[3]")
    proposed = (await club.mutate("proposeCorrections", file, PROPOSED, token=sara))["proposal"]
    assert proposed["subject"] == "3"
    done = await approve(club, olga, proposed["proposal"])
    assert (done["__typename"], done["left"]) == ("ProposalApproved", 0)
    for place in range(3):
        token = await club.sign_in_again(f"m{place}@example.com")
        me = await club.do("{ me { balance { available } } }", token=token)
        assert me["me"]["balance"]["available"] == 2_000
    trail = await club.do("{ auditTrail(first: 30) { actor actionKind reason } }", token=olga)
    corrected = [row for row in trail["auditTrail"] if row["actionKind"] == "ADJUSTMENT"]
    assert [(row["actor"], row["reason"]) for row in corrected] == [("sara", "the till was down")] * 3


async def test_a_file_that_is_tried_looks_up_every_member_in_it(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, shift_look_ups=3) as club:
        numbers = [await number_of(club, f"m{n}@example.com") for n in range(2)]
        sara = await club.hire("sara", "SERVICE")
        rows = [{"number": number, "wallet": "points", "amount": 5} for number in [*numbers, "0000000000"]]
        answer = "__typename ... on CorrectionsTried { faults } ... on NotAllowed { reason }"
        refusal = {"__typename": "NotAllowed", "reason": "SHIFT_LIMIT"}
        four = {"rows": [*rows, {**rows[0], "number": "1111111111"}]}
        assert await club.mutate("tryCorrections", four, answer, token=sara) == refusal
        assert await club.count("look_ups") == 0
        tried = await club.mutate("tryCorrections", {"rows": rows}, answer, token=sara)
        assert tried == {"__typename": "CorrectionsTried", "faults": 1}
        assert await club.count("look_ups") == 3
        assert await club.mutate("tryCorrections", {"rows": rows[:1]}, answer, token=sara) == refusal


async def test_more_than_a_part_of_a_file_takes_the_same_approver_again(
    club: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.services.operations.bulk_corrections.ROWS_AT_ONCE", 2)
    numbers = [await number_of(club, f"m{n}@example.com") for n in range(3)]
    sara = await club.hire("sara", "SERVICE")
    olga, rita = await operators(club)
    rows = [{"number": number, "wallet": "points", "amount": 10} for number in numbers]
    file = {"rows": rows, "reason": "the till was down", "idempotencyKey": "f"}
    proposal = (await club.mutate("proposeCorrections", file, PROPOSED, token=sara))["proposal"]["proposal"]
    assert (await approve(club, olga, proposal))["left"] == 1
    query = "mutation($i: ApproveProposalInput!) { approveProposal(input: $i) { __typename } }"
    assert (await club.error(query, {"i": {"proposal": proposal}}, token=rita))["code"] == "NOT_FOUND"
    assert (await approve(club, olga, proposal))["left"] == 0
    assert await club.count("staff_proposals") == 0


async def test_what_cannot_be_made_any_more_is_left_out_and_counted(club: RunningApp) -> None:
    numbers = [await number_of(club, f"m{n}@example.com") for n in range(3)]
    sara = await club.hire("sara", "SERVICE")
    olga, _ = await operators(club)
    rows = [{"number": number, "wallet": "points", "amount": 10} for number in numbers]
    file = {"rows": rows, "reason": "the till was down", "idempotencyKey": "f"}
    proposal = (await club.mutate("proposeCorrections", file, PROPOSED, token=sara))["proposal"]["proposal"]
    proposals, store = club.process.store["staff_proposals"], club.process.store
    stored = await proposals.find_one({"_id": proposal})
    assert stored is not None
    # The wallet of the first is gone since, and the second is whoever asked.
    await proposals.update_one({"_id": proposal}, {"$set": {"terms.rows.0.wallet": "gone"}})
    own = {"$set": {"employees": [stored["staff"]]}}
    await store["members"].update_one({"_id": stored["terms"]["rows"][1]["member"]}, own)
    answer = "... on ProposalApproved { left refused }"
    done = await club.mutate("approveProposal", {"proposal": proposal}, answer, token=olga)
    assert (done["left"], done["refused"]) == (0, 2)
    balances = []
    for place in range(3):
        token = await club.sign_in_again(f"m{place}@example.com")
        me = await club.do("{ me { balance { available } } }", token=token)
        balances.append(me["me"]["balance"]["available"])
    assert balances == [0, 0, 10]


async def test_somebody_is_enrolled_in_one_conversation_and_nobody_is_signed_in(club: RunningApp) -> None:
    sara = await club.hire("sara", "SERVICE")
    person = {
        "contact": "eva@example.com",
        "name": "Eva Melo",
        "termsVersion": "2026-01",
        "locale": "pt",
        "consents": [{"purpose": "marketing", "granted": True, "wordingVersion": 1}],
        "idempotencyKey": "e",
    }
    answer = """__typename ... on SignInCodeRequested { challenge }
      ... on EnrolledInPlace { customer { name consents { purpose granted } } } ... on SignInRefused { reason }
      ... on AlreadyEnrolled { customer { name } }"""
    sent = await club.mutate("enrolInPlace", person, answer, token=sara)
    proof = {**person, "challenge": sent["challenge"]}
    wrong = await club.mutate("enrolInPlace", {**proof, "code": "000000"}, answer, token=sara)
    assert wrong == {"__typename": "SignInRefused", "reason": "WRONG_CODE"}
    code = club.code_sender.codes["eva@example.com"]
    done = await club.mutate("enrolInPlace", {**proof, "code": code}, answer, token=sara)
    assert (done["__typename"], done["customer"]["name"]) == ("EnrolledInPlace", "Eva Melo")
    assert {"purpose": "marketing", "granted": True} in done["customer"]["consents"]
    sessions = club.process.store["sessions"].find({"_id": {"$gt": ""}}, {"subject": 1, "ended_at": 1})
    of_members = [row async for row in sessions if row["subject"].startswith("member:")]
    assert [row["ended_at"] is not None for row in of_members] == [True]
    again = await club.mutate("enrolInPlace", {**person, "idempotencyKey": "x"}, answer, token=sara)
    assert again == {"__typename": "AlreadyEnrolled", "customer": {"name": "Eva Melo"}}
    assert await club.sign_in_again("eva@example.com")


async def test_who_enrolled_somebody_is_in_the_trail_also_where_the_process_dies_right_after(
    club: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    sara = await club.hire("sara", "SERVICE")
    person: Json = {
        "contact": "eva@example.com",
        "name": "Eva",
        "termsVersion": "2026-01",
        "idempotencyKey": "e",
    }
    sent = await club.mutate("enrolInPlace", person, "... on SignInCodeRequested { challenge }", token=sara)
    person |= {"challenge": sent["challenge"], "code": club.code_sender.codes["eva@example.com"]}

    async def die(*_: object, **__: object) -> None:
        raise RuntimeError("the process dies here")

    monkeypatch.setattr("domain.services.people.proofs.desk_enrolment.sessions.end_all", die)
    query = "mutation($i: EnrolInPlaceInput!) { enrolInPlace(input: $i) { __typename } }"
    assert (await club.error(query, {"i": person}, token=sara))["code"] == "INTERNAL"
    acts = [row async for row in club.process.store["audit"].find({"action": "MEMBER_ENROLLED"})]
    assert [act["subject"] for act in acts] == ["email"]
    assert await club.process.store["members"].find_one({"_id": acts[0]["member"]}) is not None


async def test_nothing_is_noted_of_who_is_erased_meanwhile(
    club: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, sara = await number_of(club), await club.hire("sara", "SERVICE")
    counted, runtime = service_notes.count, club.process.runtime

    async def count_while_erasing(store: DocumentStore, member: str) -> int:
        await erase(runtime, member, by=ErasureActor("service", "test"), now=club.clock())
        return await counted(store, member)

    monkeypatch.setattr("domain.store.people.service_notes.count", count_while_erasing)
    query = "mutation($i: AddServiceNoteInput!) { addServiceNote(input: $i) { __typename } }"
    note = {"member": number, "text": "Called about Ana"}
    assert (await club.error(query, {"i": note}, token=sara))["code"] == "NOT_FOUND"
    noted = [row async for row in club.process.store["audit"].find({"action": "NOTE_ADDED"})]
    assert (await club.count("service_notes"), noted) == (0, [])


async def test_a_code_is_sent_again_and_nobody_at_the_console_sees_it(club: RunningApp) -> None:
    number, sara = await number_of(club), await club.hire("sara", "SERVICE")
    before = club.code_sender.codes["ana@example.com"]
    send = {"member": number, "reason": "the mail never came"}
    answer = "__typename ... on SignInCodeSent { sentTo }"
    sent = await club.mutate("sendSignInCode", send, answer, token=sara)
    assert sent == {"__typename": "SignInCodeSent", "sentTo": "a***@example.com"}
    code = club.code_sender.codes["ana@example.com"]
    assert code != before or code not in str(sent)
    assert await club.sign_in("ana@example.com")
    query = "mutation($i: SendSignInCodeInput!) { sendSignInCode(input: $i) { __typename } }"
    assert (await club.error(query, {"i": {**send, "byPhone": True}}, token=sara))["code"] == "BAD_INPUT"
    record = (await club.do(RECORD, {"m": number}, token=sara))["memberRecord"]
    assert ("SIGN_IN_CODE_SENT", "the mail never came") in {
        (act["actionKind"], act["reason"]) for act in record["acts"]
    }
    assert record["messageFates"]
    assert {fate["state"] for fate in record["messageFates"]} == {"PENDING"}
    assert await points(club) == 0
