"""What shops and other systems report: stored first, then mapped and acted upon through the ledger's
services.

`log` stores what is signed, `rounds` works it off, `acting` brings an order's receipt to what the order is
by now, `hints` finds its member, `registry` knows who may send, `privacy` does what a shop asks about a
person.
"""
