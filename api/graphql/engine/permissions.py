"""Who may do what: one table, enforced in one place, and checked by one test.

    ROOTS            each Query, Mutation and Subscription field -> who may run it, and who sees its answer
    TYPES            each object type -> who may see it
    GUARDED_FIELDS   object fields that are null for all callers but these

`with_permissions(schema)` puts ROOTS and GUARDED_FIELDS in front of the resolvers, so a leaf needs no
check of its own: access to an object is decided where it is read. A test proves the rest without running
anything (`permission_proof.py`): each field has an entry, and no answer reaches, at any depth, a type that
its caller may not see. The resolver that takes an id checks its owner (another owner's is NOT_FOUND). The
service judges a role that a screen should hear of (NotAllowed).
"""

from collections.abc import Callable, Mapping
from copy import copy

from graphql import (
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
)

from api.caller import Anonymous, Caller, ClientCaller, MemberCaller
from api.errors import Forbidden, ScopeMissing, Unauthenticated
from api.graphql.engine.context import Context
from api.graphql.engine.permitted.caller_kinds import (
    CLIENT,
    CONSOLE_OPERATOR,
    EMPLOYEES,
    FIGURES,
    MEMBER,
    NOBODY,
    OPERATOR,
    PAYING,
    PUBLIC,
    SERVICE,
    SERVING,
    SIGNED_IN,
    STAFF,
    TILL,
    CallerKind,
    CallerKinds,
    RootPermission,
    permit,
    permit_systems,
    types_for,
)
from api.graphql.engine.permitted.console import CONSOLE_MUTATIONS, CONSOLE_QUERIES, CONSOLE_TYPES

# What the extensions of a field say: that it is a root field behind its permission, and who sees its value.
ROOT_FIELD, VIEWERS = "selo-root", "selo-viewers"

AnyContext = Context[object, object]
RootFieldHook = Callable[[AnyContext, str], None]
Resolver = Callable[..., object]


# ---------------------------------------------------------------- the table

