# You need Python 3.11 or newer, make and a shell. Each target installs its packages in .venv, from locks with hashes.
PYTHON ?= python3
ARGS ?=
SECONDS ?= 300
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"
# What the Action's assets do without: colours and completion of terminals, Markdown of pages, and keys of GitHub Apps.
LEFT_OUT := rich pygments markdown-it-py mdurl cryptography pycparser shtab
WORKFLOWS := $(wildcard .github/workflows/*.yml)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-fast fuzz lint format bench release-check schema lock studio pictures docs clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/.run ## Show what Signpost would do about one recorded issue
	$(BIN)/signpost run --event tests/cases/extra-usage-400/event.json --event-name issues \
		--rules rules/claude-code --dry-run $(ARGS)

test: .venv/.test ## Run the tests on all cores; ARGS="tests/issue -q" runs some
	$(BIN)/python -m pytest --numprocesses auto $(ARGS)

test-fast: .venv/.test ## Run the core of the tests: those without the mark slow
	$(BIN)/python -m pytest --numprocesses auto -m "not slow" $(ARGS)

fuzz: .venv/.test ## Try hostile input for SECONDS=300; ARGS="yaml index" tries these kinds
	$(BIN)/python -m tests.fuzz $(SECONDS) $(ARGS)

lint: .venv/.lint ## Check code, types, shape, English, rules, action, workflows and Dockerfile
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m benchmarks.house
	$(BIN)/python -m benchmarks.english --check
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml docker/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/actionlint -no-color $(WORKFLOWS)
	$(BIN)/zizmor --offline --no-progress --quiet .
	$(BIN)/hadolint Dockerfile
	$(BIN)/signpost check rules

format: .venv/.lint ## Format the code and fix simple lint errors
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/.bench ## Measure the figures in benchmarks/README.md
	for name in cold_start start_up matching check requests_per_event studio backtest; do \
		echo "## $$name" && $(BIN)/python -m "benchmarks.$$name" || exit 1; \
	done

release-check: .venv/.test studio ## Build and try a whole release, and publish nothing; STRICT=1 skips nothing
	$(BIN)/python -m release.check

schema: .venv/.run ## Write the schemas and the reference in rules/, and docker/action.yml
	$(BIN)/signpost schema --write rules
	$(BIN)/python -m release.image

studio: .venv/.test ## Build the page of `signpost studio`, with Node from PyPI
	$(BIN)/python -m bot.workbench.studio.frontend.build

pictures: .venv/.test ## Take the pictures of the documentation
	$(BIN)/python -m tests.workbench.studio.pictures
	$(BIN)/python -m tests.comment.pictures

docs: .venv/.docs ## Build the documentation as a site, in dist/docs
	$(BIN)/python -m docs.build

lock: .venv/.lint ## Write requirements/ again; ARGS=--upgrade takes the newest versions
	$(COMPILE) $(ARGS) pyproject.toml --output-file requirements/run.txt
	$(COMPILE) pyproject.toml --constraints requirements/run.txt $(patsubst %,--no-emit-package %,$(LEFT_OUT)) \
		--output-file requirements/action.txt
	$(COMPILE) $(ARGS) pyproject.toml --extra site --constraints requirements/run.txt --output-file requirements/site.txt \
		$$(sed -n 's/==.*/ /p' requirements/action.txt | sed 's/^/--no-emit-package /') \
		$(patsubst %,--no-emit-package %,$(filter-out markdown-it-py mdurl,$(LEFT_OUT)))
	$(COMPILE) $(ARGS) pyproject.toml --extra server --constraints requirements/run.txt --output-file requirements/server.txt
	set -- --constraints requirements/run.txt --constraints requirements/site.txt --constraints requirements/server.txt; for group in build test docs lint bench; do \
		$(COMPILE) $(ARGS) --group "$$group" "$$@" --output-file "requirements/$$group.txt" || exit 1; \
		set -- "$$@" --constraints "requirements/$$group.txt"; \
	done

clean: ## Remove the files that these targets made
	rm -rf .venv .cache .hypothesis dist build bot/workbench/studio/static rules/*/stored.json

.venv/.run: requirements/build.txt requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Signpost needs Python 3.11 or newer; try: make PYTHON=python3.13")'
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes --requirement requirements/build.txt --requirement requirements/run.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.docs: .venv/.run requirements/docs.txt
	$(PIP) --require-hashes --requirement requirements/docs.txt
	@touch $@

.venv/.test: .venv/.docs requirements/test.txt
	$(PIP) --require-hashes --requirement requirements/test.txt
	@touch $@

.venv/.lint: .venv/.test requirements/lint.txt
	$(PIP) --require-hashes --requirement requirements/lint.txt
	@touch $@

.venv/.bench: .venv/.test requirements/bench.txt
	$(PIP) --require-hashes --requirement requirements/bench.txt
	@touch $@
