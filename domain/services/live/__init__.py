"""What happens as it happens: one change stream a process feeds all who listen."""