ROOTS: Mapping[str, Mapping[str, RootPermission]] = {
    "Query": {
        # The kind of the id decides: it is read for this caller, or NOT_FOUND.
        "node": permit(PUBLIC, NOBODY),
        "nodes": permit(PUBLIC, NOBODY),
        "programme": permit(PUBLIC),
        "me": permit(MEMBER),
        "leaderboards": permit(MEMBER),
        "leaderboard": permit(MEMBER),
        # Null where no member is signed in.
        "viewer": permit(PUBLIC, MEMBER),
        "staff": permit(EMPLOYEES),
        "findCustomer": permit_systems("members:read", staff=STAFF),
        "findCustomers": permit(STAFF),
        "quotePurchase": permit_systems("purchases:write", is_quote=True),
        "purchase": permit_systems("purchases:write"),
        "quoteRefund": permit_systems("refunds:write", is_quote=True),
        "shiftActions": permit(STAFF),
        "memberRecord": permit(SERVICE),
        "correctionProposals": permit(SERVICE),
        # Null for a cashier.
        "correctionAllowance": permit(STAFF),
        "auditTrail": permit(OPERATOR | {CallerKind.MANAGER}),
        **CONSOLE_QUERIES,
    },
    "Mutation": {
        "enrol": permit(PUBLIC, MEMBER),
        "requestSignInCode": permit(PUBLIC),
        "signIn": permit(PUBLIC, MEMBER),
        "signInWithFirebase": permit(PUBLIC, MEMBER),
        "refreshSession": permit(PUBLIC),
        "signOut": permit(MEMBER | EMPLOYEES),
        "updateProfile": permit(MEMBER),
        "changeContact": permit(MEMBER),
        "removeContact": permit(MEMBER),
        "deleteMembership": permit(MEMBER),
        # Whoever has the token of a sign-in: it has proven a contact.
        "keepMembership": permit(PUBLIC, MEMBER),
        # Whoever has the link: it proves a contact that the member had.
        "undoContactChange": permit(PUBLIC),
        "acceptTerms": permit(MEMBER),
        "setConsent": permit(MEMBER),
        "setAttributes": permit(MEMBER),
        "registerDevice": permit(MEMBER),
        "unregisterDevice": permit(MEMBER),
        "sendTestPush": permit(MEMBER),
        "redeemReward": permit(MEMBER),
        "cancelVoucher": permit(MEMBER),
        "acceptChallenge": permit(MEMBER),
        "enterCode": permit(MEMBER),
        "claimReceipt": permit(MEMBER),
        "joinLeaderboard": permit(MEMBER),
        "leaveLeaderboard": permit(MEMBER),
        "openRecommendation": permit(MEMBER),
        "setNotification": permit(MEMBER),
        "declineChallenge": permit(MEMBER),
        "markMessagesRead": permit(MEMBER),
        "answerSurvey": permit(MEMBER),
        "exportMyData": permit(MEMBER),
        "staffSignIn": permit(PUBLIC, EMPLOYEES),
        "scan": permit_systems("redemptions:write"),
        "recordPurchase": permit_systems("purchases:write"),
        "checkout": permit_systems("purchases:write", "redemptions:write"),
        # Tills by a visit that began with a card, members of their own.
        "holdPayment": RootPermission(PAYING, PAYING, ("redemptions:write",)),
        "releaseHold": RootPermission(PAYING, PAYING, ("redemptions:write",)),
        "bindCustomer": RootPermission(CLIENT, CLIENT, ("redemptions:write", "members:write")),
        "requestRedemptionCode": permit_systems("redemptions:write"),
        "redeemForCustomer": permit_systems("redemptions:write"),
        "recordGuestPurchase": permit_systems("purchases:write"),
        # In the console without a sale.
        "enrolAtTill": permit_systems("members:write", "purchases:write", staff=STAFF),
        "refundPurchase": permit_systems("refunds:write"),
        # For ten minutes whoever recorded it, later a manager: the service knows.
        "correctPurchase": permit(TILL),
        "useVoucher": permit_systems("redemptions:write"),
        # For managers only. The service refuses a cashier with NotAllowed, reason ROLE, which a screen shows.
        "reverseVoucherUse": permit(TILL),
        "adjustBalance": permit(STAFF),
        "setCustomerAttributes": permit_systems("members:write", "members:read", staff=STAFF),
        "freezeMember": permit(STAFF),
        "unfreezeMember": permit(STAFF),
        "mergeMembers": permit(STAFF),
        "undoMerge": permit(STAFF),
        "proposeContact": permit(STAFF),
        "correctBirthday": permit(STAFF),
        "approveContact": permit(STAFF),
        "eraseMember": permit(STAFF),
        "proposeCorrection": permit(STAFF),
        "approveCorrection": permit(STAFF),
        "declineCorrection": permit(STAFF),
        "deleteCustomer": permit(SERVICE),
        "keepCustomer": permit(SERVICE),
        "exportMemberData": permit(STAFF),
        "recordEvent": permit_systems("events:write"),
        **CONSOLE_MUTATIONS,
    },
    "Subscription": {
        "memberActivity": permit(MEMBER),
    },
}


