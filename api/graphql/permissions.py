"""Who may do what: one table, enforced in one place, walked by one test.

    ROOTS     every Query, Mutation and Subscription field -> who may run it, and whose eyes its answer is for
    TYPES     every object type -> whose eyes may see it
    GUARDED   object fields that are null for all but the callers named

`guard(schema)` puts ROOTS and GUARDED in front of the resolvers, so a leaf needs no check of its own: who may
see a thing is settled where it is fetched. `faults(schema)` proves the rest without running anything: no
field is without an entry, and no answer reaches, however deep, a type that is not for its caller's eyes.
Whose thing an id names is the door's to look up (somebody else's is NOT_FOUND). A role that a screen should
be told about (NotAllowed) is judged by the service, not here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from api.graphql.context import Anonymous, Caller, Context, MemberCaller
from api.graphql.errors import Forbidden, Unauthenticated

AnyContext = Context[object, object]
Admission = Callable[[AnyContext, str], None]
Resolver = Callable[..., object]


class Who(Enum):
    ANONYMOUS = "nobody signed in"
    MEMBER = "a member"
    CASHIER = "a cashier"
    MANAGER = "a manager"
    OPERATOR = "an operator"


Eyes = frozenset[Who]

MEMBER: Eyes = frozenset({Who.MEMBER})
STAFF: Eyes = frozenset({Who.CASHIER, Who.MANAGER, Who.OPERATOR})
SIGNED_IN: Eyes = MEMBER | STAFF
PUBLIC: Eyes = SIGNED_IN | {Who.ANONYMOUS}
NOBODY: Eyes = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may run a root field; `answers` where the answer is for other eyes than whoever may ask."""

    may: Eyes
    answers: Eyes


def _to(may: Eyes, answers: Eyes | None = None) -> Entry:
    return Entry(may, may if answers is None else answers)


# --- the table
# -------------------------------------------------------------------------------------------------------

ROOTS: Mapping[str, Mapping[str, Entry]] = {
    "Query": {
        # What a global id names decides: the door of each kind fetches it for this caller, or says NOT_FOUND.
        "node": _to(PUBLIC, NOBODY),
        "nodes": _to(PUBLIC, NOBODY),
        "programme": _to(PUBLIC),
        "me": _to(MEMBER),
        "staff": _to(STAFF),
        "findCustomer": _to(STAFF),
        "quotePurchase": _to(STAFF),
        "purchase": _to(STAFF),
        "quoteRefund": _to(STAFF),
        "shiftActions": _to(STAFF),
        "auditTrail": _to(STAFF - {Who.CASHIER}),
    },
    "Mutation": {
        "enrol": _to(PUBLIC),
        "requestSignInCode": _to(PUBLIC),
        "signIn": _to(PUBLIC, MEMBER),
        "signInWithFirebase": _to(PUBLIC, MEMBER),
        "refreshSession": _to(PUBLIC),
        "signOut": _to(SIGNED_IN),
        "updateProfile": _to(MEMBER),
        "changeContact": _to(MEMBER),
        "acceptTerms": _to(MEMBER),
        "setConsent": _to(MEMBER),
        "registerDevice": _to(MEMBER),
        "unregisterDevice": _to(MEMBER),
        "redeemReward": _to(MEMBER),
        "cancelVoucher": _to(MEMBER),
        "markMessagesRead": _to(MEMBER),
        "answerSurvey": _to(MEMBER),
        "staffSignIn": _to(PUBLIC, STAFF),
        "scan": _to(STAFF),
        "recordPurchase": _to(STAFF),
        "refundPurchase": _to(STAFF),
        "useVoucher": _to(STAFF),
        # Managers only, but a cashier's screen is told so: NotAllowed with reason ROLE, which the service
        # answers.
        "reverseVoucherUse": _to(STAFF),
        "adjustBalance": _to(STAFF),
        "freezeMember": _to(STAFF),
        "unfreezeMember": _to(STAFF),
        "recordEvent": _to(STAFF),
    },
    "Subscription": {
        "memberActivity": _to(MEMBER),
    },
}


def _all(eyes: Eyes, *types: str) -> dict[str, Eyes]:
    return dict.fromkeys(types, eyes)


