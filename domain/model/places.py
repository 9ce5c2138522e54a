"""Places on the earth, in degrees, and how far they are from each other."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

from domain.model.values import dataclass

EARTH_RADIUS_METRES: Final = 6_371_009  # the mean radius of the International Union of Geodesy and Geophysics


@dataclass(frozen=True, slots=True)
class Place:
    """A latitude and a longitude, in degrees: north and east are positive."""

    latitude: float
    longitude: float


def distance_metres(here: Place, there: Place) -> int:
    """Return how far two places are from each other as the crow flies, by the haversine formula."""
    latitudes = radians(there.latitude - here.latitude)
    longitudes = radians(there.longitude - here.longitude)
    shares = cos(radians(here.latitude)) * cos(radians(there.latitude)) * sin(longitudes / 2) ** 2
    half_chord = sqrt(sin(latitudes / 2) ** 2 + shares)
    return round(2 * EARTH_RADIUS_METRES * asin(min(1.0, half_chord)))
