"""Finding orders by anything that names them, and the whole story of one, for officers."""
