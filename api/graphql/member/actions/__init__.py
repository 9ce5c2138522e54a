"""What a member does beside reading: redeems, enters codes, answers surveys."""
