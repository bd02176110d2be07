"""The queue's real code, played through with a crowd and with faults, and watched by independent checks."""