TYPES: Mapping[str, Eyes] = {
    **_all(
        PUBLIC,
        "PageInfo",
        "Programme",
        "Terms",
        "ConsentPurpose",
        "EarningRule",
        "Tier",
        "Badge",
        "Plan",
        "Store",
    ),
    **_all(
        PUBLIC,
        "Reward",
        "RewardValue",
        "Cost",
        "QrImage",
        "IdempotencyConflict",
        "SignInRefused",
        "NotEnrolled",
    ),
    **_all(PUBLIC, "Enrolled", "TermsNotAccepted", "SignInCodeRequested", "SessionRefreshed"),
    # The member's own
    **_all(MEMBER, "Member", "MemberCard", "Referral", "MemberPlan", "Consent", "Device"),
    **_all(MEMBER, "MessageSurvey", "SurveyAnswered", "SurveyAnsweredBefore"),
    **_all(MEMBER, "Message", "MessageConnection", "MessageEdge", "PointEntryConnection", "PointEntryEdge"),
    **_all(
        MEMBER, "SignedIn", "ProfileUpdated", "ContactChanged", "ContactTaken", "TermsAccepted", "ConsentSet"
    ),
    **_all(
        MEMBER,
        "DeviceRegistered",
        "DeviceUnregistered",
        "MessagesRead",
        "RewardRedeemed",
        "RewardLocked",
        "VoucherGivenBack",
    ),
    **_all(
        MEMBER,
        "MemberActivityEvent",
        "BalanceChanged",
        "RewardUnlocked",
        "BadgeEarned",
        "TierChanged",
        "VoucherIssued",
    ),
    **_all(
        MEMBER,
        "VoucherUsed",
        "VoucherReinstated",
        "VoucherCancelled",
        "VoucherExpired",
        "MessageReceived",
        "Resync",
    ),
    # What the till needs of a member, and the member sees too
    **_all(
        SIGNED_IN,
        "SignedOut",
        "Wallet",
        "ExpiringAmount",
        "PointEntry",
        "RuleOutcome",
        "TierProgress",
        "TierStep",
        "BadgeProgress",
    ),
    **_all(
        SIGNED_IN,
        "MemberReward",
        "MemberRewardConnection",
        "MemberRewardEdge",
        "Lock",
        "Voucher",
        "VoucherConnection",
        "VoucherEdge",
    ),
    **_all(SIGNED_IN, "Purchase", "PurchaseLine", "PurchaseConnection", "PurchaseEdge", "VoucherNotUsable"),
    # The till's own
    **_all(
        STAFF,
        "Staff",
        "Customer",
        "CustomerScan",
        "VoucherScan",
        "UnknownCode",
        "ExpiredCode",
        "Quote",
        "QuotedEntry",
    ),
    **_all(
        STAFF,
        "WalletTotal",
        "RefundQuote",
        "StaffSignedIn",
        "NotAllowed",
        "PurchaseRecorded",
        "PurchaseClaimed",
    ),
    **_all(
        STAFF,
        "PurchaseRefunded",
        "RefundTooLarge",
        "UnknownPurchase",
        "VoucherAccepted",
        "VoucherUseReversed",
    ),
    **_all(STAFF, "ShiftAction", "AuditEntry", "AuditBalance"),
    **_all(
        STAFF,
        "BalanceAdjusted",
        "InsufficientBalance",
        "WalletFull",
        "EventRecorded",
        "MembershipFrozen",
        "MembershipUnfrozen",
    ),
}

# Null for anyone else: a voucher's code is worth its value, and staff need only scan it. A member is only
# ever shown their own.
GUARDED: Mapping[tuple[str, str], Eyes] = {
    ("Voucher", "code"): MEMBER,
    ("Voucher", "qr"): MEMBER,
}


# --- enforcing it
# ----------------------------------------------------------------------------------------------------


def who(caller: Caller) -> Who:
    """Return which entry of the table a caller is."""
    if isinstance(caller, Anonymous):
        return Who.ANONYMOUS
    return Who.MEMBER if isinstance(caller, MemberCaller) else Who[caller.role]


