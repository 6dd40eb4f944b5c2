"""What the documentation says, executed."""
