"""What employees do with what members wrote, or was written of them."""
