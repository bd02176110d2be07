"""For people in line: from a called ticket to the purchase, certificates, reminders."""
