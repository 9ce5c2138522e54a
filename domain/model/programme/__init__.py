"""The programme file: its parts as immutable values (`models`), loaded and checked as a whole (`load`). A
loyalty programme is this data, not code.
"""

from domain.model.programme.addresses import safe_address
from domain.model.programme.attributes import (
    AttributeMalformed,
    AttributeSpec,
    AttributeValue,
    write_value,
)
from domain.model.programme.badges import BadgeSpec, StampCard, Streak
from domain.model.programme.faults import ProgrammeFault, ProgrammeInvalid
from domain.model.programme.field_types import Hours, LocalizedText
from domain.model.programme.header import EventSpec, ProgrammeHeader, TermsSpec
from domain.model.programme.inactive import inactive_keys
from domain.model.programme.loading import LoadedProgramme, load, load_with_warnings
from domain.model.programme.membership import (
    CodeSpec,
    Leaderboard,
    PlanSpec,
    ReferralCondition,
    ReferralSpec,
    Segment,
)
from domain.model.programme.messages import ConsentChannel, ConsentSpec, MessageSpec, SurveySpec
from domain.model.programme.models import Programme
from domain.model.programme.parsing import content_hash
from domain.model.programme.report import check_report, summary_json, summary_text
from domain.model.programme.rewards import Availability, RewardCost, RewardSpec, VoucherSpec, VoucherValue
from domain.model.programme.rules import (
    Action,
    ActiveTimes,
    Award,
    Cap,
    CountBasis,
    DeductionSpec,
    Limit,
    Rule,
    SharedCap,
)
from domain.model.programme.tiers import (
    SINGLE_COUNT,
    CountSpec,
    NamedCount,
    QualifyingWindow,
    Tiers,
    TierSpec,
)
from domain.model.programme.wallets import Expiry, PayTerms, WalletSpec

__all__ = [
    "SINGLE_COUNT",
    "Action",
    "ActiveTimes",
    "AttributeMalformed",
    "AttributeSpec",
    "AttributeValue",
    "Availability",
    "Award",
    "BadgeSpec",
    "Cap",
    "CodeSpec",
    "ConsentChannel",
    "ConsentSpec",
    "CountBasis",
    "CountSpec",
    "DeductionSpec",
    "EventSpec",
    "Expiry",
    "Hours",
    "Leaderboard",
    "Limit",
    "LoadedProgramme",
    "LocalizedText",
    "MessageSpec",
    "NamedCount",
    "PayTerms",
    "PlanSpec",
    "Programme",
    "ProgrammeFault",
    "ProgrammeHeader",
    "ProgrammeInvalid",
    "QualifyingWindow",
    "ReferralCondition",
    "ReferralSpec",
    "RewardCost",
    "RewardSpec",
    "Rule",
    "Segment",
    "SharedCap",
    "StampCard",
    "Streak",
    "SurveySpec",
    "TermsSpec",
    "TierSpec",
    "Tiers",
    "VoucherSpec",
    "VoucherValue",
    "WalletSpec",
    "check_report",
    "content_hash",
    "inactive_keys",
    "load",
    "load_with_warnings",
    "safe_address",
    "summary_json",
    "summary_text",
    "write_value",
]
