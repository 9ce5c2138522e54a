"""The names of the built-in events, spelled once."""

ENROLLED = "member.enrolled"
IMPORTED = "member.imported"  # brought along from another system, with what they had there
CONSENTED = "member.consented"
ATTRIBUTES_CHANGED = "member.attributes_changed"
PROFILE_CHANGED = "member.profile_changed"  # told to other systems alone: no rule sees it
BIRTHDAY = "member.birthday"
ANNIVERSARY = "member.anniversary"
PURCHASED = "purchase.completed"
REFUNDED = "purchase.refunded"
CORRECTED = "purchase.corrected"
REDEEMED = "reward.redeemed"
GIVEN = "reward.given"  # by service, for nothing
VOUCHER_USED = "voucher.used"
VOUCHER_CANCELLED = "voucher.cancelled"
VOUCHER_EXPIRED = "voucher.expired"
VOUCHER_REVERSED = "voucher.reversed"
ADJUSTED = "balance.adjusted"
REFERRAL_QUALIFIED = "referral.qualified"
REFERRAL_UNMADE = "referral.unmade"
CODE_ENTERED = "code.entered"
PLAN_STARTED = "plan.started"
PLAN_RENEWED = "plan.renewed"
PLAN_ENDED = "plan.ended"
LEADERBOARD_ENDED = "leaderboard.ended"
CHALLENGE_ACCEPTED = "challenge.accepted"
SURVEY_ANSWERED = "survey.answered"
HOLD_PLACED = "hold.placed"
HOLD_RELEASED = "hold.released"
HOLD_LAPSED = "hold.lapsed"
SCHEDULE = "schedule"
FROZEN = "member.frozen"
UNFROZEN = "member.unfrozen"
TAGGED = "member.tagged"  # by hand
ERASED = "member.erased"
INACTIVE = "member.inactive"
CLOSED = "member.closed"  # merged into another membership, whose event is member.merged
MERGED = "member.merged"
TRANSFERRED = "member.transferred"  # what a row of a closed membership left behind
REOPENED = "member.reopened"  # a merge undone: of the membership that was closed
UNMERGED = "member.unmerged"
POINTS_AWARDED = "points.awarded"
POINTS_EXPIRING = "points.expiring"
POINTS_EXPIRED = "points.expired"
TIER_CHANGED = "tier.changed"
TIER_REVIEWED = "tier.reviewed"
BADGE_EARNED = "badge.earned"
REWARD_UNLOCKED = "reward.unlocked"
REWARDS_REVIEWED = "rewards.reviewed"
SEGMENT_ENTERED = "segment.entered"
SEGMENT_LEFT = "segment.left"

# What other systems may subscribe to without a rule.
TOLD_EVENTS = frozenset(
    {
        *(ENROLLED, CONSENTED, ATTRIBUTES_CHANGED, PROFILE_CHANGED, BIRTHDAY, ANNIVERSARY, INACTIVE),
        *(FROZEN, UNFROZEN, TAGGED, ERASED, CLOSED, MERGED, REOPENED, UNMERGED),
        *(PURCHASED, REFUNDED, CORRECTED, REDEEMED, GIVEN, ADJUSTED, REFERRAL_QUALIFIED, CODE_ENTERED),
        *(VOUCHER_USED, VOUCHER_CANCELLED, VOUCHER_EXPIRED, VOUCHER_REVERSED),
        *(PLAN_STARTED, PLAN_RENEWED, PLAN_ENDED, CHALLENGE_ACCEPTED, SURVEY_ANSWERED),
        *(LEADERBOARD_ENDED,),
        *(POINTS_AWARDED, POINTS_EXPIRING, POINTS_EXPIRED, TIER_CHANGED, BADGE_EARNED, REWARD_UNLOCKED),
        *(SEGMENT_ENTERED, SEGMENT_LEFT),
    }
)
# What one decision may raise as it gives and takes.
FOLLOWING_EVENTS = frozenset(
    {
        *(POINTS_AWARDED, POINTS_EXPIRED, TIER_CHANGED, BADGE_EARNED, REWARD_UNLOCKED),
        *(SEGMENT_ENTERED, SEGMENT_LEFT),
    }
)
LEAVING_EVENTS = frozenset({ERASED, CLOSED})  # after them there is no active member any more
MOVING_EVENTS = frozenset({MERGED, TRANSFERRED})
POINTS_EVENTS = frozenset({POINTS_AWARDED, POINTS_EXPIRING, POINTS_EXPIRED})


def move_id(member: str, seq: int | str) -> str:
    """Return the id of the event by which what a row of a closed membership left behind is taken."""
    return f"transfer:{member}:{seq}"
