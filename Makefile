# An index: each target is one line. make turns every failure into status 2; scripts and schedules call ./muster itself.
SITE ?= lab
# More flags for ./muster, as: make plan ARGS=--json
ARGS ?=
# What a drill loses, as: make drill SCENARIO=database-loss
SCENARIO ?= site-rebuild
# A part of the test files by a word of their paths, as: make unit ONLY=engine
ONLY ?=

# The shell finds the pinned Node when a recipe runs: in a fresh clone it is not there before `setup`.
test_with = node_modules/node-linux-*/bin/node tests/starter/main.ts $(addprefix --only ,$(ONLY))
export NODE_COMPILE_CACHE := $(CURDIR)/.muster/compile-cache

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup bootstrap-lab backup backups backup-audit drill drill-selftest rehearse cost status join stop-lab start-lab destroy-lab plan doctor packages bundle lock schema \
	test test-full unit contract lab bench lint fix verify

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the pinned Node and the npm packages from the lockfile
	@./muster setup

bootstrap-lab: setup ## Build the site lab on this computer, from nothing to a running application
	@./muster bootstrap --site $(SITE) $(ARGS)

plan: setup ## Say what bootstrap would do, and do nothing
	@./muster plan --site $(SITE) $(ARGS)

cost: setup ## Say what the site costs at its cloud, and what dominates
	@./muster cost --site $(SITE) $(ARGS)

status: setup ## Say what of the site is there, and whether it works
	@./muster status --site $(SITE) $(ARGS)

join: setup ## Run the site from this computer too: its secrets out of the escrow; ARGS=--identity=FILE
	@./muster join --site $(SITE) $(ARGS)

drill-selftest: setup ## Plant every damage in a copy of the newest set, and see whether the checks find it
	@./muster drill-selftest --site $(SITE) $(ARGS)

stop-lab: setup ## Stop the site's machines; the data stays
	@./muster stop --site $(SITE) $(ARGS)

start-lab: setup ## Start the site's machines again
	@./muster start --site $(SITE) $(ARGS)

destroy-lab: setup ## Remove the site and its data, and prove that nothing is left; another SITE wants ARGS=--confirm=NAME
	@./muster destroy --site $(SITE) --confirm=lab $(ARGS)

backup: setup ## Take a set: every source of the inventory, read back and signed
	@./muster backup --site $(SITE) $(ARGS)

backups: setup ## List the sets: how old, how large, whether whole, when last proven
	@./muster backups --site $(SITE) $(ARGS)

backup-audit: setup ## Say whether the backups would bring the site back; reads only
	@./muster backup-audit --site $(SITE) $(ARGS)

drill: setup ## Lose something of the lab and prove that it comes back; another SITE wants ARGS=--confirm=NAME
	@./muster drill $(SCENARIO) --site $(SITE) --mode destroy --confirm=lab $(ARGS)

rehearse: setup ## Rebuild the site beside itself, fenced, from its backup; nothing is lost
	@./muster drill site-rebuild --site $(SITE) --mode rehearse $(ARGS)

doctor: setup ## Check this computer: packages, KVM, Go, disk, memory, ports, rights
	@./muster doctor --site $(SITE) $(ARGS)

packages: setup ## Install the Debian packages that muster needs here, after saying which and why
	@./muster packages --site $(SITE) $(ARGS)

bundle: setup ## Collect every artifact in a directory, for a computer without network
	@./muster bundle --site $(SITE) $(ARGS)

lock: setup ## Fill digests that are missing in artifacts/lock.yaml
	@./muster lock $(ARGS)

schema: setup ## Print the JSON Schema of inventories
	@./muster schema $(ARGS)

test: setup ## Test everything that runs here: unit, contract and lab, on sites of its own
	@./muster packages --tests && $(test_with) unit contract lab qemu

test-full: setup ## The same, and the long ones
	@./muster packages --tests && $(test_with) unit contract lab qemu full

unit: setup ## The quick loop: no network, no machines, seconds
	@$(test_with) unit

contract: setup ## Against real servers of the protocols on loopback
	@$(test_with) contract

lab: setup ## On real machines only
	@$(test_with) lab qemu

bench: setup ## Ratios, each measured in one run
	@node_modules/node-linux-*/bin/node bench/main.ts

lint: setup ## Check style, formatting and types
	@node_modules/@biomejs/cli-linux-*/biome check --error-on-warnings && node_modules/.bin/tsc

fix: setup ## Put right what lint can put right
	@node_modules/@biomejs/cli-linux-*/biome check --write

verify: setup ## Everything that must be clean before a commit: lint, and the tests of the tree
	@$(MAKE) --no-print-directory lint && $(test_with) unit --only architecture
