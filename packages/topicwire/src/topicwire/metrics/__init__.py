"""What the hub counts, for Prometheus and for OpenTelemetry. Each needs its extra, and no other."""
