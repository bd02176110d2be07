"""Faults against the real service under load: `script/chaos`, or `python -m chaos` in a checkout.

A row of faults is a subclass of `chaos.row.Row` in a module of `chaos/rows/`, listed in `chaos.rows.ROWS`.

1. `strike(stage)` injects the fault and waits until it has seen that it fired. It undoes the fault in a
   `finally` and returns what it saw: the exit status of a process, a line of a log, a count of a proxy, a row
   of a trigger. It raises `NotFired` when it saw nothing. Never return without a proof.
2. The frame then waits until a person who came after that gets a stamped file: the service resumed by itself.
3. `check(stage)` returns what else is wrong, in words. By default nothing.
4. The frame compares the journal of the people who have left with the server, and runs `meterai check`.

The people of `stage.crowd` come all the time (`simulator.rehearsal.crowd`); a row needs no load of its own.
`stage` has what rows share: processes and their signals, fail points, logs, the database as its owner, and
another worker under a program such as strace. Rows use only `stage.dice` for chance, so that a seed repeats
what is chosen.
"""
