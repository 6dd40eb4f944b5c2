"""docs/tutorial.md, every command of it."""
