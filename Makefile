# einthoven: `make run` and `make test` are all that is needed; both install what is missing.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE := $(or $(EINTHOVEN_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/einthoven)
export PATH := $(CACHE)/tools/bin:$(PATH)
# Where make run and make test build the site; make dist has its own folder.
SITE := target/site
PORT ?= 8080

# The library and the command line without the models' runtime, which takes minutes to compile natively. The browser
# tests run the models; `make models` compares them with their reference values natively.
PURE := --no-default-features --features terminal

.PHONY: help run build dist test check native models site size browser bench bench-models accuracy picture fuzz install install-test clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: build ## build in release, serve on 127.0.0.1 and say where
	@node tools/serve.mjs $(SITE) --port $(PORT)

build: install site ## build the page and its workers in release

dist: install ## a folder dist/ that any static host serves from any path
	@echo "Building dist/ (the small build takes longer)"
	@EINTHOVEN_BUILD=$$(node tools/build-id.mjs) RUST_BACKTRACE=0 trunk build --release --cargo-profile dist --dist dist
	@node tools/size-budget.mjs dist

test: install-test check native models site size browser ## all checks and tests
	@tools/deps-cache.sh take debug wasm32-unknown-unknown/debug
	@echo "make test: everything passed"

check: install ## format and lint
	@echo "Format and lint"
	@cargo fmt --check
	@cargo clippy --locked $(PURE) --all-targets -- -D warnings
	@cargo clippy --locked --target wasm32-unknown-unknown --no-default-features --features browser --lib --bin app --bin worker --bin worker-all --bin reader -- -D warnings

native: install ## native tests
	@echo "Native tests"
	@cargo test --locked $(PURE)

models: install ## every model against its reference values, and users' own models, natively and on the command line
	@cargo test --locked --no-default-features --features cli --test inference --test own_model

site: install
	@echo "Building the page and its workers"
	@EINTHOVEN_BUILD=$$(node tools/build-id.mjs) RUST_BACKTRACE=0 trunk build --release --dist $(SITE)
	@tools/deps-cache.sh take release wasm32-unknown-unknown/release wasm32-unknown-unknown/page

size: ## sizes against their budget
	@node tools/size-budget.mjs $(SITE)

browser: install-test ## tests in Chromium on the built site (AT_ONCE=1: one file at a time, for the times they print)
	@echo "Browser tests"
	@node --test --test-concurrency=$(or $(AT_ONCE),2) tests/browser/*.test.mjs

bench: build install-test ## speed of each stage natively and in Chromium, and of QRS detection beside sleepecg in the same run
	@tools/bench.sh
	@EINTHOVEN_SITE=$(SITE) node tools/bench_stages.mjs target/native/einthoven

bench-models: install-test ## speed of every model in Chromium, beside onnxruntime-web in the same page
	@tools/bench_models.sh $(SITE)

accuracy: ## what the analysis reaches on annotated data, where it is present (WRITE=1 puts it into the README)
	@tools/deps-cache.sh give
	@cargo build --locked --quiet --profile native $(PURE) --bin einthoven
	@node tools/accuracy.mjs $(if $(WRITE),--write)

picture: ## the picture of the README, from the built site
	@node tests/browser/picture.mjs docs/einthoven.png

fuzz: ## fuzz every reader for TIME seconds each (TIME=120)
	@tools/fuzz.sh $(or $(TIME),120) $(FORMATS)

install:
	@tools/install.sh build
	@tools/deps-cache.sh give

install-test:
	@tools/install.sh test
	@tools/deps-cache.sh give

clean: ## remove what was built here (the shared cache stays)
	@rm -rf target dist node_modules
