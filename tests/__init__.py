"""What only the whole repository can show."""
