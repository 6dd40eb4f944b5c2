# The commands of the repository. They need git, make and Python >= 3.11, and set up the rest
# in this folder: backend/.venv, node_modules and .tools (CONTRIBUTING.md).
include $(dir $(lastword $(MAKEFILE_LIST)))scripts/common.mk

setup: ## Install everything that the other targets need
	@$(SETUP) python packages poetry browser shell

dev: ## Serve backend and page, regenerating and restarting on changes (HOST, BACKEND_PORT, FRONTEND_PORT)
	@$(SETUP) python packages
	@$(RUN) scripts.dev backend frontend

test: ## Run every test but the long ones: Python, TypeScript and the browser's
	@$(SETUP) python packages poetry
	@$(RUN) scripts.checks test $(ARGS)

test-long: ## Run the tests that take minutes: every Autobahn case, 10,000 examples of each model, every cut
	@$(SETUP) python packages
	@$(RUN) scripts.checks test-long $(ARGS)

soak: ## Come and go for ten minutes, then close the accounts (SOAK_S=seconds)
	@$(SETUP) python packages
	@$(RUN) bench.soak

bench: ## Measure fan-out beside a C loop and the peers (45 minutes; ARGS="--only ours,fastapi --rounds 5": a look)
	@$(SETUP) python packages
	@$(RUN) bench.fanout $(ARGS)

profile: ## Say where the server's time goes while updates go out (ARGS="--clients 1000 --per-tick 10")
	@$(SETUP) python packages
	@$(RUN) bench.fanout.profiling $(ARGS)

check: ## Format, lint, types, import rules, generated files, registry addresses
	@$(SETUP) python packages
	@$(RUN) scripts.checks check $(ARGS)

generate: ## Write routers, documents and TypeScript anew
	@$(SETUP) python packages
	@$(RUN) scripts.generate

format: ## Format and mend what can be mended by itself
	@$(SETUP) python packages
	@$(RUN) scripts.checks format $(ARGS)

build: ## Build the page into frontend/dist
	@$(MAKE) -C $(ROOT)/frontend build

lock: ## Compile requirements.lock anew from the pyproject files
	@$(SETUP) python
	@$(RUN) scripts.lock
