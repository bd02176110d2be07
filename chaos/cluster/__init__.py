"""A cluster on one machine: hosts in network namespaces, each part twice or three times, and faults."""
