"""One table of permissions: it is complete, it is enforced before the resolvers, and no answer holds another
caller's data.
"""

import asyncio
from dataclasses import replace

import pytest
from graphql import GraphQLSchema, build_schema

from api.caller import Anonymous, Caller, ClientCaller, MemberCaller, StaffCaller
from api.errors import Forbidden
from api.graphql import schema
from api.graphql.engine.execution import Engine, GraphQLRequest
from api.graphql.engine.permissions import ROOTS, check_allowed, check_scopes, with_permissions
from api.graphql.engine.permissions import TYPES as SEEN_TYPES
from api.graphql.engine.permitted.caller_kinds import (
    MEMBER,
    PUBLIC,
    STAFF,
    CallerKind,
    CallerKinds,
    RootPermission,
)
from domain.model.intake.client_keys import SCOPES
from tests.graphql.engine.permission_proof import permission_faults
from tests.graphql.engine.small_schema import make_context, make_engine, make_schema

CALLERS: dict[str, Caller] = {
    "anonymous": Anonymous(),
    "member": MemberCaller("m1", "s1"),
    "cashier": StaffCaller("e1", "CASHIER", "lisboa", "t1"),
    "system": ClientCaller("web", "k1", "online", "web", SCOPES),
}


@pytest.mark.parametrize(
    ("caller", "field", "code"),
    [
        ("anonymous", "me { id }", "UNAUTHENTICATED"),
        ("anonymous", "till", "UNAUTHENTICATED"),
        ("member", "till", "FORBIDDEN"),
        ("cashier", "me { id }", "FORBIDDEN"),
        ("system", "me { id }", "FORBIDDEN"),
        ("system", "till", "FORBIDDEN"),
        ("system", "hello", None),
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
    guarded = with_permissions(
        small(), lambda _context, _name: None, roots=ROOTS_OF_IT, guarded={("Voucher", "code"): MEMBER}
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
    whole = schema.make_schema()._schema
    assert permission_faults(whole) == []
    assert sorted(set(SEEN_TYPES) - set(whole.type_map)) == []


def test_what_a_system_may_run_takes_a_scope_and_what_its_test_key_may_run_is_a_quote() -> None:
    """Whoever opens a field to systems says here by which scopes; what is public needs none."""
    opened = {
        name: (entry.scopes, entry.is_quote)
        for root in ROOTS.values()
        for name, entry in root.items()
        if CallerKind.CLIENT in entry.callers and entry.callers != PUBLIC
    }
    assert opened == {
        "findCustomer": (("members:read",), False),
        "quotePurchase": (("purchases:write",), True),
        "purchase": (("purchases:write",), False),
        "quoteRefund": (("refunds:write",), True),
        "scan": (("redemptions:write",), False),
        "recordPurchase": (("purchases:write",), False),
        "checkout": (("purchases:write", "redemptions:write"), False),
        "bindCustomer": (("redemptions:write", "members:write"), False),
        "requestRedemptionCode": (("redemptions:write",), False),
        "redeemForCustomer": (("redemptions:write",), False),
        "holdPayment": (("redemptions:write",), False),
        "releaseHold": (("redemptions:write",), False),
        "recordGuestPurchase": (("purchases:write",), False),
        "enrolAtTill": (("members:write", "purchases:write"), False),
        "refundPurchase": (("refunds:write",), False),
        "useVoucher": (("redemptions:write",), False),
        "setCustomerAttributes": (("members:write", "members:read"), False),
        "recordEvent": (("events:write",), False),
    }
    for permission in (entry for root in ROOTS.values() for entry in root.values()):
        for is_test in (False, True):
            for scopes in ((), *((scope,) for scope in SCOPES), SCOPES):
                caller = ClientCaller("web", "k1", "online", "web", scopes, is_test=is_test)
                is_open = CallerKind.CLIENT in permission.callers and (
                    permission.callers == PUBLIC
                    or (set(permission.scopes) <= set(scopes) and (permission.is_quote or not is_test))
                )
                assert is_open == is_admitted(caller, permission)


def is_admitted(caller: Caller, permission: RootPermission) -> bool:
    try:
        check_allowed(caller, permission.callers)
        check_scopes(caller, permission)
    except Forbidden:
        return False
    return True


def test_what_writes_is_never_open_to_anonymous_callers_but_for_signing_in() -> None:
    open_ones = {name for name, entry in ROOTS["Mutation"].items() if entry.callers == PUBLIC}
    assert open_ones == {
        "enrol",
        "requestSignInCode",
        "signIn",
        "signInWithFirebase",
        "refreshSession",
        "undoContactChange",
        "keepMembership",
        "staffSignIn",
    }
