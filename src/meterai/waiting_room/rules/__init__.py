"""The pure rules of the waiting room: windows, tickets, draw, admission, rate control, forecast, verdict."""
