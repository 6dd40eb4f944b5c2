"""What usually keeps a route from working, looked for: each finding with its cure."""
