"""Values that all parts of the service share. Imports no other package of ours and no framework."""
