"""Trying a programme: dated events run through `decide` in memory, time included. No database, no network, no
clock.
"""

from domain.model.ledger.late_events import history_from_rows
from domain.model.simulate.inputs import Fault, Input, read_line
from domain.model.simulate.simulation import Receipt, Simulation, simulate

__all__ = ["Fault", "Input", "Receipt", "Simulation", "history_from_rows", "read_line", "simulate"]
