# make demo    sets up, builds, and shows the whole job on real servers
# make test    sets up, builds, and runs every test
# Each target does its own set-up, and a second run does only what has changed. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

TOOLS := $(shell . testing/servers/lib.sh && echo $$MBK_TOOLS)
PYTHON := $(TOOLS)/venv/bin/python
IN_LOOPBACK := testing/servers/in_loopback
WITH_STORES := $(IN_LOOPBACK) testing/servers/with_stores
JOBS ?= $(shell nproc)
# Extra arguments for pytest: make e2e PYTEST="-k walkthrough"
PYTEST ?=
# How many run the end-to-end tests side by side, each with servers of its own (2 GB); 0 is without workers, as
# PYTEST=--pdb needs it. It is the servers' own intervals that take the time, so more than there are cores.
E2E_WORKERS ?= 4
# Arguments for the benchmark: make bench BENCH="--rounds 9 server-side"
BENCH ?=
PYTEST_RUN := $(PYTHON) -W ignore -m pytest
# The second -W is that of the workers.
E2E_RUN := $(IN_LOOPBACK) $(PYTEST_RUN) tests/e2e -n $(E2E_WORKERS) --dist loadgroup -W ignore
# Debian's gRPC and its libraries are built without TSan, which would see races in what they synchronise.
SYMBOLIZER := external_symbolizer_path=/usr/bin/llvm-symbolizer-19
export TSAN_OPTIONS := ignore_noninstrumented_modules=1 halt_on_error=1 $(SYMBOLIZER)
export ASAN_OPTIONS := detect_stack_use_after_return=1:$(SYMBOLIZER)
export UBSAN_OPTIONS := print_stacktrace=1:$(SYMBOLIZER)
export LSAN_OPTIONS := suppressions=$(CURDIR)/testing/lsan.supp:print_suppressions=0

say = @printf '\n== %s\n' "$(1)" >&2

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

# ---------------------------------------------------------------------------------------------- set-up

.PHONY: deps test-deps tools
deps: ## install what the program's build needs and this machine lacks: with apt, and Apache Arrow from PyPI
	@testing/install_build_deps.sh program
	@testing/install_arrow
test-deps: deps
	@testing/install_build_deps.sh servers tests
tools: test-deps ## install the real servers that tests and demo use: Milvus 2.3.5, MinIO, mc, and what else stands in testing/servers
	@testing/servers/install.sh all

# ----------------------------------------------------------------------------------------------- build

# One build directory a preset of CMakePresets.json. ninja decides what is out of date.
# The tests are part of it once they have been asked for: the program alone needs fewer packages.
define configure
	@mkdir -p build
	@cmake --preset $(1) -DMBK_TESTS=$(2) >build/configure-$(1).log 2>&1 || { cat build/configure-$(1).log >&2; exit 1; }
	@touch $@
endef
build/%/build.ninja: CMakePresets.json | deps
	$(call configure,$*,OFF)
build/%/with_tests: CMakePresets.json | test-deps
	$(call configure,$*,ON)

# `make build NINJA_FLAGS=` shows each step.
NINJA_FLAGS ?= --quiet
define build_preset
	@cmake --build build/$(1) -j $(JOBS) $(2) -- $(NINJA_FLAGS)
endef

# Into the root of the checkout, each file by a rename: one that runs is not written to.
define install_built
	@set -- $(1); \
	for file; do \
	  built=build/release/src/$$file; \
	  cmp -s "$$built" "$$file" || { cp -L "$$built" "$$file.new" && mv "$$file.new" "$$file"; }; \
	done
