"""The hub's naive model: what was published, what clients may see, what producers may do."""
