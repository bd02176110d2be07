"""Where the records of gateways, bank and our books differ: name, age and action of each difference."""
