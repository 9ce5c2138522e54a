"""Stories of people: enrolment, sign-in, sessions, staff, stores, profile, consents, contacts."""
