"""The waiting room: windows, tickets, order, the frontier, and what is published (docs/waiting-room.md)."""
