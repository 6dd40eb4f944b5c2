"""From declarations to code: reads an application's files, never imports them.

Everything here is a function from inputs to `{path: text}`; `output` compares or writes last.
"""