TYPES: Mapping[str, CallerKinds] = {
    **types_for(
        PUBLIC,
        "PageInfo",
        "Programme",
        "Terms",
        "ConsentPurpose",
        "EarningRule",
    ),
    **types_for(PUBLIC, "ProgrammeWallet", "WalletWorth", "TimeSpan", "MemberLimit", "ReferralOffer"),
    **types_for(PUBLIC, "ProgrammeClock"),
    **types_for(PUBLIC, "Brand", "BrandSupport", "ProgrammeLinks", "ProgrammeFlag", "ReferralGift"),
    **types_for(PUBLIC, "Tier", "TierThreshold", "Badge", "Plan", "Store", "StorePosition", "StoreHours"),
    **types_for(PUBLIC, "Reward", "RewardValue", "Cost", "QrImage", "IdempotencyConflict", "SignInRefused"),
    **types_for(PUBLIC, "SecondFactorNeeded", "NotEnrolled", "MembershipBeingDeleted"),
    **types_for(PUBLIC, "Enrolled", "TermsNotAccepted", "SignInCodeRequested", "SessionRefreshed"),
    **types_for(PUBLIC, "ContactApproval", "ContactChangeUndone", "LinkExpired", "ContactTaken"),
    # What service sees of a member in the console
    **CONSOLE_TYPES,
    **types_for(SERVICE, "MemberRecord", "MemberProfile", "CustomerDeleted", "CustomerKept"),
    **types_for(
        FIGURES,
        "Figures",
        "Figure",
        "FigureDay",
        "FigureGoal",
        "StoreFigures",
        "WalletDay",
        "WalletSum",
        "Uplift",
    ),
    **types_for(FIGURES, "RuleFigures", "RewardFigures", "MessageFigures", "SurveyFigures", "ScoreCount"),
    **types_for(FIGURES, "VariantFigures", "VariantMeasure", "RuleReturn", "HeldUnits"),
    **types_for(FIGURES, "Standing", "TierMove", "RecommendationFigures", "ChallengeFigures"),
    **types_for(FIGURES, "LeaderboardFigures", "LeaderboardPeriodFigures", "ScoreQuartiles", "GivenReward"),
    # A draft tried on what happened
    **types_for(FIGURES, "Backtest", "BacktestReport", "BacktestWallet", "BacktestWalletFigures"),
    **types_for(FIGURES, "BacktestRule", "BacktestRuleFigures", "BacktestCount", "BacktestRefusal"),
    **types_for(FIGURES, "BacktestMember"),
    **types_for(CONSOLE_OPERATOR, "BacktestStarted", "BacktestRunning", "BacktestCancelled"),
    # What an operator sees of the programme there
    **types_for(CONSOLE_OPERATOR, "ProgrammeVersions", "ProgrammeVersion", "ProgrammeChange"),
    **types_for(CONSOLE_OPERATOR, "ProgrammeCheck", "ProgrammeFault", "MissingProgrammeText"),
    **types_for(CONSOLE_OPERATOR, "ProgrammeTrial", "ProgrammeProposal", "ProgrammeProposed"),
    **types_for(CONSOLE_OPERATOR, "ProgrammeApproved", "ProgrammeDeclined", "ProgrammeFaulty"),
    **types_for(CONSOLE_OPERATOR, "ProgrammeOvertaken", "ProgrammeUnchanged"),
    **types_for(STAFF, "CorrectionProposal", "CorrectionProposed", "CorrectionDeclined"),
    **types_for(STAFF, "CorrectionAllowance"),
    **types_for(
        MEMBER | SERVICE, "MemberPlan", "Message", "MessageConnection", "MessageEdge", "MessageSurvey"
    ),
    **types_for(MEMBER | SERVICE, "PointEntryConnection", "PointEntryEdge"),
    # The member's own
    **types_for(MEMBER, "Member", "MemberCard", "Referral", "MemberQuote"),
    **types_for(MEMBER, "Device", "DevicePush"),
    # A member's own, and for managers those of a customer.
    **types_for(SIGNED_IN, "Consent", "ConsentAnswered"),
    **types_for(MEMBER | STAFF, "DataExport"),
    **types_for(MEMBER, "ChallengeAccepted", "ChallengeNotOpen"),
    **types_for(MEMBER, "SurveyAnswered", "SurveyAnsweredBefore", "CodeEntered", "CodeRefused"),
    **types_for(MEMBER, "ReceiptClaimed", "ReceiptRefused"),
    **types_for(MEMBER, "Leaderboard", "LeaderboardPlace", "LeaderboardPrize", "LeaderboardStanding"),
    **types_for(MEMBER, "LeaderboardJoined", "LeaderboardLeft"),
    **types_for(MEMBER, "Recommendation", "RecommendationOpened", "Product", "ProductCategory"),
    **types_for(MEMBER, "BuyingHabit"),
    **types_for(MEMBER, "NotificationSetting", "NotificationChannel", "NotificationSet", "ChallengeDeclined"),
    **types_for(
        MEMBER, "SignedIn", "ProfileUpdated", "ContactChanged", "ContactRemoved", "ContactProofNeeded"
    ),
    **types_for(MEMBER, "MembershipDeleted"),
    **types_for(MEMBER, "TermsAccepted", "ConsentSet", "AttributesSet"),
    **types_for(SIGNED_IN, "RewardLocked"),
    **types_for(SIGNED_IN, "MemberAttribute", "AttributeChoice"),
    **types_for(STAFF, "BirthdayCorrected", "MemberErased"),
    **types_for(
        MEMBER,
        "DeviceRegistered",
        "DeviceUnregistered",
        "TestPushSent",
        "TestPushFailed",
        "MessagesRead",
        "RewardRedeemed",
        "VoucherGivenBack",
    ),
    **types_for(MEMBER, "MemberActivityEvent", "BalanceChanged", "RewardUnlocked", "BadgeEarned"),
    **types_for(MEMBER, "TierChanged", "VoucherIssued"),
    **types_for(MEMBER, "VoucherUsed", "VoucherReinstated", "VoucherCancelled", "VoucherExpired"),
    **types_for(MEMBER, "MessageReceived", "Resync"),
    **types_for(MEMBER, "MessagesChanged", "ChallengeTakenUp", "ProgressChanged", "ProfileChanged"),
    **types_for(MEMBER, "ReferralChanged"),
    # What the till needs of a member, and the member sees too
    **types_for(SIGNED_IN | EMPLOYEES, "SignedOut"),
    **types_for(SIGNED_IN, "Wallet", "ArrivingAmount", "ExpiringAmount", "PointEntry", "RuleOutcome"),
    **types_for(SIGNED_IN, "RuleReason", "QuotedEntry", "WalletTotal", "TierProgress", "CountProgress"),
    **types_for(SIGNED_IN, "TierStep", "BadgeProgress", "Voucher", "VoucherConnection", "VoucherEdge"),
    **types_for(SIGNED_IN, "MemberReward", "MemberRewardConnection", "MemberRewardEdge", "Lock"),
    **types_for(SIGNED_IN, "Purchase", "PurchaseLine", "PurchaseConnection", "PurchaseEdge"),
    **types_for(SIGNED_IN, "VoucherNotUsable", "FiscalRecord", "FiscalPart", "FiscalTax"),
    **types_for(SIGNED_IN, "PayTerms", "WalletPart", "PaymentBack"),
    # What a payment is held for, by tills and by members themselves
    **types_for(SIGNED_IN, "PaymentHold", "HeldLot", "PaymentHeld", "HoldReleased"),
    **types_for(SIGNED_IN, "HoldRefused", "HoldNotUsable", "InsufficientBalance", "PaymentNotAccepted"),
    **types_for(SIGNED_IN, "UnknownCode", "ExpiredCode", "NotAllowed"),
    # The till's own: of employees and systems, then of employees alone
    **types_for(CLIENT, "CustomerBound"),
    **types_for(SERVING, "AlreadyEnrolled", "CheckedOut", "Customer", "CustomerAttributesSet"),
    **types_for(SERVING, "CustomerScan", "CustomerSegment", "EventRecorded"),
    **types_for(SERVING, "InvitedAtTill", "ParkedSale", "GuestPurchaseRecorded"),
    **types_for(SERVING, "ParkedSaleRefunded", "Payable", "PurchaseClaimed"),
    **types_for(SERVING, "PurchaseRecorded", "PurchaseRefunded", "Quote", "RedeemedForCustomer"),
    **types_for(SERVING, "RedemptionCodeSent", "RefundQuote", "RefundTooLarge"),
    **types_for(SERVING, "UnknownPurchase", "VoucherAccepted", "VoucherScan"),
    **types_for(EMPLOYEES, "Staff", "StaffSignedIn"),
    **types_for(STAFF, "CustomerMatch", "PurchaseCorrected", "CorrectionRefused"),
    **types_for(STAFF, "VoucherUseReversed", "BalanceAdjusted", "WalletFull"),
    **types_for(
        STAFF, "MembershipFrozen", "MembershipUnfrozen", "MembersMerged", "MergeUndone", "MergeRefused"
    ),
    **types_for(STAFF, "ContactProposed", "ContactApproved", "ShiftAction", "AuditEntry", "AuditBalance"),
}

