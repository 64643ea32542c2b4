# sqlite-attribution
#
#   make              build/attribution.so (.dylib, .dll)
#   make demo         build/demo.db and the main job on it
#   make test         every test; sets up what it needs
#   make bench        speed, as ratios in one run, beside plain SQL, DuckDB and ClickHouse (BENCH=S, L or XL; BENCH_PEER=0 without)
#   make bench-docs   the same, and docs/speed.md of it
#   make bench-funnel speed of the funnel family, beside plain SQL and ClickHouse (BENCH=S or L; BENCH_PEER=0 without)
#   make bench-effects speed of the data-driven family, beside other packages (BENCH=S or L; BENCH_PEER=0 without)
#   make test-peers   the condition functions against ClickHouse, in process (PEERS_GROUPS, PEERS_SEED)
#   make test-oom     memory that ends at every allocation of every statement (some minutes; make test takes samples)
#   make test-fresh   both commands in a clean Debian made by debootstrap
#   make reference    docs/reference.md from the extension's own tables, sql-examples/README.md from the examples
#   make examples     what the cookbook prints, written down anew in sql-examples/expected: look at the difference
#   V=1 shows the commands

CC ?= cc
PYTHON ?= /usr/bin/python3
BUILD := build
BENCH ?= S
Q := $(if $(V),,@)

UNAME := $(shell uname -s)
ifeq ($(UNAME),Darwin)
  SUFFIX := dylib
  SHARED := -dynamiclib -undefined dynamic_lookup
else ifneq (,$(findstring MINGW,$(UNAME))$(findstring MSYS,$(UNAME)))
  SUFFIX := dll
  SHARED := -shared
else
  SUFFIX := so
  # nodelete: after a load that failed a running statement may still hold functions of the file
  SHARED := -shared -Wl,-z,defs,-z,relro,-z,now,-z,nodelete
endif

# No -march=native and no contraction: the same bits on every machine.
STRICT := -std=c11 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off
CFLAGS ?= -O2 -g
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

CORE := $(wildcard ext/core/*.c)
SOURCES := ext/attribution.c $(CORE) $(wildcard ext/sql/*.c)
OBJECTS := $(SOURCES:ext/%.c=$(BUILD)/obj/%.o)
HEADERS := $(wildcard ext/*.h ext/*/*.h)
EXTENSION := $(BUILD)/attribution.$(SUFFIX)
CORE_TESTS := $(patsubst tests/core/%.c,$(BUILD)/core/%,$(wildcard tests/core/test_*.c))

.PHONY: all demo test test-core test-sql test-oom test-peers test-fresh bench bench-docs bench-funnel bench-effects reference examples debug clean
.PHONY: setup-build setup-demo setup-test setup-peers setup-bench-peers
all: $(EXTENSION)

setup-build: ; @CC="$(CC)" sh tests/setup.sh build
setup-demo: ; @CC="$(CC)" sh tests/setup.sh build demo
setup-test: ; @CC="$(CC)" sh tests/setup.sh build demo test
setup-peers: ; @CC="$(CC)" sh tests/setup.sh build peers
setup-bench-peers: ; @CC="$(CC)" sh tests/setup.sh build bench-peers

$(EXTENSION): $(OBJECTS)
	@echo "  $@"
	$(Q)$(CC) $(SHARED) $(LDFLAGS) -o $@ $(OBJECTS) -lm -pthread

$(BUILD)/obj/%.o: ext/%.c $(HEADERS) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -fPIC -fvisibility=hidden -DNDEBUG $(CFLAGS) -c -o $@ $<

# The same with assertions and sanitizers; needs LD_PRELOAD of libasan to load.
debug: $(BUILD)/debug/attribution.$(SUFFIX)
$(BUILD)/debug/attribution.$(SUFFIX): $(SOURCES) $(HEADERS) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -fPIC -fvisibility=hidden -O1 -g $(SANITIZE) -shared -o $@ $(SOURCES) -lm -pthread

$(BUILD)/demo.db: $(BUILD)/generate-demo
	$(Q)$(BUILD)/generate-demo $@

