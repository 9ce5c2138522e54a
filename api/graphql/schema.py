"""The doors of the API: a table of contents. Each noun has a file; here they come together into one
schema.
"""

import strawberry
from strawberry.schema.config import StrawberryConfig

from api.graphql.activity import Subscription
from api.graphql.adjustments import AdjustmentMutation
from api.graphql.customers import CustomerQuery
from api.graphql.devices import DeviceMutation
from api.graphql.events import EventMutation
from api.graphql.members import MemberQuery
from api.graphql.messages import MessageMutation
from api.graphql.nodes import NodeQuery
from api.graphql.profile import ProfileMutation
from api.graphql.programme import ProgrammeQuery
from api.graphql.purchases import PurchaseMutation, PurchaseQuery
from api.graphql.redemption import RedemptionMutation
from api.graphql.refunds import RefundMutation, RefundQuery
from api.graphql.scalars import SCALARS
from api.graphql.scanning import ScanMutation
from api.graphql.sign_in import SignInMutation
from api.graphql.staff import StaffMutation, StaffQuery
from api.graphql.surveys import SurveyMutation
from api.graphql.trail import TrailQuery


@strawberry.type(description="What can be read. One request may ask for a whole screen.")
class Query(
    NodeQuery, ProgrammeQuery, MemberQuery, StaffQuery, CustomerQuery, PurchaseQuery, RefundQuery, TrailQuery
):
    pass


@strawberry.type(
    description="Each takes one input and answers its success, or a Problem that a screen can act on."
)
class Mutation(
    SignInMutation,
    ProfileMutation,
    DeviceMutation,
    RedemptionMutation,
    MessageMutation,
    SurveyMutation,
    StaffMutation,
    ScanMutation,
    PurchaseMutation,
    RefundMutation,
    AdjustmentMutation,
    EventMutation,
):
    pass


def make_schema() -> strawberry.Schema:
    """Return a schema of its own: whoever serves it puts the table of permissions in front of its
    resolvers.
    """
    return strawberry.Schema(
        query=Query, mutation=Mutation, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS)
    )


def schema_text() -> str:
    """Return the schema as `schema.graphql` holds it."""
    return make_schema().as_str() + "\n"
