"""The chain of sale: organisations in a tree, their agreements, blocks of stamps, credit, members."""
