"""A server made of a document alone: the real protocol, with values made of the schemas."""
