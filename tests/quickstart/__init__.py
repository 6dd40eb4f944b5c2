"""The specification's Quick Start, to the letter."""
