"""A Python client as a package of its own, from an AsyncAPI document alone.

It is written by an emitter of ours from the neutral model of the document, as TypeScript is; why
not by a generator for JSON Schema in general: docs/code-generation.md, "The Python client".
"""
