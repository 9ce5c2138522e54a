"""Joining with the proof that a sign-in without a membership was given, over the wire."""

import asyncio

from tests.running_app import Json, RunningApp

ANA = "ana@example.com"
PROOF = "__typename ... on NotEnrolled { contactProof contactProofExpiresAt }"
JOINED = (
    "__typename ... on SignedIn { accessToken refreshToken deviceToken member { name number } enrolmentCode"
    " { __typename ... on CodeRefused { reason } } } ... on SignInRefused { reason }"
)


async def proof_of(app: RunningApp) -> str:
    sent = await app.mutate("requestSignInCode", {"contact": ANA}, "challenge")
    refused = await app.mutate("signIn", {"contact": ANA, "code": app.code_sender.codes[ANA], **sent}, PROOF)
    assert (refused["__typename"], refused["contactProofExpiresAt"]) == (
        "NotEnrolled",
        "2026-03-02T10:10:00.000Z",
    )
    return str(refused["contactProof"])


def application(proof: str, **fields: object) -> Json:
    return {
        "name": "Ana Silva",
        "email": ANA,
        "termsVersion": "2026-01",
        "contactProof": proof,
        "idempotencyKey": "k",
        **fields,
    }


async def test_one_code_is_enough_to_join(app: RunningApp) -> None:
    proof = await proof_of(app)
    input = application(proof, code="no such code")
    joined = await app.mutate("enrol", input, JOINED)
    assert (joined["member"]["name"], joined["enrolmentCode"]) == (
        "Ana Silva",
        {"__typename": "CodeRefused", "reason": "UNKNOWN"},
    )
    own = await app.do("{ me { name } }", token=joined["accessToken"])
    assert own == {"me": {"name": "Ana Silva"}}
    again = await app.mutate("enrol", input, JOINED)
    assert {**again, "accessToken": ""} == {**joined, "accessToken": ""}
    used = await app.mutate("enrol", application(proof, idempotencyKey="another"), JOINED)
    assert used == {"__typename": "SignInRefused", "reason": "EXPIRED_CODE"}
    assert (await app.count("members"), await app.count("sessions")) == (1, 1)


async def test_thirty_copies_of_one_request_are_one_membership(app: RunningApp) -> None:
    proof = await proof_of(app)
    answers = await asyncio.gather(*(app.mutate("enrol", application(proof), JOINED) for _ in range(30)))
    assert len({each["refreshToken"] for each in answers}) == 1
    assert (await app.count("members"), await app.count("sessions")) == (1, 1)


async def test_two_proofs_at_once_are_refused_by_name(app: RunningApp) -> None:
    query = "mutation($i: EnrolInput!) { enrol(input: $i) { __typename } }"
    both = application("made up", idToken="made up")
    assert await app.error(query, {"i": both}) == {"code": "BAD_INPUT", "field": "idToken"}
    alone = application("", contactProof=None, idToken="x.y.z")
    assert (await app.error(query, {"i": alone}))["code"] == "NOT_AVAILABLE"
