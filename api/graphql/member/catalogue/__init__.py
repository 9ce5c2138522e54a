"""Parts of the catalogue: units, spans, the brand, what an invitation and a purchase would bring."""
