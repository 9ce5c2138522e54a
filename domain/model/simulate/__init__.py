"""Simulating a programme: dated events run through `decide` in memory, and time passes between them. It needs
no database, network or clock.
"""

from domain.model.ledger.late_events import history_from_rows
from domain.model.simulate.events_file import simulate
from domain.model.simulate.inputs import InputLine, InputMalformed, read_line
from domain.model.simulate.receipts import SimulatedReceipt
from domain.model.simulate.simulation import Simulation

__all__ = [
    "InputLine",
    "InputMalformed",
    "SimulatedReceipt",
    "Simulation",
    "history_from_rows",
    "read_line",
    "simulate",
]
