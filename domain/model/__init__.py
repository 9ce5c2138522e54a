"""Pure: a member, an event, the programme and an instant in, a decision out. No I/O, no clock, no
database.
"""
