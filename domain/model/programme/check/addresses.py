"""Addresses that the file names: of the terms, of pictures, and of the places that messages lead to."""

from __future__ import annotations

from collections.abc import Iterator

from domain.model.fault_text import FaultText
from domain.model.programme.addresses import AddressKind, address_fault, is_unencrypted, lacks_scheme
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath
from domain.model.programme.header import ProgrammeHeader


def check_addresses(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find addresses that are not safe to open, and warn of those that are not encrypted."""
    for path, text, kind in _addresses(checked_file):
        fault = address_fault(text, kind)
        if fault is not None:
            message, remedy = fault
            yield Finding(path, FaultText("this address {message}", message=message), remedy)
        elif kind == "link" and lacks_scheme(text):
            yield Finding(
                path,
                FaultText("this address {message}", message=FaultText("names a host without a scheme")),
                FaultText("write https://{text}, or a path such as /rewards", text=text),
            )
        elif is_unencrypted(text):
            yield Finding(
                path,
                FaultText("whoever is on the way can change what this address answers"),
                FaultText("write https://"),
                is_warning=True,
            )


def _header_addresses(header: ProgrammeHeader) -> Iterator[tuple[KeyPath, str, AddressKind]]:
    brand, links = header.brand, header.links
    named: list[tuple[KeyPath, str | None, AddressKind]] = [
        (("programme", "links", "privacy"), links.privacy, "page"),
        (("programme", "links", "terms"), links.terms, "page"),
        (("programme", "links", "support"), links.support, "page"),
    ]
    if brand is not None:
        named += [
            (("programme", "brand", "logo"), brand.logo, "picture"),
            (("programme", "brand", "icon"), brand.icon, "picture"),
            (("programme", "brand", "card_art"), brand.card_art, "picture"),
        ]
        if brand.support is not None:
            named.append((("programme", "brand", "support", "url"), brand.support.url, "page"))
    yield from ((path, text, kind) for path, text, kind in named if text is not None)


def _addresses(checked_file: CheckedFile) -> Iterator[tuple[KeyPath, str, AddressKind]]:
    programme = checked_file.programme
    if programme.programme.terms.url:
        yield ("programme", "terms", "url"), programme.programme.terms.url, "page"
    yield from _header_addresses(programme.programme)
    for index, tier in enumerate(programme.tiers.ladder if programme.tiers else ()):
        if tier.card_art is not None:
            yield ("tiers", "ladder", index, "card_art"), tier.card_art, "picture"
    for index, badge in enumerate(programme.badges):
        if badge.art is not None:
            yield ("badges", index, "art"), badge.art, "picture"
    for index, reward in enumerate(programme.rewards):
        if reward.image is not None:
            yield ("rewards", index, "image"), reward.image, "picture"
        for n, variant in enumerate(reward.variants):
            if variant.image is not None:
                yield ("rewards", index, "variants", n, "image"), variant.image, "picture"
    for path, message in checked_file.messages:
        if message.link is not None:
            yield (*path, "link"), message.link, "link"
