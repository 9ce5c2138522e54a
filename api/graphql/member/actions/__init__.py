"""What a member does beside reading: redeems, enters codes, takes challenges up, answers surveys."""
