"""What happens, as it happens: one change stream in each process feeds all listeners."""
