"""Markets: where the shop sells, in which currency, with which tax, shipping and gateways."""
