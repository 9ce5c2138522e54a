"""Trying a programme: dated events run through `decide` in memory, time included. No database, no network, no
clock.
"""

from domain.model.past import past_of
from domain.model.simulate.inputs import Fault, Input, read_line
from domain.model.simulate.simulation import Receipt, Simulation, simulate

__all__ = ["Fault", "Input", "Receipt", "Simulation", "past_of", "read_line", "simulate"]
