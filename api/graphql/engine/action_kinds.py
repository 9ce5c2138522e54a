"""What the audit trail says that somebody did."""

from enum import Enum
from typing import get_args

import strawberry

from api.graphql.engine.enums import enum_of_words
from domain.store.audit_actions import Action

ACTIONS: dict[str, Action] = {action: action for action in get_args(Action)}


@enum_of_words(Action, description="What somebody did.")
class StaffActionKind(Enum):
    PURCHASE = strawberry.enum_value("PURCHASE", description="Recorded a purchase.")
    REFUND = strawberry.enum_value("REFUND", description="Recorded a refund.")
    PURCHASE_CORRECTED = strawberry.enum_value(
        "PURCHASE_CORRECTED", description="Put the total of a recorded purchase right."
    )
    ADJUSTMENT = strawberry.enum_value("ADJUSTMENT", description="Corrected a balance.")
    VOUCHER_USED = strawberry.enum_value("VOUCHER_USED", description="Accepted a voucher.")
    PAYMENT_HELD = strawberry.enum_value(
        "PAYMENT_HELD", description="Held an amount of a member's wallet for an order, which is the subject."
    )
    HOLD_RELEASED = strawberry.enum_value("HOLD_RELEASED", description="Gave up what was held for an order.")
    REWARD_REDEEMED = strawberry.enum_value(
        "REWARD_REDEEMED", description="Redeemed a reward for a member, by a code sent to them."
    )
    VOUCHER_REVERSED = strawberry.enum_value("VOUCHER_REVERSED", description="Took an acceptance back.")
    EVENT = strawberry.enum_value("EVENT", description="Recorded an event.")
    ATTRIBUTES = strawberry.enum_value("ATTRIBUTES", description="Set what staff know of a member.")
    MEMBER_FROZEN = strawberry.enum_value("MEMBER_FROZEN", description="Froze a membership.")
    MEMBER_UNFROZEN = strawberry.enum_value("MEMBER_UNFROZEN", description="Unfroze a membership.")
    MEMBER_INVITED = strawberry.enum_value(
        "MEMBER_INVITED",
        description="Sent a code to somebody who wants to join; the subject is the receipt that waits.",
    )
    MEMBER_LOOKED_UP = strawberry.enum_value("MEMBER_LOOKED_UP", description="Looked a member up.")
    STAFF_ADDED = strawberry.enum_value("STAFF_ADDED", description="Put somebody on the list of staff.")
    STAFF_DISABLED = strawberry.enum_value("STAFF_DISABLED", description="Shut an employee out.")
    STAFF_ENABLED = strawberry.enum_value("STAFF_ENABLED", description="Let an employee in again.")
    STAFF_MOVED = strawberry.enum_value(
        "STAFF_MOVED", description="Changed the stores at which an employee may sign in."
    )
    PASSWORD_CHANGED = strawberry.enum_value(
        "PASSWORD_CHANGED", description="Gave an employee another password."
    )
    SECOND_FACTOR_SET = strawberry.enum_value(
        "SECOND_FACTOR_SET", description="Enrolled their own second factor."
    )
    SECOND_FACTOR_RESET = strawberry.enum_value(
        "SECOND_FACTOR_RESET", description="Took an employee's second factor away."
    )
    STAFF_SIGN_IN_REFUSED = strawberry.enum_value(
        "STAFF_SIGN_IN_REFUSED",
        description="A sign-in was refused; `reason` says why. The subject is `unknown` where nobody has"
        " that name.",
    )
    RECOVERY_CODE_USED = strawberry.enum_value(
        "RECOVERY_CODE_USED", description="Signed in with a recovery code."
    )
    KEYS_ROTATED = strawberry.enum_value("KEYS_ROTATED", description="Made another key that signs tokens.")
    KEYS_DROPPED = strawberry.enum_value(
        "KEYS_DROPPED", description="Ended a key that signs tokens, and every token of it."
    )
    SECRET_ACCEPTED = strawberry.enum_value(
        "SECRET_ACCEPTED", description="Went on without the database's own secret, which was lost."
    )
    PROGRAMME_PUBLISHED = strawberry.enum_value(
        "PROGRAMME_PUBLISHED", description="Published a version of the programme."
    )
    PROGRAMME_PROPOSED = strawberry.enum_value(
        "PROGRAMME_PROPOSED", description="Proposed a version of the programme; the reason is its note."
    )
    PROGRAMME_APPROVED = strawberry.enum_value(
        "PROGRAMME_APPROVED", description="Approved a version that a colleague proposed."
    )
    PROGRAMME_DECLINED = strawberry.enum_value(
        "PROGRAMME_DECLINED", description="Declined a proposed version, or took back one of their own."
    )
    PROGRAMME_DROPPED = strawberry.enum_value(
        "PROGRAMME_DROPPED",
        description="A scheduled version was not published: another was first, or it had faults by then.",
    )
    CODES_MADE = strawberry.enum_value("CODES_MADE", description="Made single-use codes of a batch.")
    OUTBOX_RETRIED = strawberry.enum_value(
        "OUTBOX_RETRIED", description="Let something that was parked be sent again."
    )
    SOURCES_PUBLISHED = strawberry.enum_value(
        "SOURCES_PUBLISHED", description="Published which shops and systems may report."
    )
    INTAKE_RETRIED = strawberry.enum_value(
        "INTAKE_RETRIED", description="Let what a shop sent be tried again."
    )
    INTAKE_ERASED = strawberry.enum_value(
        "INTAKE_ERASED", description="Erased what a shop brought of a customer, as the shop asked."
    )
    CLIENT_ADDED = strawberry.enum_value(
        "CLIENT_ADDED", description="Gave a system a key; the subject is the system's name."
    )
    CLIENT_CHANGED = strawberry.enum_value(
        "CLIENT_CHANGED", description="Changed what a system's keys may do."
    )
    CLIENT_KEY_ROTATED = strawberry.enum_value("CLIENT_KEY_ROTATED", description="Gave a system another key.")
    CLIENT_REVOKED = strawberry.enum_value("CLIENT_REVOKED", description="Ended all keys of a system.")
    CUSTOMER_BOUND = strawberry.enum_value(
        "CUSTOMER_BOUND", description="A system's customer became a member's, by the member's own card."
    )
    CONTACT_PROPOSED = strawberry.enum_value(
        "CONTACT_PROPOSED", description="Proposed a new contact for a member who lost theirs."
    )
    DATA_EXPORTED = strawberry.enum_value(
        "DATA_EXPORTED", description="Asked for all data of a member: the member, or by the command line."
    )
    DELETION_REQUESTED = strawberry.enum_value(
        "DELETION_REQUESTED",
        description="A member had their membership deleted, or service for them; it can be undone.",
    )
    DELETION_UNDONE = strawberry.enum_value(
        "DELETION_UNDONE",
        description="A member kept their membership after all, or service kept it for them.",
    )
    MEMBER_ERASED = strawberry.enum_value(
        "MEMBER_ERASED",
        description=(
            "The person was erased. The subject says why: `member` by their own wish, `service` by an"
            " operator, `retention` by the programme's term, `restored` again after a backup came back."
        ),
    )
    MEMBER_REPAIRED = strawberry.enum_value(
        "MEMBER_REPAIRED",
        description="Wrote a member's balances anew as their journal gives them; the subject counts them.",
    )
    MEMBERS_IMPORTED = strawberry.enum_value(
        "MEMBERS_IMPORTED",
        description="Brought so many members along from another system; the subject is its name.",
    )
    MEMBERS_MERGED = strawberry.enum_value(
        "MEMBERS_MERGED", description="Merged a membership into another one; the subject is its number."
    )
    MERGE_UNDONE = strawberry.enum_value(
        "MERGE_UNDONE", description="Undid a merge; the subject is the number of the one that was closed."
    )
    BIRTHDAY_CORRECTED = strawberry.enum_value(
        "BIRTHDAY_CORRECTED", description="Corrected a member's birthday, with a reason."
    )
    CONTACT_REPLACED = strawberry.enum_value(
        "CONTACT_REPLACED", description="Approved the new contact of a member who lost theirs."
    )
    CONTACT_REMOVED = strawberry.enum_value(
        "CONTACT_REMOVED", description="Took their own e-mail address or phone number away."
    )
    CONTACT_CHANGE_UNDONE = strawberry.enum_value(
        "CONTACT_CHANGE_UNDONE", description="Whoever had the contact before took the change back."
    )
    CORRECTION_PROPOSED = strawberry.enum_value(
        "CORRECTION_PROPOSED", description="Asked for a correction that takes another's approval."
    )
    CORRECTION_APPROVED = strawberry.enum_value(
        "CORRECTION_APPROVED", description="Approved a correction that a colleague asked for."
    )
    CORRECTION_DECLINED = strawberry.enum_value(
        "CORRECTION_DECLINED", description="Declined a correction, or took back one that they asked for."
    )
    CONTACT_CHANGED = strawberry.enum_value(
        "CONTACT_CHANGED", description="A member changed their e-mail address or phone."
    )
    STORE_ADDED = strawberry.enum_value("STORE_ADDED", description="Opened a store.")
    STORE_RENAMED = strawberry.enum_value("STORE_RENAMED", description="Gave a store another name.")
    PROPOSED = strawberry.enum_value(
        "PROPOSED", description="Asked for what takes a second person; the subject says what."
    )
    APPROVED = strawberry.enum_value("APPROVED", description="Approved what a colleague asked for.")
    DECLINED = strawberry.enum_value(
        "DECLINED", description="Declined what a colleague asked for, or took back their own."
    )
    REWARD_GIVEN = strawberry.enum_value("REWARD_GIVEN", description="Gave a member a reward for nothing.")
    TAGS_CHANGED = strawberry.enum_value(
        "TAGS_CHANGED", description="Put tags on a member, or took them away."
    )
    NOTE_ADDED = strawberry.enum_value("NOTE_ADDED", description="Wrote a note about a member.")
    NOTE_REMOVED = strawberry.enum_value("NOTE_REMOVED", description="Took a note about a member away.")
    NICKNAME_TAKEN = strawberry.enum_value(
        "NICKNAME_TAKEN", description="Took a member's nickname on leaderboards away."
    )
    SIGN_IN_CODE_SENT = strawberry.enum_value(
        "SIGN_IN_CODE_SENT", description="Had a sign-in code sent to a member again."
    )
    MEMBER_ENROLLED = strawberry.enum_value(
        "MEMBER_ENROLLED", description="Enrolled somebody who proved their contact."
    )
    CORRECTIONS_MADE = strawberry.enum_value(
        "CORRECTIONS_MADE", description="Made the corrections of a file; the subject says how many."
    )
    SEGMENT_READ = strawberry.enum_value(
        "SEGMENT_READ", description="Read the members of a segment; the amount says how many."
    )
    MESSAGE_SENT = strawberry.enum_value("MESSAGE_SENT", description="Sent a message once to a segment.")
    MESSAGE_TRIED = strawberry.enum_value(
        "MESSAGE_TRIED",
        description="Sent a member a message as a test; the amount says in how many languages.",
    )
    TAGS_OF_MANY = strawberry.enum_value("TAGS_OF_MANY", description="Had the tags of many members changed.")
    FILE_STARTED = strawberry.enum_value("FILE_STARTED", description="Asked for a file to take along.")
    FILE_FETCHED = strawberry.enum_value("FILE_FETCHED", description="Fetched a file.")
    SOURCE_PAUSED = strawberry.enum_value(
        "SOURCE_PAUSED", description="Had what a source sends wait, which is the subject."
    )
    SOURCE_RESUMED = strawberry.enum_value("SOURCE_RESUMED", description="Had it worked off again.")
    PICTURE_ADDED = strawberry.enum_value(
        "PICTURE_ADDED", description="Added a picture for the programme; the subject is its address."
    )
    JOB_STOPPED = strawberry.enum_value("JOB_STOPPED", description="Stopped what was done to many members.")


def action_of(kind: StaffActionKind) -> Action:
    """Return the domain's word for a kind of act."""
    return ACTIONS[kind.name]
