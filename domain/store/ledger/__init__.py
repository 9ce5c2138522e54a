"""What decisions read and write: members, journal, receipts, vouchers, stock, agenda, programmes."""
