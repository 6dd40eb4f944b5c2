"""The engine: connections, producers and fan-out. The only place that makes tasks."""
