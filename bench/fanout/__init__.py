"""Fan-out side by side: ours, its peers, and a C `send()` loop."""
