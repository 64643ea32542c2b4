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
#   make test-writers others write while readers ask, readers are killed (WRITERS_SECONDS)
#   make test-cancel  how long a statement may go unheard that is told to stop, per call, on large data (CANCEL_TOUCHES)
#   make test-builds  other compilers and other levels of optimisation give the same answers, to the last bit
#   make test-numbers ten million touches: every conversion and every total adds up, to the last bit (NUMBERS=S: one million)
#   make test-asan    every Python test with address and undefined-behaviour sanitizers in the extension (gcc)
#   make test-tsan    the work on threads with a thread sanitizer, interrupted too
#   make test-oom     memory that ends at every allocation of every statement (some minutes; make test takes samples)
#   make coverage     lines and branches that the tests reach, against floors and a list; coverage-core is short, coverage-sql long
#   make coverage-mcdc which conditions of core/ have decided on their own, by clang
#   make fuzz         libFuzzer on every target of tests/fuzz, FUZZ_SECONDS each (FUZZ=names of targets)
#   make test-limits  the limits with 10,000 connections, and 1,500 damaged files under sanitizers
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

.PHONY: all demo test test-core test-sql test-peers test-writers test-cancel test-fresh bench bench-docs bench-funnel bench-effects reference examples debug clean test-builds test-numbers test-asan test-tsan test-oom test-fuzz fuzz test-limits coverage coverage-core coverage-sql coverage-mcdc
.PHONY: setup-build setup-demo setup-test setup-peers setup-bench-peers setup-clang setup-fuzz setup-coverage setup-mcdc
all: $(EXTENSION)

setup-build: ; @CC="$(CC)" sh tests/setup.sh build
setup-demo: ; @CC="$(CC)" sh tests/setup.sh build demo
setup-test: ; @CC="$(CC)" sh tests/setup.sh build demo test
setup-fuzz: ; @CC="$(CC)" FUZZ_CC="$(FUZZ_CC)" sh tests/setup.sh build fuzz
setup-peers: ; @CC="$(CC)" sh tests/setup.sh build peers
setup-mcdc: ; @CC="$(CC)" MCDC_CC="$(MCDC_CC)" sh tests/setup.sh build test mcdc
setup-coverage: ; @CC="$(CC)" sh tests/setup.sh build demo test coverage
setup-clang: ; @CC="$(CC)" sh tests/setup.sh clang
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

test-core: $(CORE_TESTS) $(BUILD)/low/limits $(LOCALES)/de_DE.UTF-8
	@for t in $(CORE_TESTS) $(BUILD)/low/limits; do LOCPATH=$(LOCALES) $$t || exit 1; done

