"""A service that has years behind it: made-up customers, orders and stamps, written wholesale."""