$(BUILD)/generate-demo: $(wildcard sql-examples/demo/*.[ch]) | setup-demo
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(CFLAGS) -o $@ $(wildcard sql-examples/demo/*.c) -lsqlite3 -lm

demo: setup-demo $(EXTENSION) $(BUILD)/demo.db
	@for f in 21 22 27; do \
	  sqlite3 -cmd '.load $(BUILD)/attribution' -readonly $(BUILD)/demo.db ".read $$(echo sql-examples/$$f-*.sql)" || exit 1; \
	done

# C unit tests of core/, with assertions and sanitizers.
$(BUILD)/core/obj/%.o: ext/core/%.c $(HEADERS) | setup-test
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -O1 -g $(SANITIZE) -c -o $@ $<

$(BUILD)/core/%: tests/core/%.c $(wildcard tests/core/*.h) $(CORE:ext/core/%.c=$(BUILD)/core/obj/%.o) $(HEADERS)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -O1 -g $(SANITIZE) -o $@ $< $(CORE:ext/core/%.c=$(BUILD)/core/obj/%.o) -lcmocka -lm -pthread

# A locale with a decimal comma, in a folder of our own: numbers must not mind it.
LOCALES := $(BUILD)/locale
$(LOCALES)/de_DE.UTF-8: | setup-test
	@mkdir -p $(@D)
	$(Q)localedef -i de_DE -f UTF-8 $@

test-core: $(CORE_TESTS) $(LOCALES)/de_DE.UTF-8
	@for t in $(CORE_TESTS); do LOCPATH=$(LOCALES) $$t || exit 1; done

# A program with an allocator of its own for SQLite; it answers for the processors, so its symbols must be seen.
$(BUILD)/oom: tests/fault/oom.c $(wildcard tests/fault/*.h) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(CFLAGS) -rdynamic -o $@ $< -lsqlite3 -ldl

test-sql: setup-test $(EXTENSION) $(BUILD)/demo.db $(BUILD)/oom
	$(PYTHON) -m pytest -q tests

test-oom: setup-test $(EXTENSION) $(BUILD)/demo.db $(BUILD)/oom
	$(PYTHON) tests/fault/oom.py

test: setup-test test-core test-sql

# ClickHouse as tests/peers/package.json names it, installed by npm; the stamp is newer than what npm unpacks.
PEERS := $(BUILD)/peers
$(PEERS)/installed: tests/peers/package.json | setup-peers
	@mkdir -p $(PEERS)
	@echo "  $@"
	$(Q)cp $< $(PEERS) && npm install --prefix $(PEERS) --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

test-peers: setup-peers $(EXTENSION) $(PEERS)/installed
	$(PYTHON) tests/peers/compare.py

test-fresh:
	bash tests/fresh/run.sh

# DuckDB as tests/bench/package.json names it; ClickHouse is that of test-peers.
BENCH_NPM := $(BUILD)/bench-npm
$(BENCH_NPM)/installed: tests/bench/package.json | setup-peers
	@mkdir -p $(BENCH_NPM)
	@echo "  $@"
	$(Q)cp $< $(BENCH_NPM) && npm install --prefix $(BENCH_NPM) --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

$(BUILD)/bench-rows.so: tests/bench/rows.c | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -fPIC -shared $(CFLAGS) -o $@ $<

BENCH_ENGINES := $(if $(filter 0,$(BENCH_PEER))$(filter XL,$(BENCH)),,$(PEERS)/installed $(BENCH_NPM)/installed)
bench: setup-test $(EXTENSION) $(BUILD)/bench-rows.so $(BENCH_ENGINES)
	BENCH=$(BENCH) $(PYTHON) tests/bench/bench.py

bench-docs: setup-test $(EXTENSION) $(BUILD)/bench-rows.so $(BENCH_ENGINES)
	BENCH=$(BENCH) BENCH_DOC=1 $(PYTHON) tests/bench/bench.py

bench-funnel: setup-test $(EXTENSION) $(if $(filter 0,$(BENCH_PEER)),,$(PEERS)/installed)
	BENCH=$(BENCH) $(PYTHON) tests/bench/funnel.py

# Other packages as tests/bench/peers.txt names them, installed by pip into a folder of their own; they are compared
# on paths of the shared data, and not needed where these are missing.
BENCH_PEERS := $(BUILD)/bench-peers
BENCH_PATHS := $(wildcard $(or $(ATTRIBUTION_SHARED),../shared)/data/pathdata/paths.csv)
$(BENCH_PEERS)/installed: tests/bench/peers.txt | setup-bench-peers
	@echo "  $@"
	$(Q)$(PYTHON) -m venv --clear $(BENCH_PEERS) && $(BENCH_PEERS)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

bench-effects: setup-test $(EXTENSION) $(if $(filter 0,$(BENCH_PEER)),,$(if $(BENCH_PATHS),$(BENCH_PEERS)/installed))
	BENCH=$(BENCH) $(PYTHON) tests/bench/effects.py

reference: setup-test $(EXTENSION)
	$(PYTHON) docs/make_reference.py > docs/reference.md
	$(PYTHON) docs/make_cookbook.py > sql-examples/README.md

examples: setup-test $(EXTENSION) $(BUILD)/demo.db
	$(PYTHON) tests/cookbook/record.py

clean:
	rm -rf $(BUILD)

.SECONDARY:
