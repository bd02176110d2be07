"""The rules of the waiting room, pure: windows, tickets, draw, admission, rate control, forecast, verdict."""