# A program with an allocator of its own for SQLite; it answers for the processors, so its symbols must be seen.
$(BUILD)/oom: tests/fault/oom.c $(wildcard tests/fault/*.h) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(CFLAGS) -rdynamic -o $@ $< -lsqlite3 -ldl

test-sql: setup-test $(EXTENSION) $(BUILD)/demo.db $(BUILD)/oom
	$(PYTHON) -m pytest -q tests

test-oom: setup-test $(EXTENSION) $(BUILD)/demo.db $(BUILD)/oom
	$(PYTHON) tests/fault/oom.py

test: setup-test test-core test-fuzz test-sql

# Fuzz targets (tests/fuzz/README.md). A low AT_PARALLEL_ROWS: what is small is shared out, too.
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ ?= $(FUZZ_TARGETS)
FUZZ_SECONDS ?= 10
FUZZ_DEFINES := -DSQLITE_CORE -DAT_PARALLEL_ROWS=64u
FUZZ_HEADERS := $(HEADERS) $(wildcard tests/fuzz/*.h tests/core/*.h)
FUZZ_LIBS := -lcmocka -lsqlite3 -lm -pthread

# Their corpus as a regression test: the normal compiler, and no libFuzzer.
$(BUILD)/replay/obj/%.o: ext/%.c $(HEADERS) | setup-test
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(FUZZ_DEFINES) -O0 -g $(SANITIZE) -c -o $@ $<

$(BUILD)/replay/%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(SOURCES:ext/%.c=$(BUILD)/replay/obj/%.o) $(FUZZ_HEADERS)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(FUZZ_DEFINES) -O0 -g $(SANITIZE) -o $@ $< tests/fuzz/replay.c $(SOURCES:ext/%.c=$(BUILD)/replay/obj/%.o) $(FUZZ_LIBS)

test-fuzz: $(FUZZ_TARGETS:%=$(BUILD)/replay/%)
	@for t in $(FUZZ_TARGETS); do $(BUILD)/replay/$$t tests/fuzz/corpus/$$t || exit 1; done

FUZZ_CC ?= clang
FUZZ_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(BUILD)/fuzz/obj/%.o: ext/%.c $(HEADERS) | setup-fuzz
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(FUZZ_CC) $(STRICT) $(FUZZ_DEFINES) -O1 -g $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/fuzz_%.c $(SOURCES:ext/%.c=$(BUILD)/fuzz/obj/%.o) $(FUZZ_HEADERS)
	@echo "  $@"
	$(Q)$(FUZZ_CC) $(STRICT) $(FUZZ_DEFINES) -O1 -g $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< $(SOURCES:ext/%.c=$(BUILD)/fuzz/obj/%.o) $(FUZZ_LIBS)

fuzz: $(FUZZ:%=$(BUILD)/fuzz/%)
	@CORPUS=$(BUILD)/fuzz/found sh tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZ)

# The hosts' tests at length; the sanitizers are preloaded, as Python is built without them.
test-limits: setup-test $(EXTENSION) $(BUILD)/debug/attribution.$(SUFFIX)
	ATTRIBUTION_CONNECTIONS=10000 $(PYTHON) -m pytest -q tests/hosts/test_limits.py
	ATTRIBUTION_SO=$(abspath $(BUILD)/debug/attribution) ATTRIBUTION_DAMAGED=1500 ASAN_OPTIONS=detect_leaks=0 \
	  LD_PRELOAD="$$($(CC) -print-file-name=libasan.so)" $(PYTHON) -m pytest -q tests/hosts/test_hostile.py tests/hosts/test_authorizer.py

# ClickHouse as tests/peers/package.json names it, installed by npm; the stamp is newer than what npm unpacks.
PEERS := $(BUILD)/peers
$(PEERS)/installed: tests/peers/package.json | setup-peers
	@mkdir -p $(PEERS)
	@echo "  $@"
	$(Q)cp $< $(PEERS) && npm install --prefix $(PEERS) --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

test-peers: setup-peers $(EXTENSION) $(PEERS)/installed
	$(PYTHON) tests/peers/compare.py

WRITERS_SECONDS ?= 40
test-writers: setup-test $(EXTENSION)
	$(PYTHON) tests/writers/stress.py $(WRITERS_SECONDS)

# The benchmark's rows, fewer of them than its size L.
CANCEL_TOUCHES ?= 4000000
$(BUILD)/cancel/generate: tests/bench/generate.c | setup-test
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) -std=c11 $(CFLAGS) -o $@ $< -lsqlite3

$(BUILD)/cancel/gaps.so: tests/cancel/gaps.c | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -D_GNU_SOURCE -fPIC -shared $(CFLAGS) -o $@ $<

$(BUILD)/cancel/touches-%.db: $(BUILD)/cancel/generate
	$(Q)$< $@.part $* && mv $@.part $@

test-cancel: setup-test $(EXTENSION) $(BUILD)/cancel/gaps.so $(BUILD)/cancel/touches-$(CANCEL_TOUCHES).db
	$(PYTHON) tests/cancel/cancel.py $(BUILD)/cancel/touches-$(CANCEL_TOUCHES).db $(CANCEL_TOUCHES)
# Name, compiler and level of each build that is compared with the usual one.
BUILDS := gcc-O0:gcc:-O0 gcc-O3:gcc:-O3 clang-O2:clang:-O2 clang-O3:clang:-O3
test-builds: setup-test setup-clang $(EXTENSION) $(BUILD)/demo.db
	$(Q)for b in $(BUILDS); do \
	  name=$${b%%:*} rest=$${b#*:}; \
	  $(MAKE) --no-print-directory BUILD=$(BUILD)/builds/$$name CC=$${rest%%:*} CFLAGS="$${rest#*:}" \
	    $(BUILD)/builds/$$name/attribution.$(SUFFIX) > $(BUILD)/builds-$$name.log 2>&1 || { cat $(BUILD)/builds-$$name.log; exit 1; }; \
	done
	PYTHON=$(PYTHON) sh tests/builds/compare.sh usual=$(CURDIR)/$(EXTENSION) \
	  $(foreach b,$(BUILDS),$(firstword $(subst :, ,$b))=$(CURDIR)/$(BUILD)/builds/$(firstword $(subst :, ,$b))/attribution.$(SUFFIX))

# The whole suite with the sanitized extension in an ordinary Python; leaks are counted by the core tests' heaps, as Python's own
# would be reported here.
SANITIZERS = $(shell $(CC) -print-file-name=libasan.so)
test-asan: setup-test test-core debug $(BUILD)/demo.db
	LD_PRELOAD=$(SANITIZERS) ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1 \
	  ATTRIBUTION_SO=$(CURDIR)/$(BUILD)/debug/attribution $(PYTHON) -m pytest -q tests

TSAN := $(BUILD)/tsan
$(TSAN)/attribution.$(SUFFIX): $(SOURCES) $(HEADERS) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -fPIC -fvisibility=hidden -O1 -g -fsanitize=thread -shared -o $@ $(SOURCES) -lm -pthread
$(TSAN)/threads: tests/sanitizers/threads.c | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -O1 -g -fsanitize=thread -o $@ $< -lsqlite3 -pthread
test-tsan: setup-test $(TSAN)/attribution.$(SUFFIX) $(TSAN)/threads
	cd tests/bench && $(PYTHON) -c "import common; common.build_database('S')"
	TSAN_OPTIONS=halt_on_error=1 $(TSAN)/threads $(BUILD)/bench-S.db $(CURDIR)/$(TSAN)/attribution < tests/sanitizers/statements.sql

test-numbers: setup-test $(EXTENSION)
	NUMBERS=$(or $(NUMBERS),L) $(PYTHON) tests/numbers/drift.py

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

# The limits that are too far away to reach: the same core with low ones.
LOW_LIMITS := -DAT_MAX_ROWS=5000u -DAT_MAX_GROUP=2500u -DAT_MAX_KEYS=1000u -DAT_MAX_STATES=500u -DAT_PARALLEL_ROWS=64u
$(BUILD)/low/obj/%.o: ext/%.c $(HEADERS) | setup-test
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(LOW_LIMITS) -O0 -g $(SANITIZE) -c -o $@ $<

$(BUILD)/low/limits: tests/core/low/low_limits.c $(wildcard tests/core/*.h) $(CORE:ext/%.c=$(BUILD)/low/obj/%.o)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(LOW_LIMITS) -O0 -g $(SANITIZE) -o $@ $< $(CORE:ext/%.c=$(BUILD)/low/obj/%.o) -lcmocka -lm -pthread

# What the tests reach, by gcov: of core/ by its own tests, of sql/ by the Python suite (long: an hour on a small machine).
# No optimisation (what the compiler folds away cannot be counted) and no assertions, as in the build that is shipped.
COVERAGE := $(BUILD)/coverage
COVERAGE_FLAGS := -DNDEBUG -O0 -g --coverage -fprofile-update=prefer-atomic
COVERAGE_OBJECTS := $(SOURCES:ext/%.c=$(COVERAGE)/obj/%.o)
$(COVERAGE)/obj/%.o: ext/%.c $(HEADERS) | setup-coverage
	@mkdir -p $(@D)
	@echo "  $@"
	@rm -f $(@:.o=.gcda)
	$(Q)$(CC) $(STRICT) -fPIC $(if $(filter core/%,$*),,-fvisibility=hidden) $(COVERAGE_FLAGS) -c -o $@ $<

$(COVERAGE)/low/obj/%.o: ext/%.c $(HEADERS) | setup-coverage
	@mkdir -p $(@D)
	@echo "  $@"
	@rm -f $(@:.o=.gcda)
	$(Q)$(CC) $(STRICT) -fPIC $(LOW_LIMITS) $(COVERAGE_FLAGS) -c -o $@ $<

# From an archive, whose names (and gcov's) can be kept inside.
$(COVERAGE)/attribution.$(SUFFIX): $(COVERAGE_OBJECTS)
	@echo "  $@"
	@rm -f $(COVERAGE)/core.a
	$(Q)ar rcs $(COVERAGE)/core.a $(filter $(COVERAGE)/obj/core/%,$^)
	$(Q)$(CC) $(SHARED) --coverage -Wl,--exclude-libs,ALL -o $@ $(filter-out $(COVERAGE)/obj/core/%,$^) $(COVERAGE)/core.a -lm -pthread

# Core as a library of its own: tests need not be linked anew.
$(COVERAGE)/%/libcore.so:
	@echo "  $@"
	$(Q)$(CC) $(SHARED) --coverage -o $@ $^ -lm -pthread
$(COVERAGE)/obj/libcore.so: $(CORE:ext/%.c=$(COVERAGE)/obj/%.o)
$(COVERAGE)/low/libcore.so: $(CORE:ext/%.c=$(COVERAGE)/low/obj/%.o)

$(COVERAGE)/core/%: tests/core/%.c $(wildcard tests/core/*.h) $(HEADERS) | $(COVERAGE)/obj/libcore.so
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -O0 -g -o $@ $< $(CURDIR)/$(COVERAGE)/obj/libcore.so -lcmocka -lm -pthread

$(COVERAGE)/low/limits: tests/core/low/low_limits.c $(wildcard tests/core/*.h) $(HEADERS) | $(COVERAGE)/low/libcore.so
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(LOW_LIMITS) -O0 -g -o $@ $< $(CURDIR)/$(COVERAGE)/low/libcore.so -lcmocka -lm -pthread

COVERAGE_TESTS := $(CORE_TESTS:$(BUILD)/core/%=$(COVERAGE)/core/%) $(COVERAGE)/low/limits
coverage-core: setup-coverage $(COVERAGE)/obj/libcore.so $(COVERAGE)/low/libcore.so $(COVERAGE_TESTS) $(LOCALES)/de_DE.UTF-8
	@find $(COVERAGE) -name '*.gcda' -delete
	@for t in $(COVERAGE_TESTS); do LOCPATH=$(LOCALES) $$t >$(COVERAGE)/core.log 2>&1 || { cat $(COVERAGE)/core.log; exit 1; }; done
	@$(PYTHON) tests/coverage/check.py $(COVERAGE) tests/coverage/core.txt core

coverage-sql: setup-coverage $(COVERAGE)/attribution.$(SUFFIX) $(BUILD)/demo.db $(BUILD)/oom
	@find $(COVERAGE) -name '*.gcda' -delete
	ATTRIBUTION_SO=$(CURDIR)/$(COVERAGE)/attribution $(PYTHON) -m pytest -q tests \
	  --deselect tests/fault/test_oom.py::test_every_allocation_is_one_of_sqlite  # gcov allocates, too
	@$(PYTHON) tests/coverage/check.py $(COVERAGE) tests/coverage/sql.txt sql attribution.c

coverage: setup-coverage
	@$(MAKE) --no-print-directory coverage-core
	@$(MAKE) --no-print-directory coverage-sql

# Conditions that decide on their own (MC/DC), of core/ by its tests, by clang; one library, so that all tests count in one profile.
MCDC := $(BUILD)/mcdc
MCDC_CC ?= clang-19
MCDC_FLAGS := -DNDEBUG -O0 -g -fPIC -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc
$(MCDC)/%/libcore.so: $(CORE) $(HEADERS) | setup-mcdc
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(MCDC_CC) $(STRICT) $(if $(filter low,$*),$(LOW_LIMITS)) $(MCDC_FLAGS) -shared -o $@ $(CORE) -lm -pthread

$(MCDC)/test/%: tests/core/%.c $(wildcard tests/core/*.h) $(HEADERS) | $(MCDC)/core/libcore.so
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(MCDC_CC) $(STRICT) -O0 -o $@ $< $(CURDIR)/$(MCDC)/core/libcore.so -lcmocka -lm -pthread

$(MCDC)/test/low: tests/core/low/low_limits.c $(wildcard tests/core/*.h) $(HEADERS) | $(MCDC)/low/libcore.so
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(MCDC_CC) $(STRICT) $(LOW_LIMITS) -O0 -o $@ $< $(CURDIR)/$(MCDC)/low/libcore.so -lcmocka -lm -pthread

MCDC_TESTS := $(CORE_TESTS:$(BUILD)/core/%=$(MCDC)/test/%) $(MCDC)/test/low
coverage-mcdc: setup-mcdc $(MCDC)/core/libcore.so $(MCDC)/low/libcore.so $(MCDC_TESTS) $(LOCALES)/de_DE.UTF-8
	@rm -f $(MCDC)/*.profraw
	@for t in $(MCDC_TESTS); do \
	  LOCPATH=$(LOCALES) LLVM_PROFILE_FILE=$(MCDC)/%m.profraw $$t >$(MCDC)/test.log 2>&1 || { cat $(MCDC)/test.log; exit 1; }; done
	@llvm-profdata-19 merge -o $(MCDC)/all.profdata $(MCDC)/*.profraw
	@llvm-cov-19 report $(MCDC)/core/libcore.so -instr-profile=$(MCDC)/all.profdata -show-mcdc-summary -show-branch-summary=false \
	  -show-region-summary=false | sed 's/[-=]*$$//'

examples: setup-test $(EXTENSION) $(BUILD)/demo.db
	$(PYTHON) tests/cookbook/record.py

clean:
	rm -rf $(BUILD)

.SECONDARY:
