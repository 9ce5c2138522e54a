"""What a till does about payments to come: amounts held for an order, and whose card need not be shown."""
