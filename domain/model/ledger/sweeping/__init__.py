"""What a new version of the programme changes about when time brings something to members."""
