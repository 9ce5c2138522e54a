"""Who may do what: one table, enforced in one place, and checked by one test.

    ROOTS            each Query, Mutation and Subscription field -> who may run it, and who sees its answer
    TYPES            each object type -> who may see it
    GUARDED_FIELDS   object fields that are null for all callers but these

`install_permissions(schema)` puts ROOTS and GUARDED_FIELDS in front of the resolvers, so a leaf needs no
check of its own: access to an object is decided where it is read. A test proves the rest without running
anything (`permission_proof.py`): each field has an entry, and no answer reaches, at any depth, a type that
its caller may not see. The resolver that takes an id checks its owner (another owner's is NOT_FOUND). The
service judges a role that a screen should hear of (NotAllowed).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from graphql import (
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
)

from api.caller import Anonymous, Caller, MemberCaller
from api.errors import Forbidden, Unauthenticated
from api.graphql.engine.context import Context

# What the extensions of a field say: that it is a root field behind its permission, and who sees its value.
ROOT_FIELD, VIEWERS = "selo-root", "selo-viewers"

AnyContext = Context[object, object]
RootFieldHook = Callable[[AnyContext, str], None]
Resolver = Callable[..., object]


class CallerKind(Enum):
    ANONYMOUS = "nobody signed in"
    MEMBER = "a member"
    CASHIER = "a cashier"
    MANAGER = "a manager"
    OPERATOR = "an operator"


CallerKinds = frozenset[CallerKind]

MEMBER: CallerKinds = frozenset({CallerKind.MEMBER})
STAFF: CallerKinds = frozenset({CallerKind.CASHIER, CallerKind.MANAGER, CallerKind.OPERATOR})
SIGNED_IN: CallerKinds = MEMBER | STAFF
PUBLIC: CallerKinds = SIGNED_IN | {CallerKind.ANONYMOUS}
NOBODY: CallerKinds = frozenset()


@dataclass(frozen=True, slots=True)
class RootPermission:
    """Who may run a root field, and who sees its answer. The two differ where the field signs somebody in."""

    callers: CallerKinds
    viewers: CallerKinds


def _permit(callers: CallerKinds, viewers: CallerKinds | None = None) -> RootPermission:
    return RootPermission(callers, callers if viewers is None else viewers)


# ---------------------------------------------------------------- the table

ROOTS: Mapping[str, Mapping[str, RootPermission]] = {
    "Query": {
        # The kind of the id decides: it is read for this caller, or NOT_FOUND.
        "node": _permit(PUBLIC, NOBODY),
        "nodes": _permit(PUBLIC, NOBODY),
        "programme": _permit(PUBLIC),
        "me": _permit(MEMBER),
        # Null where no member is signed in.
        "viewer": _permit(PUBLIC, MEMBER),
        "staff": _permit(STAFF),
        "findCustomer": _permit(STAFF),
        "quotePurchase": _permit(STAFF),
        "purchase": _permit(STAFF),
        "quoteRefund": _permit(STAFF),
        "shiftActions": _permit(STAFF),
        "auditTrail": _permit(STAFF - {CallerKind.CASHIER}),
    },
    "Mutation": {
        "enrol": _permit(PUBLIC, MEMBER),
        "requestSignInCode": _permit(PUBLIC),
        "signIn": _permit(PUBLIC, MEMBER),
        "signInWithFirebase": _permit(PUBLIC, MEMBER),
        "refreshSession": _permit(PUBLIC),
        "signOut": _permit(SIGNED_IN),
        "updateProfile": _permit(MEMBER),
        "changeContact": _permit(MEMBER),
        "removeContact": _permit(MEMBER),
        # Whoever has the link: it proves a contact that the member had.
        "undoContactChange": _permit(PUBLIC),
        "acceptTerms": _permit(MEMBER),
        "setConsent": _permit(MEMBER),
        "setAttributes": _permit(MEMBER),
        "registerDevice": _permit(MEMBER),
        "unregisterDevice": _permit(MEMBER),
        "sendTestPush": _permit(MEMBER),
        "redeemReward": _permit(MEMBER),
        "cancelVoucher": _permit(MEMBER),
        "acceptChallenge": _permit(MEMBER),
        "enterCode": _permit(MEMBER),
        "markMessagesRead": _permit(MEMBER),
        "answerSurvey": _permit(MEMBER),
        "exportMyData": _permit(MEMBER),
        "staffSignIn": _permit(PUBLIC, STAFF),
        "scan": _permit(STAFF),
        "recordPurchase": _permit(STAFF),
        "checkout": _permit(STAFF),
        "requestRedemptionCode": _permit(STAFF),
        "redeemForCustomer": _permit(STAFF),
        "refundPurchase": _permit(STAFF),
        "useVoucher": _permit(STAFF),
        # For managers only. The service refuses a cashier with NotAllowed, reason ROLE, which a screen shows.
        "reverseVoucherUse": _permit(STAFF),
        "adjustBalance": _permit(STAFF),
        "setCustomerAttributes": _permit(STAFF),
        "freezeMember": _permit(STAFF),
        "unfreezeMember": _permit(STAFF),
        "proposeContact": _permit(STAFF),
        "correctBirthday": _permit(STAFF),
        "approveContact": _permit(STAFF),
        "recordEvent": _permit(STAFF),
    },
    "Subscription": {
        "memberActivity": _permit(MEMBER),
    },
}


def _types_for(viewers: CallerKinds, *types: str) -> dict[str, CallerKinds]:
    return dict.fromkeys(types, viewers)


TYPES: Mapping[str, CallerKinds] = {
    **_types_for(
        PUBLIC,
        "PageInfo",
        "Programme",
        "Terms",
        "ConsentPurpose",
        "EarningRule",
    ),
    **_types_for(PUBLIC, "ProgrammeWallet", "WalletWorth", "TimeSpan", "MemberLimit", "ReferralOffer"),
    **_types_for(PUBLIC, "Brand", "BrandSupport", "ProgrammeLinks", "ProgrammeFlag", "ReferralGift"),
    **_types_for(PUBLIC, "Tier", "TierThreshold", "Badge", "Plan", "Store", "StorePosition", "StoreHours"),
    **_types_for(PUBLIC, "Reward", "RewardValue", "Cost", "QrImage", "IdempotencyConflict", "SignInRefused"),
    **_types_for(PUBLIC, "SecondFactorNeeded", "NotEnrolled"),
    **_types_for(PUBLIC, "Enrolled", "TermsNotAccepted", "SignInCodeRequested", "SessionRefreshed"),
    **_types_for(PUBLIC, "ContactApproval", "ContactChangeUndone", "LinkExpired", "ContactTaken"),
    # The member's own
    **_types_for(MEMBER, "Member", "MemberCard", "Referral", "MemberQuote", "MemberPlan"),
    **_types_for(MEMBER, "Device", "DevicePush"),
    # A member's own, and for managers those of a customer.
    **_types_for(SIGNED_IN, "Consent", "ConsentAnswered"),
    **_types_for(MEMBER, "ChallengeAccepted", "ChallengeNotOpen"),
    **_types_for(MEMBER, "MessageSurvey", "SurveyAnswered", "SurveyAnsweredBefore"),
    **_types_for(MEMBER, "Message", "MessageConnection", "MessageEdge", "CodeEntered", "CodeRefused"),
    **_types_for(MEMBER, "PointEntryConnection", "PointEntryEdge"),
    **_types_for(
        MEMBER, "SignedIn", "ProfileUpdated", "ContactChanged", "ContactRemoved", "ContactProofNeeded"
    ),
    **_types_for(MEMBER, "TermsAccepted", "ConsentSet", "AttributesSet"),
    **_types_for(SIGNED_IN, "RewardLocked"),
    **_types_for(SIGNED_IN, "MemberAttribute", "AttributeChoice"),
    **_types_for(STAFF, "CustomerAttributesSet", "BirthdayCorrected", "CheckedOut"),
    **_types_for(STAFF, "RedemptionCodeSent", "RedeemedForCustomer"),
    **_types_for(
        MEMBER,
        "DeviceRegistered",
        "DeviceUnregistered",
        "TestPushSent",
        "TestPushFailed",
        "MessagesRead",
        "DataExport",
        "RewardRedeemed",
        "VoucherGivenBack",
    ),
    **_types_for(
        MEMBER,
        "MemberActivityEvent",
        "BalanceChanged",
        "RewardUnlocked",
        "BadgeEarned",
        "TierChanged",
        "VoucherIssued",
    ),
    **_types_for(
        MEMBER,
        "VoucherUsed",
        "VoucherReinstated",
        "VoucherCancelled",
        "VoucherExpired",
        "MessageReceived",
        "Resync",
    ),
    **_types_for(MEMBER, "MessagesChanged", "ChallengeTakenUp", "ProgressChanged", "ProfileChanged"),
    **_types_for(
        MEMBER,
        "ReferralChanged",
    ),
    # What the till needs of a member, and the member sees too
    **_types_for(
        SIGNED_IN,
        "SignedOut",
        "Wallet",
        "ExpiringAmount",
        "PointEntry",
        "RuleOutcome",
        "RuleReason",
        "QuotedEntry",
        "WalletTotal",
        "TierProgress",
        "CountProgress",
        "TierStep",
        "BadgeProgress",
    ),
    **_types_for(
        SIGNED_IN,
        "MemberReward",
        "MemberRewardConnection",
        "MemberRewardEdge",
        "Lock",
        "Voucher",
        "VoucherConnection",
        "VoucherEdge",
    ),
    **_types_for(SIGNED_IN, "Purchase", "PurchaseLine", "PurchaseConnection", "PurchaseEdge"),
    **_types_for(SIGNED_IN, "VoucherNotUsable", "FiscalRecord", "FiscalPart", "FiscalTax"),
    **_types_for(SIGNED_IN, "PayTerms", "WalletPart", "PaymentBack"),
    # The till's own
    **_types_for(
        STAFF,
        "Staff",
        "Customer",
        "CustomerSegment",
        "CustomerScan",
        "VoucherScan",
        "UnknownCode",
        "ExpiredCode",
        "Quote",
        "RefundQuote",
        "StaffSignedIn",
        "NotAllowed",
        "PurchaseRecorded",
        "PurchaseClaimed",
        "Payable",
        "PaymentNotAccepted",
    ),
    **_types_for(
        STAFF,
        "PurchaseRefunded",
        "RefundTooLarge",
        "UnknownPurchase",
        "VoucherAccepted",
        "VoucherUseReversed",
    ),
    **_types_for(STAFF, "ContactProposed", "ContactApproved", "ShiftAction", "AuditEntry", "AuditBalance"),
    **_types_for(
        STAFF,
        "BalanceAdjusted",
        "InsufficientBalance",
        "WalletFull",
        "EventRecorded",
        "MembershipFrozen",
        "MembershipUnfrozen",
    ),
}

# Null for everybody else: a voucher's code is worth its value, and staff only scan it. A member reads only
# their own vouchers.
GUARDED_FIELDS: Mapping[tuple[str, str], CallerKinds] = {
    ("Voucher", "code"): MEMBER,
    ("Voucher", "qr"): MEMBER,
    ("Customer", "consents"): frozenset({CallerKind.MANAGER, CallerKind.OPERATOR}),
}


# ---------------------------------------------------------------- enforcing


def caller_kind(caller: Caller) -> CallerKind:
    """Return the kind of a caller in the table."""
    if isinstance(caller, Anonymous):
        return CallerKind.ANONYMOUS
    return CallerKind.MEMBER if isinstance(caller, MemberCaller) else CallerKind[caller.role]


def check_allowed(caller: Caller, allowed: CallerKinds) -> None:
    """Raise Unauthenticated or Forbidden unless the caller is of an allowed kind."""
    kind = caller_kind(caller)
    if kind not in allowed:
        raise Unauthenticated() if kind is CallerKind.ANONYMOUS else Forbidden()


def install_permissions(
    schema: GraphQLSchema,
    on_root_field: RootFieldHook,
    *,
    roots: Mapping[str, Mapping[str, RootPermission]] = ROOTS,
    guarded: Mapping[tuple[str, str], CallerKinds] = GUARDED_FIELDS,
) -> None:
    """Put the table in front of the resolvers of this schema, once. A root field without an entry is closed
    to everybody.

    `on_root_field` is called with the context and the field's name before each root field runs, and may raise
    (RateLimited).
    """
    for root in root_types(schema):
        for name, field in root.fields.items():
            permission = roots.get(root.name, {}).get(name, _permit(NOBODY))
            if root is schema.subscription_type:
                field.subscribe = _guarded_root(name, field.subscribe, permission.callers, on_root_field)
            else:
                field.resolve = _guarded_root(name, field.resolve, permission.callers, on_root_field)
            field.extensions = {**field.extensions, ROOT_FIELD: True}
    for (type_name, name), viewers in guarded.items():
        owner = schema.type_map.get(type_name)
        if isinstance(owner, GraphQLObjectType) and name in owner.fields:
            field = owner.fields[name]
            field.resolve = _guarded_field(field.resolve, name, viewers)
            field.extensions = {**field.extensions, VIEWERS: viewers}


def _guarded_root(
    name: str, resolve: Resolver | None, callers: CallerKinds, on_root_field: RootFieldHook
) -> Resolver:
    def guarded(source: object, info: GraphQLResolveInfo[AnyContext], /, **arguments: object) -> object:
        context: AnyContext = info.context
        check_allowed(context.caller, callers)
        on_root_field(context, name)
        return resolve(source, info, **arguments) if resolve else getattr(source, name, None)

    return guarded


def _guarded_field(resolve: Resolver | None, name: str, viewers: CallerKinds) -> Resolver:
    def guarded(source: object, info: GraphQLResolveInfo[AnyContext], /, **arguments: object) -> object:
        if caller_kind(info.context.caller) not in viewers:
            return None
        return resolve(source, info, **arguments) if resolve else getattr(source, name, None)

    return guarded


def root_types(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """Return Query, Mutation and Subscription, as far as the schema has them."""
    return [each for each in (schema.query_type, schema.mutation_type, schema.subscription_type) if each]
