"""Figures of the programme: folded from the journal by one worker, read by day, made again from nothing."""
