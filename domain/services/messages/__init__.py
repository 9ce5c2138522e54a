"""What a programme says: outbox, delivery by the senders of the porch, inbox, surveys."""
