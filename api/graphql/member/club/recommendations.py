"""For you: what is recommended to the member, each with the reason, and noting that they opened one."""

from datetime import date
from enum import Enum
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.shared_types import Info
from api.graphql.member.catalogue.pictures import PICTURE_URL, PictureWidth, picture_url
from api.graphql.member.rewards import MemberReward, member_reward
from api.texts import day_text, of_kind, say
from domain.model.club import products, recommending
from domain.model.club.habits import Habit
from domain.model.ledger.decision import StockState
from domain.model.programme import LocalizedText, safe_address
from domain.services.club import openings, recommendations
from domain.services.club.recommendations import MAX_FIRST, RecommendationReader
from domain.services.ledger.queries import MemberView

DEFAULT_FIRST = 10

RecommendationsFirst = Annotated[int, strawberry.argument(description=f"1 to {MAX_FIRST}.")]


@enum_of_words(recommending.Kind, description="What is recommended.")
class RecommendationKind(Enum):
    PRODUCT = strawberry.enum_value("PRODUCT", description="A product of the catalogue.")
    REWARD = strawberry.enum_value("REWARD", description="A reward of the programme.")


@enum_of_words(
    recommending.Reason,
    description=(
        "Why something is recommended. New reasons may be added: show `message` for one that the app does"
        " not know."
    ),
)
class RecommendationReason(Enum):
    BOUGHT_PRODUCT = strawberry.enum_value(
        "BOUGHT_PRODUCT", description="Others who bought `boughtProduct` bought it too."
    )
    BOUGHT_CATEGORY = strawberry.enum_value("BOUGHT_CATEGORY", description="The member buys `category`.")
    REACHABLE = strawberry.enum_value("REACHABLE", description="The balance is enough for it.")
    NEARLY = strawberry.enum_value("NEARLY", description="The balance is enough for half of it or more.")
    POPULAR = strawberry.enum_value("POPULAR", description="Many buy or redeem it.")
    BUY_AGAIN = strawberry.enum_value(
        "BUY_AGAIN", description="The member buys it again and again: `habit` says how often, and when last."
    )


@strawberry.type(description="A category of what is bought.")
class ProductCategory:
    code: str = strawberry.field(description="As lines of receipts have it.")
    name: str = strawberry.field(description="In the reader's language; its code where the file names none.")


@strawberry.type(description="A product of the catalogue, the same for everyone.")
class Product:
    sku: str = strawberry.field(description="As lines of receipts have it.")
    title: str = strawberry.field(description="In the reader's language.")
    categories: list[ProductCategory] = strawberry.field(description="The chief one first.")
    price: int | None = strawberry.field(
        description="In minor units of the programme's currency; null where it is not known."
    )
    image: str | None = strawberry.field(description="A picture's address; null where it has none.")
    link: str | None = strawberry.field(description="Where it is sold; null where nothing says so.")

    @strawberry.field(description=PICTURE_URL)
    def image_url(self, info: Info, width: PictureWidth = None) -> str | None:
        return picture_url(info, self.image, width)


@strawberry.type(description="How often the member bought a product; what was returned does not count.")
class BuyingHabit:
    times: int = strawberry.field(description="On how many receipts.")
    first_on: date = strawberry.field(description="From which day on they are counted.")
    last_on: date = strawberry.field(description="The day of the last one.")


@strawberry.type(description="A product or a reward that is recommended, and why.")
class Recommendation:
    kind: RecommendationKind = strawberry.field(description="Which of the two it is.")
    code: str = strawberry.field(description="The product's sku, or the reward's code.")
    reason: RecommendationReason = strawberry.field(description="What speaks most for it.")
    message: str = strawberry.field(description="The reason in words, in the reader's language.")
    product: Product | None = strawberry.field(description="Null for a reward.")
    reward: MemberReward | None = strawberry.field(description="Null for a product.")
    bought_product: Product | None = strawberry.field(
        description="What the member bought; null for another reason, and where the catalogue lacks it."
    )
    category: ProductCategory | None = strawberry.field(description="What they buy; null for another reason.")
    habit: BuyingHabit | None = strawberry.field(description="Null unless it is bought again and again.")


@strawberry.input(description="What was recommended and opened.")
class OpenRecommendationInput:
    kind: RecommendationKind = strawberry.field(description="Which of the two it is.")
    code: str = strawberry.field(description="The product's sku, or the reward's code.")


@strawberry.type(description="The opening is noted.")
class RecommendationOpened:
    counted: bool = strawberry.field(
        description="Whether it counts: once in 30 days, for who agreed to recommendations."
    )


