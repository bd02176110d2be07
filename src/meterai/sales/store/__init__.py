"""Every statement that writes sales' tables. A function that writes to an order needs its lock
(`lock_order`)."""
