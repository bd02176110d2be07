"""Every statement that writes sales' tables. Whoever writes to an order holds its lock (`lock_order`)."""
