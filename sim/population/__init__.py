"""People and their ties: made once, cached, the same in every scenario of a seed."""