# Null for everybody else: a voucher's code is worth its value, and staff only scan it. A member reads only
# their own vouchers.
GUARDED_FIELDS: Mapping[tuple[str, str], CallerKinds] = {
    ("Voucher", "code"): MEMBER,
    ("Voucher", "qr"): MEMBER,
    ("BacktestMember", "number"): CONSOLE_OPERATOR,
    ("BacktestMember", "customer"): CONSOLE_OPERATOR,
    ("SurveyComment", "customer"): SERVICE,
    ("SurveyComment", "number"): SERVICE,
    ("Customer", "consents"): SERVICE | {CallerKind.MANAGER, CallerKind.OPERATOR},
}


# ---------------------------------------------------------------- enforcing


def caller_kind(caller: Caller) -> CallerKind:
    """Return the kind of a caller in the table."""
    if isinstance(caller, Anonymous):
        return CallerKind.ANONYMOUS
    if isinstance(caller, MemberCaller):
        return CallerKind.MEMBER
    is_console_operator = caller.role == "OPERATOR" and caller.is_at_console
    return CallerKind.CONSOLE_OPERATOR if is_console_operator else CallerKind[caller.role]


def check_allowed(caller: Caller, allowed: CallerKinds) -> None:
    """Raise Unauthenticated or Forbidden unless the caller is of an allowed kind."""
    kind = caller_kind(caller)
    if kind not in allowed:
        raise Unauthenticated() if kind is CallerKind.ANONYMOUS else Forbidden()


