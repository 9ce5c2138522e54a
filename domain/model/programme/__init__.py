"""The programme file: its words as values (`models`), read and checked whole (`load`). A loyalty programme is
this data, not code.
"""

from domain.model.programme.badges import BadgeSpec, Streak
from domain.model.programme.faults import Fault, ProgrammeFaults
from domain.model.programme.header import EventSpec, Header, Terms
from domain.model.programme.loading import Loaded, inspect, load
from domain.model.programme.messages import ConsentSpec, Message, Survey
from domain.model.programme.models import Programme
from domain.model.programme.people import Leaderboard, Plan, Qualifies, Referral, Segment
from domain.model.programme.reading import content_hash
from domain.model.programme.report import check_report, inactive, summary, to_json
from domain.model.programme.rewards import Available, Cost, RewardSpec, Value, VoucherSpec
from domain.model.programme.rules import Action, Award, Cap, Deduct, During, Limit, Of, Rule
from domain.model.programme.tiers import Count, Rung, Tiers, Window
from domain.model.programme.wallets import Expiry, WalletSpec
from domain.model.programme.words import Hours, Text

__all__ = [
    "Action",
    "Available",
    "Award",
    "BadgeSpec",
    "Cap",
    "ConsentSpec",
    "Cost",
    "Count",
    "Deduct",
    "During",
    "EventSpec",
    "Expiry",
    "Fault",
    "Header",
    "Hours",
    "Leaderboard",
    "Limit",
    "Loaded",
    "Message",
    "Of",
    "Plan",
    "Programme",
    "ProgrammeFaults",
    "Qualifies",
    "Referral",
    "RewardSpec",
    "Rule",
    "Rung",
    "Segment",
    "Streak",
    "Survey",
    "Terms",
    "Text",
    "Tiers",
    "Value",
    "VoucherSpec",
    "WalletSpec",
    "Window",
    "check_report",
    "content_hash",
    "inactive",
    "inspect",
    "load",
    "summary",
    "to_json",
]
