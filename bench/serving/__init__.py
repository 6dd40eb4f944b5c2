"""What the settings of `topicwire serve` buy: see `__main__`."""
