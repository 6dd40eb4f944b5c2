"""Keeps what is generated in step with the source, while somebody edits it.

`stages` says what a change makes due, `build` makes it in a process that is thrown away, `warm`
has that process ready, `session` joins them and writes: everything, or nothing.
"""