@strawberry.type
class RecommendationMutation:
    @strawberry.mutation(
        description=(
            "Notes that the member opened a recommendation, so that figures tell what becomes of them. Sent"
            " again it counts no more; NOT_FOUND for a code that there is none of."
        )
    )
    async def open_recommendation(self, info: Info, input: OpenRecommendationInput) -> RecommendationOpened:
        loaders, member = info.context.loaders, info.context.member().member_id
        view = await loaders.member_view(member)
        counted = await openings.note_opened(
            info.context.dependencies.runtime,
            member_id=view.member.id,
            consents=view.details.profile.consents,
            kind="product" if input.kind is RecommendationKind.PRODUCT else "reward",
            code=input.code,
            now=loaders.now,
        )
        return RecommendationOpened(counted=counted)


async def recommendations_for(
    info: Info, view: MemberView, audience: Audience, *, first: int
) -> list[Recommendation]:
    """Return what is recommended to a member. Raises BadInput naming `first`."""
    if not 1 <= first <= MAX_FIRST:
        raise BadInput(f"Ask for 1 to {MAX_FIRST}.", field="first")
    stock = await info.context.loaders.stock_state()
    chosen = await recommendations.recommend(
        info.context.dependencies.runtime,
        RecommendationReader(view.member, view.details.profile.consents, view.merged),
        stock,
        first=first,
        now=audience.now,
    )
    return [_recommendation(audience, view, stock, each) for each in chosen]


def _recommendation(
    audience: Audience, view: MemberView, stock: StockState, recommendation: recommendations.Recommendation
) -> Recommendation:
    candidate = recommendation.candidate
    reward = (
        None
        if recommendation.reward is None
        else member_reward(audience, view.member, recommendation.reward, stock)
    )
    bought = None if recommendation.bought is None else _product(audience, recommendation.bought)
    category = None if recommendation.category is None else _category(audience, recommendation.category)
    habit = _habit(candidate.habit)
    return Recommendation(
        kind=RecommendationKind[candidate.kind.upper()],
        code=candidate.code,
        reason=RecommendationReason[candidate.reason.upper()],
        message=_message(audience, candidate.reason, bought, category, reward)
        if habit is None
        else _again_message(audience, habit),
        product=None if recommendation.product is None else _product(audience, recommendation.product),
        reward=reward,
        bought_product=bought,
        category=category,
        habit=habit,
    )


def _habit(habit: Habit | None) -> BuyingHabit | None:
    if habit is None or habit.last_on is None:
        return None
    return BuyingHabit(times=habit.times, first_on=habit.since, last_on=habit.last_on)


def _again_message(audience: Audience, habit: BuyingHabit) -> str:
    since, last = (day_text(day, locale=audience.locale) for day in (habit.first_on, habit.last_on))
    return say("recommended.buy_again", audience.locale, times=str(habit.times), since=since, last=last)


def _message(
    audience: Audience,
    reason: recommending.Reason,
    bought: Product | None,
    category: ProductCategory | None,
    reward: MemberReward | None,
) -> str:
    locale = audience.locale
    match reason:
        case "bought_product" if bought is not None:
            return say("recommended.bought_product", locale, product=bought.title)
        case "bought_product":
            return say("recommended.bought_alike", locale)
        case "bought_category" if category is not None:
            return say("recommended.bought_category", locale, category=category.name)
        case "nearly" if reward is not None and reward.spec.cost is not None:
            wallet = audience.programme.wallet(reward.spec.cost.wallet)
            currency = audience.programme.programme.currency
            missing = of_kind(wallet.kind, reward.missing, currency=currency, locale=locale)
            return say("recommended.nearly", locale, amount=missing, wallet=audience.text(wallet.name))
        case _:
            return say(f"recommended.{reason}", locale)


def _product(audience: Audience, product: products.Product) -> Product:
    default = audience.programme.programme.locales[0]
    title = LocalizedText(product.title, default).for_locale(audience.locale)
    return Product(
        sku=product.sku,
        title=title or next(iter(product.title.values()), product.sku),
        categories=[_category(audience, code) for code in product.categories],
        price=product.price,
        image=safe_address(product.image, "picture"),
        link=safe_address(product.link, "page"),
    )


def _category(audience: Audience, code: str) -> ProductCategory:
    spec = next((each for each in audience.programme.categories if each.code == code), None)
    return ProductCategory(code=code, name=code if spec is None else audience.text(spec.name))
