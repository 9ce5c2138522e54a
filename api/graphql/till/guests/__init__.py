"""Sales to guests, who show no card: each waits under the code that the till prints."""
