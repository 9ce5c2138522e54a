"""Stories of members, staff and other systems in business words. A story opens one transaction at most."""
