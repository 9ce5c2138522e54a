"""Proofs of a contact: kept for an enrolment, spent on a membership, or on a reward at a till."""
