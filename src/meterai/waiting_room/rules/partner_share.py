"""The share of the admission that orders of partners have while people wait in line.

The rate of a line is what the site bears beside all other load. So the share of partners follows it: when
fewer people are called because the site is full, fewer orders of partners begin, too.
"""

from __future__ import annotations

from meterai.waiting_room.rules.general_share import depth_of


def orders_per_minute(people_per_minute: float, percent: int) -> float:
    """How many orders of partners may begin in a minute beside this many people.

    `percent`: of people and orders together.
    """
    return people_per_minute * percent / (100 - percent)


def level_needed(per_minute: float, had: float) -> float:
    """How full the share must be for one more order of an organisation that `had` this number lately.

    One place must be there for an organisation that had none. Half of what can stand ready is kept for such
    ones. The other half makes up for orders that come unevenly, so one organisation alone gets all.
    """
    return 1 + max(0.0, depth_of(per_minute) / 2 - 1) * had / (1 + had)
