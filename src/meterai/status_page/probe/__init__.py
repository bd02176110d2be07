"""The probe: a purchase that the status page plays from outside, through the public pages."""
