# What the three Makefiles share. Every path is absolute, so a target works from any folder.
SHELL := /bin/sh
.SHELLFLAGS := -euc
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)
VENV := $(ROOT)/backend/.venv/bin

# Node and Poetry, where the set-up had to bring them.
export PATH := $(ROOT)/.tools/bin:$(PATH)

# Where the person is: `topicwire` prints paths that can be opened from there.
export TOPICWIRE_PATHS_FROM := $(CURDIR)

# `$(SETUP) python packages`: installs what is missing of these parts; quick when nothing is.
SETUP := cd $(ROOT) && exec scripts/python -m scripts.setup
# `$(RUN) scripts.checks`: a program of scripts/ in the Python environment, from the root.
RUN := cd $(ROOT) && exec $(VENV)/python -m

# Targets are commands; none is a file.
.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | while IFS='	' read -r name what; do printf '  make %-28s %s\n' "$$name" "$$what"; done
