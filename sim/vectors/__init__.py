"""Numbers side by side in registers: sixteen users, or the messengers of one."""
