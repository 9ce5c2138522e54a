"""Trying a programme: dated events run through `decide` in memory, time included. No database, no network, no
clock.
"""

from domain.model.ledger.late_events import history_from_rows
from domain.model.simulate.inputs import InputLine, InputMalformed, read_line
from domain.model.simulate.simulation import SimulatedReceipt, Simulation, simulate

__all__ = [
    "InputLine",
    "InputMalformed",
    "SimulatedReceipt",
    "Simulation",
    "history_from_rows",
    "read_line",
    "simulate",
]
