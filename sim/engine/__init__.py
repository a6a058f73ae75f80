"""The state of all users, its start, what policies do in a step, and the engines that take it."""
