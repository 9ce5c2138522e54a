"""Distances between places, against known ones."""

from domain.model.places import Place, distance_metres

LISBON, PORTO, WARSAW = Place(38.7223, -9.1393), Place(41.1579, -8.6291), Place(52.2297, 21.0122)


def test_distances_are_those_of_the_globe() -> None:
    assert distance_metres(LISBON, LISBON) == 0
    assert abs(distance_metres(LISBON, PORTO) - 274_000) < 1_000
    assert abs(distance_metres(LISBON, WARSAW) - 2_759_000) < 15_000
    assert distance_metres(LISBON, WARSAW) == distance_metres(WARSAW, LISBON)
    assert distance_metres(Place(0, 179.5), Place(0, -179.5)) == distance_metres(Place(0, 0), Place(0, 1))
    assert distance_metres(Place(0, 0), Place(0, 180)) == 20_015_115
