"""The modules: each a folder with a Module class in its `__init__.py`. None imports another."""
