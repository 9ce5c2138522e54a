"""The beginning of a shift: tries counted, password and second factor proven, the session opened."""
