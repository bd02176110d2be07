"""The files of a queue: journals of gates, published documents, the public log."""
