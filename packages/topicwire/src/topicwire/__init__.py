"""Topicwire."""
