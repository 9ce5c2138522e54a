"""One table of permissions: it is complete, it is enforced before the resolvers, and no answer holds another
caller's data.
"""

import asyncio
from dataclasses import replace

import pytest
from graphql import GraphQLSchema, build_schema

from api.caller import Anonymous, Caller, MemberCaller, StaffCaller
from api.graphql import schema
from api.graphql.engine.execution import Engine, GraphQLRequest
from api.graphql.engine.permissions import (
    MEMBER,
    PUBLIC,
    ROOTS,
    STAFF,
    CallerKinds,
    RootPermission,
    install_permissions,
)
from tests.graphql.engine.permission_proof import permission_faults
from tests.graphql.engine.small_schema import make_context, make_engine, make_schema

CALLERS: dict[str, Caller] = {
    "anonymous": Anonymous(),
    "member": MemberCaller("m1", "s1"),
    "cashier": StaffCaller("e1", "CASHIER", "lisboa", "t1"),
}


@pytest.mark.parametrize(
    ("caller", "field", "code"),
    [
        ("anonymous", "me { id }", "UNAUTHENTICATED"),
        ("anonymous", "till", "UNAUTHENTICATED"),
        ("member", "till", "FORBIDDEN"),
        ("cashier", "me { id }", "FORBIDDEN"),
        ("member", "me { id }", None),
        ("cashier", "till", None),
        ("anonymous", "hello", None),
    ],
)
async def test_a_root_field_opens_to_those_in_the_table_only(
    caller: str, field: str, code: str | None
) -> None:
    never = asyncio.Event().wait
    body = (
        await make_engine().run(GraphQLRequest(f"{{ {field} }}"), make_context(CALLERS[caller]), never)
    ).body
    errors = body.get("errors")
    assert (errors[0]["extensions"]["code"] if isinstance(errors, list) else None) == code


async def test_a_root_field_without_an_entry_is_open_to_nobody() -> None:
    whole = make_engine()
    bare = Engine(make_schema(), rates=whole.rates, drain=whole.drain, roots={})
    never = asyncio.Event().wait
    for caller, code in (("anonymous", "UNAUTHENTICATED"), ("member", "FORBIDDEN"), ("cashier", "FORBIDDEN")):
        body = (await bare.run(GraphQLRequest("{ hello }"), make_context(CALLERS[caller]), never)).body
        assert body["errors"][0]["extensions"]["code"] == code  # type: ignore[index]


# --- the proof
# -------------------------------------------------------------------------------------------------------

SDL = """
type Query { me: Member! staff: Staff! node(id: ID!): Thing }
type Member { email: String vouchers: [Voucher!]! }
type Staff { name: String! }
type Voucher { code: String issuer: Staff! }
union Thing = Member | Voucher
"""
TYPES: dict[str, CallerKinds] = {"Member": MEMBER, "Staff": STAFF, "Voucher": PUBLIC}
ROOTS_OF_IT = {
    "Query": {
        "me": RootPermission(MEMBER, MEMBER),
        "staff": RootPermission(STAFF, STAFF),
        "node": RootPermission(PUBLIC, frozenset()),
    }
}


def small() -> GraphQLSchema:
    return build_schema(SDL)


def test_an_answer_that_reaches_others_eyes_is_a_fault() -> None:
    assert permission_faults(small(), roots=ROOTS_OF_IT, types=TYPES, guarded={}) == [
        "Query.me: reaches Staff, which is not for the eyes of a member"
    ]
    assert (
        permission_faults(small(), roots=ROOTS_OF_IT, types=TYPES, guarded={("Voucher", "issuer"): STAFF})
        == []
    )


def test_a_field_or_type_without_an_entry_is_a_fault() -> None:
    lacking = {"Query": {name: entry for name, entry in ROOTS_OF_IT["Query"].items() if name != "staff"}}
    guarded = {("Voucher", "issuer"): STAFF}
    assert permission_faults(
        small(), roots=lacking, types={"Member": MEMBER, "Voucher": PUBLIC}, guarded=guarded
    ) == [
        "Staff: no entry in TYPES",
        "Query.staff: no entry in ROOTS",
    ]


def test_a_guarded_field_is_null_for_all_others() -> None:
    guarded = small()
    install_permissions(
        guarded, lambda _context, _name: None, roots=ROOTS_OF_IT, guarded={("Voucher", "code"): MEMBER}
    )
    resolve = guarded.type_map["Voucher"].fields["code"].resolve  # type: ignore[attr-defined]

    class Info:
        context = make_context(CALLERS["cashier"])

    class Source:
        code = "V123"

    assert resolve(Source(), Info()) is None
    Info.context = replace(Info.context, caller=CALLERS["member"])
    assert resolve(Source(), Info()) == "V123"


def test_our_schema_has_an_entry_for_all_and_shows_nobody_anothers() -> None:
    assert permission_faults(schema.make_schema()._schema) == []


def test_what_writes_is_never_open_to_anonymous_callers_but_for_signing_in() -> None:
    open_ones = {name for name, entry in ROOTS["Mutation"].items() if entry.callers == PUBLIC}
    assert open_ones == {
        "enrol",
        "requestSignInCode",
        "signIn",
        "signInWithFirebase",
        "refreshSession",
        "undoContactChange",
        "staffSignIn",
    }
