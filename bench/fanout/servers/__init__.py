"""The servers under test; each is started in an environment of its own."""
