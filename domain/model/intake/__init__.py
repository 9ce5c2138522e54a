"""What other systems report, made neutral: a shop's webhook body becomes the facts of an order, or says why
it counts for nothing. Pure: no network, no database, no clock.

`shopify`, `woocommerce` and `mapped` read bodies; `order_state` holds what they come to, `sources` the file
that says who may send, and `signatures` how a body proves who sent it.
"""
