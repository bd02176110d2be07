"""HTTP at both ends: calls to services outside, and what every server of ours guards."""
