"""A member's e-mail address and phone number: changed, undone, and replaced where they were lost."""
