"""The table of contents of the API: each noun has a file, and here their fields come together into one
schema.
"""

import strawberry
from strawberry.schema.config import StrawberryConfig

from api.graphql.engine.scalars import SCALARS
from api.graphql.member.actions.challenges import ChallengeMutation
from api.graphql.member.actions.codes import CodeMutation
from api.graphql.member.actions.data_export import DataExportMutation
from api.graphql.member.actions.enrolment import EnrolmentMutation
from api.graphql.member.actions.redemption import RedemptionMutation
from api.graphql.member.actions.surveys import SurveyMutation
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
from api.graphql.till.customer_attributes import CustomerAttributeMutation
from api.graphql.till.customer_birthdays import CustomerBirthdayMutation
from api.graphql.till.customers import CustomerQuery
from api.graphql.till.events import EventMutation
from api.graphql.till.lost_contacts import LostContactMutation
from api.graphql.till.purchases import PurchaseMutation, PurchaseQuery
from api.graphql.till.redemption import ConfirmedRedemptionMutation
from api.graphql.till.refunds import RefundMutation, RefundQuery
from api.graphql.till.scanning import ScanMutation
from api.graphql.till.staff import StaffMutation, StaffQuery
from api.graphql.till.voucher_use import VoucherUseMutation


@strawberry.type(description="What can be read. One request may ask for a whole screen.")
class Query(
    NodeQuery, ProgrammeQuery, MemberQuery, StaffQuery, CustomerQuery, PurchaseQuery, RefundQuery, TrailQuery
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
    DeviceMutation,
    TrialPushMutation,
    RedemptionMutation,
    CodeMutation,
    VoucherUseMutation,
    ChallengeMutation,
    MessageMutation,
    SurveyMutation,
    DataExportMutation,
    StaffMutation,
    ScanMutation,
    PurchaseMutation,
    CheckoutMutation,
    ConfirmedRedemptionMutation,
    RefundMutation,
    AdjustmentMutation,
    CustomerAttributeMutation,
    CustomerBirthdayMutation,
    LostContactMutation,
    EventMutation,
):
    pass


def make_schema() -> strawberry.Schema:
    """Return a new schema: the engine that serves it installs the permissions in front of its resolvers."""
    return strawberry.Schema(
        query=Query, mutation=Mutation, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS)
    )


def schema_text() -> str:
    """Return the text of `schema.graphql`."""
    return make_schema().as_str() + "\n"
