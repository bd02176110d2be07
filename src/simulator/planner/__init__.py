"""A season of applications on paper: who comes when, how long the line gets, what it takes. Pure, seeded."""
