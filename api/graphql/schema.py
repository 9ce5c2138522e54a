"""The table of contents of the API: each noun has a file, and here their fields come together into one
schema.
"""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from api.graphql.console.backtests import BacktestMutation, BacktestQuery
from api.graphql.console.bulk_corrections import BulkCorrectionMutation
from api.graphql.console.code_making import CodeMakingMutation
from api.graphql.console.code_uses import CodeUseQuery
from api.graphql.console.contact_proposals import ContactProposalQuery
from api.graphql.console.correction_proposals import CorrectionProposalMutation, CorrectionProposalQuery
from api.graphql.console.figures import FiguresQuery
from api.graphql.console.member_acts import MemberActMutation
from api.graphql.console.member_notes import ServiceNoteMutation
from api.graphql.console.member_records import MemberRecordQuery
from api.graphql.console.nicknames import NicknameMutation, NicknameQuery
from api.graphql.console.operations.refusals import RefusedCallsQuery
from api.graphql.console.operations.shifts import ShiftQuery
from api.graphql.console.operations.systems import SystemMutation, SystemQuery
from api.graphql.console.operations.waiting import (
    SourcePauseMutation,
    WaitingMutation,
    WaitingQuery,
)
from api.graphql.console.operations.workforce import WorkforceMutation, WorkforceQuery
from api.graphql.console.programme.drafts import ProgrammeDraftQuery
from api.graphql.console.programme.pictures import ProgrammePictureMutation, ProgrammePictureQuery
from api.graphql.console.programme.proposals import ProgrammeProposalMutation, ProgrammeProposalQuery
from api.graphql.console.programme.versions import ProgrammeVersionQuery
from api.graphql.console.requests_of_members import MemberRequestMutation
from api.graphql.console.segments.files import FileMutation
from api.graphql.console.segments.member_jobs import MemberJobMutation, MemberJobQuery
from api.graphql.console.segments.messages_once import OnceMessageMutation
from api.graphql.console.segments.segments import SegmentQuery
from api.graphql.console.segments.tagging import TaggingMutation
from api.graphql.console.staff_proposals import StaffProposalMutation, StaffProposalQuery
from api.graphql.console.survey_comments import SurveyCommentQuery
from api.graphql.engine.compiling.input_reading import read_inputs
from api.graphql.engine.scalars import SCALARS
from api.graphql.member.actions.challenges import ChallengeMutation
from api.graphql.member.actions.codes import CodeMutation
from api.graphql.member.actions.data_export import DataExportMutation
from api.graphql.member.actions.deletion import DeletionMutation
from api.graphql.member.actions.enrolment import EnrolmentMutation
from api.graphql.member.actions.receipt_claims import ReceiptClaimMutation
from api.graphql.member.actions.redemption import RedemptionMutation
from api.graphql.member.actions.surveys import SurveyMutation
from api.graphql.member.club.leaderboards import LeaderboardMutation, LeaderboardQuery
from api.graphql.member.club.notifications import NotificationMutation
from api.graphql.member.club.recommendations import RecommendationMutation
from api.graphql.member.contact_change import ContactMutation
from api.graphql.member.devices.devices import DeviceMutation
from api.graphql.member.devices.trial_push import TrialPushMutation
from api.graphql.member.live.activity import Subscription
from api.graphql.member.members import MemberQuery
from api.graphql.member.messages import MessageMutation
from api.graphql.member.profile import ProfileMutation
from api.graphql.member.programme import ProgrammeQuery
from api.graphql.member.sign_in import SignInMutation
from api.graphql.nodes import NodeQuery
from api.graphql.till.adjustments import AdjustmentMutation
from api.graphql.till.audit_trail import TrailQuery
from api.graphql.till.checkout import CheckoutMutation
from api.graphql.till.corrections import CorrectionMutation
from api.graphql.till.customer_attributes import CustomerAttributeMutation
from api.graphql.till.customer_birthdays import CustomerBirthdayMutation
from api.graphql.till.customer_search import CustomerSearchQuery
from api.graphql.till.customers import CustomerQuery
from api.graphql.till.events import EventMutation
from api.graphql.till.guests.guest_purchases import GuestPurchaseMutation
from api.graphql.till.joining import JoiningMutation
from api.graphql.till.lost_contacts import LostContactMutation
from api.graphql.till.member_data import MemberDataMutation
from api.graphql.till.merging import MergingMutation
from api.graphql.till.paying.customer_binding import CustomerBindingMutation
from api.graphql.till.paying.holds import HoldMutation
from api.graphql.till.purchases import PurchaseMutation, PurchaseQuery
from api.graphql.till.redemption import ConfirmedRedemptionMutation
from api.graphql.till.refunds import RefundMutation, RefundQuery
from api.graphql.till.scanning import ScanMutation
from api.graphql.till.staff import StaffMutation, StaffQuery
from api.graphql.till.voucher_use import VoucherUseMutation


