"""What the audit trail says that somebody did, one word an act."""

from __future__ import annotations

from typing import Literal

Action = Literal[
    # at a till
    "PURCHASE",
    "REFUND",
    "PURCHASE_CORRECTED",
    "ADJUSTMENT",
    "VOUCHER_USED",
    "VOUCHER_REVERSED",
    "PAYMENT_HELD",  # the subject is the order, the amount is in units of the wallet
    "HOLD_RELEASED",
    "REWARD_REDEEMED",
    "EVENT",
    "ATTRIBUTES",
    "MEMBER_FROZEN",
    "MEMBER_UNFROZEN",
    "MEMBER_INVITED",  # the subject is the receipt that waits for them, empty where none does
    "MEMBER_LOOKED_UP",  # in a collection of its own: look_ups.py
    # by whoever runs the system, and by members themselves
    "STAFF_ADDED",
    "STAFF_DISABLED",
    "STAFF_ENABLED",
    "STAFF_MOVED",
    "PASSWORD_CHANGED",
    "SECOND_FACTOR_SET",
    "SECOND_FACTOR_RESET",
    "RECOVERY_CODE_USED",
    "STAFF_SIGN_IN_REFUSED",
    "KEYS_ROTATED",
    "KEYS_DROPPED",
    "SECRET_ACCEPTED",
    "PROGRAMME_PUBLISHED",
    "PROGRAMME_PROPOSED",
    "PROGRAMME_APPROVED",
    "PROGRAMME_DECLINED",
    "PROGRAMME_DROPPED",
    "CODES_MADE",
    "OUTBOX_RETRIED",
    "SOURCES_PUBLISHED",
    "INTAKE_RETRIED",
    "INTAKE_ERASED",
    "CLIENT_ADDED",
    "CLIENT_CHANGED",
    "CLIENT_KEY_ROTATED",
    "CLIENT_REVOKED",
    "CUSTOMER_BOUND",
    "CONTACT_CHANGED",
    "CONTACT_CHANGE_UNDONE",
    "CONTACT_REMOVED",
    "CONTACT_PROPOSED",
    "CONTACT_REPLACED",
    "BIRTHDAY_CORRECTED",
    "DATA_EXPORTED",
    "MEMBERS_IMPORTED",  # the subject is their source
    "DELETION_REQUESTED",
    "DELETION_UNDONE",
    "MEMBER_ERASED",
    "MEMBER_REPAIRED",  # the subject says from which version to which
    "MEMBERS_MERGED",
    "MERGE_UNDONE",
    "CORRECTION_PROPOSED",
    "CORRECTION_APPROVED",
    "CORRECTION_DECLINED",
    # at the console
    "STORE_ADDED",
    "STORE_RENAMED",
    "PROPOSED",  # what takes a second person; the subject says what
    "APPROVED",
    "DECLINED",
    "REWARD_GIVEN",
    "TAGS_CHANGED",
    "NOTE_ADDED",
    "NOTE_REMOVED",
    "NICKNAME_TAKEN",
    "SIGN_IN_CODE_SENT",
    "MEMBER_ENROLLED",
    "CORRECTIONS_MADE",  # of a file, with four eyes; the subject says how many
    "SEGMENT_READ",  # the subject is the segment, the amount how many members were shown
    "MESSAGE_SENT",  # once, to a segment; the subject is the job and the segment
    "MESSAGE_TRIED",  # on the member, before it is sent; the amount is in how many languages
    "TAGS_OF_MANY",  # the subject is the job, the segment and the tags
    "FILE_STARTED",  # the subject is the job and of what it is
    "FILE_FETCHED",
    "JOB_STOPPED",
    "SOURCE_PAUSED",
    "SOURCE_RESUMED",
    "PICTURE_ADDED",  # the subject is its address
]
