"""Whether one client that does not read slows a thousand that do."""