endef
.PHONY: build program
build: program ## build the program: ./milvus-backup, and lib/ with what reads and writes rows
	$(call build_preset,release,--target milvus-backup-codec)
	@mkdir -p lib
	$(call install_built,$$(cd build/release/src && echo lib/*))
program: build/release/build.ninja ## build ./milvus-backup alone, as for the demo
	$(call say,building)
	$(call build_preset,release,--target milvus-backup)
	$(call install_built,milvus-backup)

# ----------------------------------------------------------------------------------------------- tests

.PHONY: test
# The servers are installed beside the compilation: both wait now and then. The unit tests run under the sanitizers and
# not once more as released: most of the time goes into compiling them. What is released the end-to-end tests try.
test: test-deps ## everything below but unit and conformance, in order; 10 minutes when nothing has changed
	@$(MAKE) -j 2 tools build
	@$(MAKE) layers
	@$(MAKE) docs
	@$(MAKE) sanitize
	@$(MAKE) fuzz-smoke
	@$(MAKE) e2e

.PHONY: layers
layers: tools ## no directory of src/ includes one above it
	$(call say,layers)
	@$(PYTEST_RUN) tests/layers_test.py

.PHONY: docs
docs: build tools ## the documents show what the program takes; links lead somewhere; advice has tests that take it
	$(call say,documents)
	@$(PYTEST_RUN) tests/docs_test.py tests/advice_test.py

.PHONY: unit
unit: build/release/with_tests ## the unit tests alone, without servers
	$(call say,unit tests)
	$(call build_preset,release)
	@ctest --test-dir build/release --output-on-failure -j $(JOBS)

.PHONY: conformance
conformance: build/release/with_tests tools ## unit tests, and the store conformance suite over real MinIO, versitygw, s3proxy, and emulators of the others
	$(call say,unit tests and store conformance)
	$(call build_preset,release)
	@$(WITH_STORES) ctest --test-dir build/release --output-on-failure -j $(JOBS)

# Those whose code runs on several threads at a time; what they call of the others runs with them.
TSAN_LAYERS := base net store milvus transfer repository ops service
asan_targets := all
asan_tests := .
tsan_targets := $(TSAN_LAYERS:%=mbk_%_test) milvus-backup-codec
empty :=
tsan_tests := ^($(subst $(empty) $(empty),|,$(TSAN_LAYERS) store_emulators))$$
.PHONY: sanitize asan tsan
sanitize: asan tsan ## the same under AddressSanitizer with UBSan, built by clang, and those of several threads under ThreadSanitizer
build/asan/with_tests: | clang
asan tsan: %: build/%/with_tests tools
	$(call say,unit tests and store conformance under $@)
	$(call build_preset,$@,--target $($@_targets))
	@$(WITH_STORES) ctest --test-dir build/$@ --output-on-failure -j $(JOBS) -R '$($@_tests)'

# As many as take half a minute; `make fuzz` goes on from where these begin.
FUZZ_RUNS ?= 5000
.PHONY: clang fuzz-targets fuzz-smoke fuzz
clang: deps
	@testing/apt_install clang-19 libclang-rt-19-dev llvm-19
fuzz-targets: clang build/fuzz/build.ninja
	@cmake --build build/fuzz -j $(JOBS) --target fuzz_targets -- --quiet
fuzz-smoke: fuzz-targets ## FUZZ_RUNS (5000) broken inputs for every parser, the same ones each time
	$(call say,broken input)
	@tests/fuzz/run build/fuzz runs $(FUZZ_RUNS)

.PHONY: e2e
e2e: build tools ## end to end: pymilvus and the program against real Milvus and MinIO
	$(call say,end to end)
	@$(E2E_RUN) $(PYTEST)

# Of some 300 mutations and 50 round trips each, with other rows every time.
MUTATION_ROUNDS ?= 25
.PHONY: torture
torture: build/release/with_tests tools ## end to end, and what is too slow for every run
	$(call say,torture)
	@$(MAKE) build
	$(call build_preset,release)
	@MBK_MUTATION_ROUNDS=$(MUTATION_ROUNDS) build/release/src/mbk_ops_test --gtest_filter='Mutation.*' --gtest_brief=1
	@$(E2E_RUN) --torture $(PYTEST)

# ------------------------------------------------------------------------------------------------ shows

# STORE=local is the small form: no object store is installed or started.
STORE ?= minio
.PHONY: demo
demo: ## the documented walkthrough on two Milvus and two MinIO, each row compared; STORE=local: small, without MinIO
	@demo/set_up $(STORE)
	@$(IN_LOOPBACK) $(PYTHON) -W ignore demo/demo.py $(STORE)

.PHONY: bench
bench: build tools ## what it costs against the Go tool, mc and rclone; bench/README.md says how (15 minutes)
	@testing/apt_install rclone
	@cmake --build build/release -j $(JOBS) --target bench-rows -- --quiet
	@$(IN_LOOPBACK) $(PYTHON) -W ignore bench/run.py $(BENCH)

FUZZ_SECONDS ?= 60
fuzz: fuzz-targets ## broken input for every parser, FUZZ_SECONDS each (60), on from where the last run ended
	@tests/fuzz/run build/fuzz seconds $(FUZZ_SECONDS)

# ------------------------------------------------------------------------------------------ housekeeping

.PHONY: man
man: build ## renew docs/milvus-backup.1 from the command tree
	@./milvus-backup --man >docs/milvus-backup.1

.PHONY: format
format: ## clang-format over all sources
	@git ls-files '*.h' '*.cc' | xargs -r clang-format-19 -i

.PHONY: clean clean-tools
clean: ## remove what was built
	rm -rf build milvus-backup lib logs
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
clean-tools: ## remove the installed servers (shared by all checkouts)
	rm -rf "$(TOOLS)"
