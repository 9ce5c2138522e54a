<?php
/**
 * Adds their lines to the refunds in an order's webhook. WooCommerce itself sends a refund's id and total alone, and then
 * Selo can only spread the amount over the order. Put this into wp-content/mu-plugins/selo-refund-lines.php.
 */

defined( 'ABSPATH' ) || exit;

add_filter(
	'woocommerce_webhook_payload',
	function ( $payload, $resource ) {
		if ( 'order' !== $resource || ! is_array( $payload ) || empty( $payload['refunds'] ) ) {
			return $payload;
		}
		$keys = array( 'line_item' => 'line_items', 'shipping' => 'shipping_lines', 'fee' => 'fee_lines' );
		foreach ( $payload['refunds'] as $index => $refund ) {
			$order = wc_get_order( $refund['id'] );
			foreach ( $order ? $order->get_items( array_keys( $keys ) ) : array() as $item ) {
				$payload['refunds'][ $index ][ $keys[ $item->get_type() ] ][] = array(
					'id'        => $item->get_id(),
					'quantity'  => $item->get_quantity(),
					'total'     => wc_format_decimal( $item->get_total(), wc_get_price_decimals() ),
					'total_tax' => wc_format_decimal( $item->get_total_tax(), wc_get_price_decimals() ),
					'meta_data' => array(
						array( 'key' => '_refunded_item_id', 'value' => $item->get_meta( '_refunded_item_id' ) ),
					),
				);
			}
		}
		return $payload;
	},
	10,
	2
);
