"""The process and the machine that it runs on: copies, signals, memory, how it ends."""
