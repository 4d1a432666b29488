"""Every address of the shop, asked for with grown input by everybody; the judge looks on."""
