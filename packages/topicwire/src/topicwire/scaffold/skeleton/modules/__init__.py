"""The modules: each a folder with its routes. `MODULES` says which are served."""

from topicwire.scaffold.skeleton.shared.module import Module

MODULES: list[type[Module]] = []
