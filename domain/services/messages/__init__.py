"""The messages of a programme: outbox, delivery through the senders, inbox, surveys."""
