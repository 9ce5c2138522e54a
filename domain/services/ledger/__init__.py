"""Stories that move value: purchases, refunds, redemptions, adjustments, the turn, and reading them."""
