"""HTTP/1.1 as the gate speaks it: its server, its answers, and the published documents."""