@strawberry.type(description="What can be read. One request may ask for a whole screen.")
class Query(
    NodeQuery,
    ProgrammeQuery,
    MemberQuery,
    LeaderboardQuery,
    StaffQuery,
    CustomerQuery,
    CustomerSearchQuery,
    PurchaseQuery,
    RefundQuery,
    TrailQuery,
    MemberRecordQuery,
    CorrectionProposalQuery,
    StaffProposalQuery,
    NicknameQuery,
    ContactProposalQuery,
    WorkforceQuery,
    SystemQuery,
    WaitingQuery,
    RefusedCallsQuery,
    ShiftQuery,
    FiguresQuery,
    BacktestQuery,
    ProgrammeVersionQuery,
    ProgrammeDraftQuery,
    ProgrammeProposalQuery,
    SegmentQuery,
    MemberJobQuery,
    CodeUseQuery,
    ProgrammePictureQuery,
    SurveyCommentQuery,
):
    pass


@strawberry.type(
    description="Each takes one input and answers its success, or a Problem that a screen can act on."
)
class Mutation(
    EnrolmentMutation,
    SignInMutation,
    ProfileMutation,
    ContactMutation,
    DeletionMutation,
    DeviceMutation,
    TrialPushMutation,
    RedemptionMutation,
    CodeMutation,
    ReceiptClaimMutation,
    LeaderboardMutation,
    RecommendationMutation,
    NotificationMutation,
    VoucherUseMutation,
    ChallengeMutation,
    MessageMutation,
    SurveyMutation,
    DataExportMutation,
    StaffMutation,
    ScanMutation,
    PurchaseMutation,
    CheckoutMutation,
    HoldMutation,
    CustomerBindingMutation,
    ConfirmedRedemptionMutation,
    JoiningMutation,
    GuestPurchaseMutation,
    RefundMutation,
    CorrectionMutation,
    AdjustmentMutation,
    CustomerAttributeMutation,
    CustomerBirthdayMutation,
    LostContactMutation,
    MemberDataMutation,
    MergingMutation,
    EventMutation,
    CorrectionProposalMutation,
    MemberRequestMutation,
    StaffProposalMutation,
    MemberActMutation,
    ServiceNoteMutation,
    NicknameMutation,
    BulkCorrectionMutation,
    WorkforceMutation,
    SystemMutation,
    WaitingMutation,
    SourcePauseMutation,
    BacktestMutation,
    ProgrammeProposalMutation,
    OnceMessageMutation,
    TaggingMutation,
    FileMutation,
    MemberJobMutation,
    ProgrammePictureMutation,
    CodeMakingMutation,
):
    pass


@cache
def make_schema() -> strawberry.Schema:
    """Return the schema, made once a process: each engine that serves it puts permissions in front of its
    resolvers.
    """
    schema = strawberry.Schema(
        query=Query, mutation=Mutation, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS)
    )
    read_inputs(schema._schema)
    return schema


def schema_text() -> str:
    """Return the text of `schema.graphql`."""
    return make_schema().as_str() + "\n"
