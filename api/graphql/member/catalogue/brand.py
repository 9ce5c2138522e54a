"""Whose programme it is: the brand, the pages that an app links to, its least version, and switches."""

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.shared_types import Info
from api.graphql.member.catalogue.pictures import PICTURE_URL, PictureWidth, picture_url
from domain.model.programme import safe_address


@strawberry.type(description="Where members get help.")
class BrandSupport:
    url: str | None = strawberry.field(description="A page; null where there is none.")
    phone: str | None = strawberry.field(description="As it is dialled; null where there is none.")
    email: str | None = strawberry.field(description="Null where there is none.")


@strawberry.type(description="How the company shows itself.")
class Brand:
    name: str = strawberry.field(description="In the reader's language; the programme's where none is given.")
    logo: str | None = strawberry.field(
        description="A picture's path on this server, or a whole URL; null where there is none."
    )
    icon: str | None = strawberry.field(description="As `logo`: square, for a small place.")
    colour: str | None = strawberry.field(description="Such as #1f3a93; null where the app chooses.")
    accent: str | None = strawberry.field(description="A second colour; null where the app chooses.")
    card_art: str | None = strawberry.field(description="As `logo`: what lies behind the member's card.")
    support: BrandSupport | None = strawberry.field(description="Null where nothing is said.")

    @strawberry.field(description=PICTURE_URL)
    def logo_url(self, info: Info, width: PictureWidth = None) -> str | None:
        return picture_url(info, self.logo, width)

    @strawberry.field(description=PICTURE_URL)
    def icon_url(self, info: Info, width: PictureWidth = None) -> str | None:
        return picture_url(info, self.icon, width)

    @strawberry.field(description=PICTURE_URL)
    def card_art_url(self, info: Info, width: PictureWidth = None) -> str | None:
        return picture_url(info, self.card_art, width)


@strawberry.type(description="Pages that an app links to.")
class ProgrammeLinks:
    privacy: str | None = strawberry.field(description="The privacy policy; null where there is none.")
    terms: str | None = strawberry.field(
        description="The terms that members accept; null where there are none."
    )
    support: str | None = strawberry.field(description="Help; null where there is none.")


@strawberry.type(description="A switch that the programme file sets for its apps.")
class ProgrammeFlag:
    name: str = strawberry.field(description="What the app knows it by.")
    on: bool = strawberry.field(description="Whether it is on.")


def brand_of(audience: Audience) -> Brand | None:
    """Return the brand; None where the programme file has none."""
    header = audience.programme.programme
    spec = header.brand
    if spec is None:
        return None
    support = spec.support
    return Brand(
        name=audience.text(spec.name or header.name),
        logo=safe_address(spec.logo, "picture"),
        icon=safe_address(spec.icon, "picture"),
        colour=spec.colour,
        accent=spec.accent,
        card_art=safe_address(spec.card_art, "picture"),
        support=BrandSupport(url=safe_address(support.url, "page"), phone=support.phone, email=support.email)
        if support is not None
        else None,
    )


def links_of(audience: Audience) -> ProgrammeLinks:
    """Return the pages that the programme file names."""
    header = audience.programme.programme
    support = header.brand.support if header.brand is not None else None
    return ProgrammeLinks(
        privacy=safe_address(header.links.privacy, "page"),
        terms=safe_address(header.links.terms or header.terms.url, "page"),
        support=safe_address(header.links.support or (support.url if support else None), "page"),
    )


def flags_of(audience: Audience) -> list[ProgrammeFlag]:
    """Return the switches, in the file's order."""
    return [ProgrammeFlag(name=name, on=on) for name, on in audience.programme.programme.flags.items()]
