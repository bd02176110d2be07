"""The line's journey: from a ticket that is called to the purchase, certificates, reminders."""