def allow(caller: Caller, eyes: Eyes) -> None:
    """Raise Unauthenticated or Forbidden unless this caller is among them."""
    kind = who(caller)
    if kind not in eyes:
        raise Unauthenticated() if kind is Who.ANONYMOUS else Forbidden()


def guard(
    schema: GraphQLSchema,
    admit: Admission,
    *,
    roots: Mapping[str, Mapping[str, Entry]] = ROOTS,
    guarded: Mapping[tuple[str, str], Eyes] = GUARDED,
) -> None:
    """Put the table in front of the resolvers of this schema, once; a root field without an entry is open to
    nobody.

    `admit` is called with the context and the field's name each time a root field is about to run, and may
    raise (RateLimited).
    """
    for root in _roots(schema):
        for name, field in root.fields.items():
            entry = roots.get(root.name, {}).get(name, _to(NOBODY))
            if root is schema.subscription_type:
                field.subscribe = _guarded_root(name, field.subscribe, entry.may, admit)
            else:
                field.resolve = _guarded_root(name, field.resolve, entry.may, admit)
            field.extensions = {**field.extensions, "guarded": True}
    for (type_name, name), eyes in guarded.items():
        owner = schema.type_map.get(type_name)
        if isinstance(owner, GraphQLObjectType) and name in owner.fields:
            field = owner.fields[name]
            field.resolve = _guarded_field(field.resolve, name, eyes)
            field.extensions = {**field.extensions, "guarded": True}


def _guarded_root(name: str, resolve: Resolver | None, eyes: Eyes, admit: Admission) -> Resolver:
    def guarded(source: object, info: GraphQLResolveInfo[AnyContext], /, **arguments: object) -> object:
        context: AnyContext = info.context
        allow(context.caller, eyes)
        admit(context, name)
        return resolve(source, info, **arguments) if resolve else getattr(source, name, None)

    return guarded


def _guarded_field(resolve: Resolver | None, name: str, eyes: Eyes) -> Resolver:
    def guarded(source: object, info: GraphQLResolveInfo[AnyContext], /, **arguments: object) -> object:
        if who(info.context.caller) not in eyes:
            return None
        return resolve(source, info, **arguments) if resolve else getattr(source, name, None)

    return guarded


# --- proving it
# ------------------------------------------------------------------------------------------------------


def faults(
    schema: GraphQLSchema,
    *,
    roots: Mapping[str, Mapping[str, Entry]] = ROOTS,
    types: Mapping[str, Eyes] = TYPES,
    guarded: Mapping[tuple[str, str], Eyes] = GUARDED,
) -> list[str]:
    """Return each root field and object type without an entry, and each answer that reaches a type not for
    its caller's eyes.
    """
    root_types = _roots(schema)
    found = [
        f"{name}: no entry in TYPES"
        for name, each in sorted(schema.type_map.items())
        if isinstance(each, GraphQLObjectType)
        and each not in root_types
        and not name.startswith("__")
        and name not in types
    ]
    for root in root_types:
        for name, field in root.fields.items():
            entry = roots.get(root.name, {}).get(name)
            if entry is None:
                found.append(f"{root.name}.{name}: no entry in ROOTS")
                continue
            found += [
                f"{root.name}.{name}: reaches {reached}, which is not for the eyes of {blind}"
                for reached in _reached(schema, field, guarded)
                for blind in sorted(each.value for each in entry.answers - types.get(reached, PUBLIC))
            ]
    return found


def _reached(
    schema: GraphQLSchema, field: GraphQLField, guarded: Mapping[tuple[str, str], Eyes]
) -> Iterator[str]:
    todo: list[GraphQLNamedType] = [get_named_type(field.type)]
    seen: set[str] = set()
    while todo:
        each = todo.pop()
        if each.name in seen:
            continue
        seen.add(each.name)
        if isinstance(each, GraphQLInterfaceType | GraphQLUnionType):
            todo += schema.get_possible_types(each)
        elif isinstance(each, GraphQLObjectType):
            yield each.name
            todo += [
                get_named_type(inner.type)
                for name, inner in each.fields.items()
                if (each.name, name) not in guarded
            ]


def _roots(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    return [each for each in (schema.query_type, schema.mutation_type, schema.subscription_type) if each]
