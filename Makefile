# Two commands do everything on a machine with python3, git and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MELTANO := $(BIN)/meltano
# Plugins that the demo runs, and those that only the pipeline tests run.
DEMO_PLUGINS := tap-listrak target-listrak tap-spreadsheets target-duckdb
TEST_PLUGINS := target-jsonl tap-postgres target-postgres
# dbt, in an environment of its own: its requirements exclude the project's.
MODELS := .venv-models
WORKERS ?= 2
SECONDS ?= 60
MINUTES ?= 30

# Dagster and its packages, which the project's own exclude.
DAGSTER := .venv-dagster
# Streamlit, and dbt for warehouses that nothing here runs on.
DASHBOARD := .venv-dashboard
WAREHOUSES := .venv-warehouses

.PHONY: help demo scale-demo test lint unit audit fuzz soak bench generate constraints sandbox models dashboard \
        dashboard-test compile-models lint-models release-check docs clean

help:
	@echo "make demo         both directions against the sandbox, with the figures side by side"
	@echo "make scale-demo   lists and sender codes side by side in Dagster, against the sandbox"
	@echo "make test         formatter, linter, types, known vulnerabilities and every test"
	@echo "make lint         formatter, linter and types only"
	@echo "make audit        known vulnerabilities of the pinned versions, where a source can be reached"
	@echo "make fuzz         lets a fuzzer at reader and formatting, SECONDS=60 for each of four targets"
	@echo "make soak         days of disturbed runs, MINUTES=30: what must add up, and what must not grow"
	@echo "make bench        how fast it is, beside what people would use instead; about fifteen minutes"
	@echo "make sandbox      a Listrak on http://127.0.0.1:8990 to try things on; Ctrl-C ends it"
	@echo "make models       dbt models on the sandbox's data, tested, and five figures to look at first"
	@echo "make dashboard    those marts as a page in the browser, on this machine only; Ctrl-C ends it"
	@echo "make dashboard-test  that page in a real browser, where chromium and chromedriver are installed"
	@echo "make compile-models  dbt models compiled for Snowflake and BigQuery (compile only; adapters of 560 MB)"
	@echo "make lint-models  sqlfluff on the dbt models, half a minute"
	@echo "make generate     settings, streams table and catalogs anew from the plugins' own schemas"
	@echo "make constraints  all pinned versions anew"
	@echo "make docs         the documentation as a site in output/docs, every link checked"
	@echo "make release-check  builds the package, and tries it alone in a fresh environment"
	@echo "make clean        remove what the other commands made"

demo: $(VENV)/.demo-plugins
	@$(BIN)/python -m demo

scale-demo: $(DAGSTER)/.installed $(DAGSTER)/.plugins
	@$(BIN)/python -m examples.dagster.demo

test: lint audit docs release-check unit

lint: $(VENV)/.project
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint Dockerfile; fi

audit: $(VENV)/.project
	@$(BIN)/python -m scripts.audit

unit: $(VENV)/.demo-plugins $(VENV)/.test-plugins $(MODELS)/.installed $(DAGSTER)/.installed
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

fuzz: $(VENV)/.project
	LISTRAK_FUZZ_SECONDS=$(SECONDS) $(BIN)/pytest -n 0 tests/fuzz -k fuzzer --timeout=0

soak: $(VENV)/.project
	@$(BIN)/python tests/faults/soak.py --minutes $(MINUTES)

bench: $(VENV)/.project
	@$(BIN)/python -m benchmarks.run --write

sandbox: $(VENV)/.project
	@$(BIN)/listrak-sandbox

models: $(VENV)/.demo-plugins $(MODELS)/.installed
	@$(BIN)/python -m demo.models

dashboard: $(VENV)/.demo-plugins $(MODELS)/.installed $(DASHBOARD)/.installed
	@$(BIN)/python -m examples.dashboard.serve

dashboard-test: $(VENV)/.demo-plugins $(MODELS)/.installed $(DASHBOARD)/.installed
	$(BIN)/pytest -n 0 -rs tests/models/test_dashboard.py

compile-models: $(WAREHOUSES)/.installed
	@for adapter in snowflake bigquery; do \
	  $(WAREHOUSES)/bin/python tests/models/compile_only.py $$adapter output/compiled-$$adapter || exit 1; done

lint-models: $(MODELS)/.installed
	cd dbt_listrak && LISTRAK_MODELS_DUCKDB=:memory: ../$(MODELS)/bin/sqlfluff lint .

generate: $(VENV)/.project
	$(BIN)/python -m scripts.generate

constraints: $(VENV)/.project
	$(BIN)/python -m scripts.pin

docs: $(VENV)-docs/.installed
	@NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict --quiet --clean
	@echo "Documentation: every link and anchor leads somewhere; open output/docs/index.html"

release-check: $(VENV)/.project
	@$(BIN)/python -m scripts.release_check $(RELEASE_PYTHON)

clean:
	rm -rf $(VENV) $(VENV)-docs $(MODELS) $(DAGSTER) $(DASHBOARD) $(WAREHOUSES) .venv-benchmarks .meltano examples/dagster/.meltano output .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.project: pyproject.toml constraints.txt
	@$(PYTHON) scripts/install.py project $(VENV)
	@touch $@

$(VENV)-docs/.installed: $(VENV)/.project constraints-docs.txt
	@$(PYTHON) scripts/install.py docs $(VENV) $(VENV)-docs
	@touch $@

$(VENV)/.demo-plugins: $(VENV)/.project meltano.yml plugins/constraints/*.txt
	@$(PYTHON) scripts/install.py plugins $(VENV) $(DEMO_PLUGINS)
	@touch $@

$(VENV)/.test-plugins: $(VENV)/.project meltano.yml plugins/constraints/*.txt
	@$(PYTHON) scripts/install.py plugins $(VENV) $(TEST_PLUGINS)
	@touch $@

$(MODELS)/.installed: $(VENV)/.project plugins/constraints/models.txt
	@$(PYTHON) scripts/install.py models $(VENV) $(MODELS)
	@touch $@

$(DASHBOARD)/.installed: $(VENV)/.project examples/dashboard/requirements.txt examples/dashboard/constraints.txt
	@$(PYTHON) scripts/install.py dashboard $(VENV) $(DASHBOARD)
	@touch $@

$(WAREHOUSES)/.installed: $(VENV)/.project plugins/constraints/warehouses.txt
	@$(PYTHON) scripts/install.py warehouses $(VENV) $(WAREHOUSES)
	@touch $@

$(DAGSTER)/.installed: $(VENV)/.project examples/dagster/requirements.txt examples/dagster/constraints.txt
	@$(PYTHON) scripts/install.py dagster $(VENV) $(DAGSTER)
	@touch $@

$(DAGSTER)/.plugins: $(DAGSTER)/.installed examples/dagster/meltano.yml
	@MELTANO_PROJECT_ROOT=$(CURDIR)/examples/dagster $(PYTHON) scripts/install.py plugins $(VENV) tap-listrak target-jsonl
	@touch $@