def check_scopes(caller: Caller, permission: RootPermission) -> None:
    """Raise ScopeMissing where a system's key lacks a scope, or only quotes. What is public needs none."""
    if not isinstance(caller, ClientCaller) or permission.callers == PUBLIC:
        return
    if caller.is_test and not permission.is_quote:
        raise ScopeMissing(None)
    for scope in permission.scopes:
        if scope not in caller.scopes:
            raise ScopeMissing(scope)


def with_permissions(
    schema: GraphQLSchema,
    on_root_field: RootFieldHook,
    *,
    roots: Mapping[str, Mapping[str, RootPermission]] = ROOTS,
    guarded: Mapping[tuple[str, str], CallerKinds] = GUARDED_FIELDS,
) -> GraphQLSchema:
    """Return the schema with the table in front of its resolvers. A root field without an entry is closed to
    everybody.

    `on_root_field` is called with the context and the field's name before each root field runs, and may raise
    (RateLimited). The root fields of the schema that is given stay as they are, for others to begin with; the
    guards of other fields, which ask the caller alone, are put in once for all.
    """
    for (type_name, name), viewers in guarded.items():
        owner = schema.type_map.get(type_name)
        if isinstance(owner, GraphQLObjectType) and name in owner.fields:
            field = owner.fields[name]
            if VIEWERS not in field.extensions:
                field.resolve = _guarded_field(field.resolve, name, viewers)
                field.extensions = {**field.extensions, VIEWERS: viewers}
    parts = schema.to_kwargs() | {"types": None, "assume_valid": True}  # validated when it was made
    for operation in ("query", "mutation", "subscription"):
        if (root := parts[operation]) is not None:
            parts[operation] = _guarded_root_type(root, operation, roots.get(root.name, {}), on_root_field)
    return GraphQLSchema(**parts)


def _guarded_root_type(
    root: GraphQLObjectType,
    operation: str,
    permissions: Mapping[str, RootPermission],
    on_root_field: RootFieldHook,
) -> GraphQLObjectType:
    guarded = copy(root)
    guarded.fields = {name: copy(field) for name, field in root.fields.items()}
    for name, field in guarded.fields.items():
        permission = permissions.get(name, permit(NOBODY))
        if operation == "subscription":
            field.subscribe = _guarded_root(name, field.subscribe, permission, on_root_field)
        else:
            field.resolve = _guarded_root(name, field.resolve, permission, on_root_field)
        field.extensions = {**field.extensions, ROOT_FIELD: True}
    return guarded


def _guarded_root(
    name: str, resolve: Resolver | None, permission: RootPermission, on_root_field: RootFieldHook
) -> Resolver:
    def guarded(source: object, info: GraphQLResolveInfo[AnyContext], /, **arguments: object) -> object:
        context: AnyContext = info.context
        check_allowed(context.caller, permission.callers)
        check_scopes(context.caller, permission)
        on_root_field(context, name)
        return resolve(source, info, **arguments) if resolve else getattr(source, name, None)

    return guarded


def _guarded_field(resolve: Resolver | None, name: str, viewers: CallerKinds) -> Resolver:
    def guarded(source: object, info: GraphQLResolveInfo[AnyContext], /, **arguments: object) -> object:
        if caller_kind(info.context.caller) not in viewers:
            return None
        return resolve(source, info, **arguments) if resolve else getattr(source, name, None)

    return guarded
