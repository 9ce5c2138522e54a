"""Back-tests: members read in batches, decided again in processes of their own, and summed."""
