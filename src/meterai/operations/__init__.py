"""What concerns the whole house, the one context that sees all others: its invariants (read-only), the first
opening, the switch that stops signing, the judging of promises."""
