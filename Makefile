# ngx_mfa_module: everything is built in build/, nothing elsewhere.
#
#   make run     a demo behind the gate on 127.0.0.1:8080
#   make test    every test
#
# The rest: make help.  BUILD= puts the results into another folder,
# SAN=asan or SAN=tsan builds with that sanitizer into a folder of its own,
# V=1 shows the commands.

SHELL := /bin/sh

BUILD ?= build
SAN ?=
PORT ?= 8080
INBOX_PORT ?= 8025
FUZZ_SECONDS ?= 20
TEST_JOBS ?= 2

O := $(BUILD)$(if $(SAN),/$(SAN))

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
NGINX ?= /usr/sbin/nginx
NGINX_SRC ?= /usr/share/nginx/src

DESTDIR ?=
MODULE_DIR ?= /usr/lib/nginx/modules
SBIN_DIR ?= /usr/sbin
SHARE_DIR ?= /usr/share/nginx-mfa
MAN_DIR ?= /usr/share/man


# --- what may be installed --------------------------------------------------

DEPS_RUN := gcc make perl nginx nginx-dev liblmdb-dev libqrencode-dev \
            libsodium-dev libcurl4-openssl-dev libjansson-dev libcsv-dev \
            libcrypt-dev libssl-dev libpcre2-dev zlib1g-dev

DEPS_TEST := libcmocka-dev postfix sasl2-bin libsasl2-modules \
             python3-aiosmtpd chromium chromium-headless-shell zbar-tools \
             oathtool libio-socket-ssl-perl nodejs npm cppcheck wrk \
             python3-jwt python3-cryptography \
             curl openssl ca-certificates radicale webfs novnc websockify \
             tigervnc-standalone-server dokuwiki php-cgi fail2ban

DEPS_FUZZ := clang


# --- sources ----------------------------------------------------------------

GLUE_SRC := $(sort $(wildcard ngx_mfa_module/*.c))
CLI_SRC := $(sort $(wildcard src/cli/*.c))
CORE_SRC := $(sort $(filter-out $(CLI_SRC),$(wildcard src/*.c src/*/*.c)))
UNIT_SRC := $(sort $(wildcard t/unit/test_*.c))
# these bring their own malloc, which the thread sanitizer has as well
ifeq ($(SAN),tsan)
  UNIT_SRC := $(filter-out %/test_arena.c %/test_oom.c,$(UNIT_SRC))
endif
UNIT_HELP := $(sort $(filter-out $(wildcard t/unit/test_*.c),\
               $(wildcard t/unit/*.c)))
FUZZ_SRC := $(sort $(wildcard t/fuzz/fuzz_*.c))
MODULE_FILES := $(sort config $(GLUE_SRC) $(CORE_SRC) \
                $(wildcard ngx_mfa_module/*.h src/*.h src/*/*.h src/*/*.def))

CORE_OBJ := $(CORE_SRC:src/%.c=$(O)/core/obj/%.o)
CLI_OBJ := $(CLI_SRC:src/%.c=$(O)/core/obj/%.o)
UNIT_BIN := $(UNIT_SRC:t/unit/%.c=$(O)/unit/%)
UNIT_OBJ := $(UNIT_HELP:t/unit/%.c=$(O)/unit/obj/%.o)
FUZZ_BIN := $(FUZZ_SRC:t/fuzz/%.c=$(BUILD)/fuzz/%)

LIBMFA := $(O)/core/libmfa.a
MODULE := $(O)/nginx/ngx_mfa_module.so
MFACTL := $(O)/mfactl


# --- flags ------------------------------------------------------------------

cc_takes = $(shell echo | $(CC) -Werror $(1) -x c -c -o /dev/null - \
             2>/dev/null && echo '$(1)')

WARN := -Wall -Wextra -Werror -Wshadow -Wconversion -Wsign-conversion \
        -Wmissing-prototypes -Wwrite-strings -Wcast-qual -Wformat=2 -Wvla

ifeq ($(SAN),asan)
  HARDEN := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
            -fno-sanitize-recover=undefined
  LINK := -fsanitize=address,undefined
else ifeq ($(SAN),tsan)
  HARDEN := -O1 -fno-omit-frame-pointer -fsanitize=thread
  LINK := -fsanitize=thread
else ifeq ($(SAN),)
  HARDEN := -O2 -fstack-protector-strong -U_FORTIFY_SOURCE \
            $(or $(call cc_takes,-D_FORTIFY_SOURCE=3 -O2),\
                 -D_FORTIFY_SOURCE=2) \
            $(call cc_takes,-fcf-protection)
  LINK := -Wl,-z,relro,-z,now
else
  $(error SAN is "$(SAN)"; it may be asan, tsan or empty)
endif

BASE_FLAGS := -D_GNU_SOURCE -g -fPIC $(HARDEN) $(EXTRA_CFLAGS)
CORE_CFLAGS := -std=c11 $(BASE_FLAGS) $(WARN)
MODULE_CFLAGS := -std=gnu11 $(BASE_FLAGS)
DEPGEN = -MMD -MP

Q := $(if $(V),,@)
say = @$(if $(V),:,echo '  $(1)  $@')

LIBS := -llmdb -lqrencode -lsodium -lcrypto -lcurl -ljansson -lcrypt -lpthread


# --- build ------------------------------------------------------------------

.PHONY: all core unit module mfactl passwords help
all: module mfactl passwords

core: $(LIBMFA)
unit: $(UNIT_BIN)
module: $(MODULE)
mfactl: $(MFACTL)

$(O)/core/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CORE_CFLAGS) $(DEPGEN) -c -o $@ $<

# the list of members is a dependency: a deleted source leaves the archive
$(LIBMFA): $(CORE_OBJ) $(O)/core/files
	@rm -f $@.new
	$(call say,AR)
	$(Q)ar rcs $@.new $(CORE_OBJ)
	@mv $@.new $@

$(O)/core/files: FORCE
	@mkdir -p $(@D)
	@echo $(CORE_SRC) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(MFACTL): $(CLI_OBJ) $(LIBMFA)
	$(call say,LD)
	$(Q)$(CC) $(CORE_CFLAGS) $(LINK) -o $@ $(CLI_OBJ) $(LIBMFA) -lcsv $(LIBS)

$(O)/unit/obj/%.o: t/unit/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CORE_CFLAGS) $(DEPGEN) -c -o $@ $<

$(O)/unit/%: $(O)/unit/obj/%.o $(UNIT_OBJ) $(LIBMFA)
	$(call say,LD)
	$(Q)$(CC) $(CORE_CFLAGS) $(LINK) -o $@ $(filter %.o,$^) $(LIBMFA) \
	    -lcmocka $(LIBS)

# of mfactl, all but its main()
$(O)/unit/test_monitor: $(filter-out %/mfactl.o,$(CLI_OBJ))
$(O)/unit/test_monitor: LIBS += -lcsv

.SECONDARY: $(UNIT_SRC:t/unit/%.c=$(O)/unit/obj/%.o)


# nginx's configure takes seconds: it runs only when `config`, the flags or
# the set of files has changed

$(O)/nginx/files: FORCE
	@mkdir -p $(@D)
	@echo '$(MODULE_CFLAGS) $(LINK) $(NGINX_SRC)' $(MODULE_FILES) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(O)/nginx/Makefile: config $(O)/nginx/files
	@test -x $(NGINX_SRC)/configure || \
	    { echo "make: $(NGINX_SRC) is missing: apt-get install nginx-dev" \
	           "(or: make deps)" >&2; exit 1; }
	@echo "configuring nginx's build, see $(O)/nginx/configure.log"
	@rm -f $@
	@top='$(CURDIR)' out='$(abspath $(O)/nginx)' && cd $(NGINX_SRC) && \
	    cc='$(MODULE_CFLAGS)' ld='$(LINK)' top="$$top" out="$$out" \
	    ASAN_OPTIONS=detect_leaks=0 bash -c '. ./conf_flags; \
	    ./configure "$${NGX_CONF_FLAGS[@]}" --with-cc="$(CC)" \
	        --with-cc-opt="$$cc" --with-ld-opt="$$ld" \
	        --builddir="$$out" --add-dynamic-module="$$top"' \
	    > "$$out/configure.log" 2>&1 || \
	    { tail -n 12 "$$out/configure.log" >&2; exit 1; }

$(MODULE): $(O)/nginx/Makefile $(MODULE_FILES)
	$(call say,MK)
	@$(MAKE) --no-print-directory -s -C $(NGINX_SRC) \
	    -f '$(abspath $(O)/nginx)/Makefile' modules
	@touch $@

# passwords that are refused; where the list is from: docs/third-party.md

passwords: $(BUILD)/common-passwords.txt

$(BUILD)/common-passwords.txt: conf/common-passwords.txt
	@mkdir -p $(@D)
	@cp $< $@

.PHONY: FORCE
FORCE:

-include $(CORE_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(UNIT_OBJ:.o=.d)
-include $(UNIT_SRC:t/unit/%.c=$(O)/unit/obj/%.d)


# --- packages ---------------------------------------------------------------

.PHONY: deps deps-run deps-test deps-fuzz
deps: deps-run deps-test

deps-run:
	@.ci/deps $(DEPS_RUN)

deps-test: deps-run
	@.ci/deps $(DEPS_TEST)
	@.ci/promtool '$(BUILD)'

deps-fuzz: deps-run
	@.ci/deps $(DEPS_FUZZ)


# --- demo -------------------------------------------------------------------

.PHONY: run stop
run: deps-run
	@$(MAKE) --no-print-directory all
	@conf/demo/start '$(BUILD)' '$(PORT)' '$(INBOX_PORT)'

stop:
	@conf/demo/stop '$(BUILD)'


# --- tests ------------------------------------------------------------------

.PHONY: test test-all test-style test-unit test-http test-browser \
        test-unit-asan test-unit-tsan test-http-asan bench bench-size timing \
        fuzz check trixie

PROVE := prove -j$(TEST_JOBS) -It/lib --timer

# these wait for mail, timers and workers most of the time
HTTP_JOBS ?= $(shell expr $(TEST_JOBS) + 2)

# the long ones first, or the last of them runs alone
HTTP_LONG := $(patsubst %,t/http/%.t,providers helpdesk_matrix idle_people \
               code_race policy_matrix helpdesk_after takeover_mailbox \
               takeover_password)
HTTP_ALL := $(HTTP_LONG) $(filter-out $(HTTP_LONG),$(wildcard t/http/*.t))
TEST_ENV = TEST_NGINX_BINARY=$(NGINX) MFA_TEST_BUILD=$(abspath $(BUILD))
NODE_MODULES := t/browser/node_modules/.package-lock.json

test: deps-test
	@$(MAKE) --no-print-directory test-all

test-all:
	@.ci/stages $(MAKE) test-style test-unit test-unit-asan \
	    test-unit-tsan test-http test-http-asan test-browser

test-style: module
	$(TEST_ENV) MFA_TEST_SO=$(abspath $(MODULE)) $(PROVE) t/style

test-unit: unit
	@.ci/prove-unit $(PROVE) $(UNIT_BIN)

test-unit-asan:
	@$(MAKE) --no-print-directory SAN=asan test-unit

test-unit-tsan:
	@$(MAKE) --no-print-directory SAN=tsan test-unit

test-http: all
	$(TEST_ENV) MFA_TEST_SO=$(abspath $(MODULE)) \
	    MFA_TEST_CTL=$(abspath $(MFACTL)) \
	    MFA_TEST_SAN=$(if $(SAN),1) \
	    $(PROVE) -j$(HTTP_JOBS) $(or $(T),$(HTTP_ALL))

test-http-asan:
	@$(MAKE) --no-print-directory SAN=asan test-http

$(NODE_MODULES): t/browser/package-lock.json
	cd t/browser && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
	    npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

test-browser: all $(NODE_MODULES)
	cd t/browser && $(TEST_ENV) MFA_TEST_SO=$(abspath $(MODULE)) \
	    MFA_TEST_CTL=$(abspath $(MFACTL)) \
	    npx --no-install playwright test $(T)

BENCH_SRC := $(sort $(filter-out t/bench/loop.c t/bench/cheap_hash.c, \
               $(wildcard t/bench/*.c)))
BENCH_BIN := $(BENCH_SRC:t/bench/%.c=$(O)/bench/%) $(O)/bench/loop.so

$(O)/bench/%: t/bench/%.c t/bench/bench.h $(UNIT_OBJ) $(LIBMFA)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CORE_CFLAGS) $(LINK) -o $@ $< $(UNIT_OBJ) $(LIBMFA) \
	    -lcmocka $(LIBS)

$(O)/bench/loop.so $(O)/bench/cheap_hash.so: $(O)/bench/%.so: t/bench/%.c
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -fPIC -shared \
	    -o $@ $<

bench bench-size: all $(BENCH_BIN)
	@.ci/deps wrk
	$(TEST_ENV) MFA_TEST_SO=$(abspath $(MODULE)) \
	    MFA_TEST_CTL=$(abspath $(MFACTL)) \
	    perl -It/lib t/bench/$(@:bench-%=%).pl $(abspath $(O)/bench)

timing: all $(O)/bench/seed $(O)/bench/cheap_hash.so
	$(TEST_ENV) MFA_TEST_SO=$(abspath $(MODULE)) \
	    MFA_TEST_CTL=$(abspath $(MFACTL)) \
	    perl -It/lib t/bench/timing.pl $(abspath $(O)/bench)

check: deps-test
	@$(MAKE) --no-print-directory test-style lint

.PHONY: lint
lint:
	@cppcheck -q -j$(TEST_JOBS) --std=c11 --language=c --inline-suppr \
	    --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem --error-exitcode=1 \
	    -D_GNU_SOURCE --max-configs=2 $(CORE_SRC) $(CLI_SRC)

$(BUILD)/fuzz/%: t/fuzz/%.c $(CORE_SRC)
	@mkdir -p $(@D)
	clang -std=c11 -D_GNU_SOURCE -g -O1 \
	    -fsanitize=fuzzer,address,undefined -o $@ $< $(CORE_SRC) $(LIBS)

fuzz: deps-fuzz
	@$(MAKE) --no-print-directory fuzz-run

.PHONY: fuzz-run
fuzz-run: $(FUZZ_BIN)
	@test -n '$(FUZZ_BIN)' || echo "no t/fuzz/fuzz_*.c yet"
	@for f in $(FUZZ_BIN); do \
	    n=$$(basename $$f); mkdir -p $(BUILD)/fuzz/corpus/$$n; \
	    echo "== $$n, $(FUZZ_SECONDS) s"; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=0 \
	        -verbosity=0 $(BUILD)/fuzz/corpus/$$n || exit 1; \
	done

trixie:
	@.ci/trixie '$(BUILD)'


# --- install ----------------------------------------------------------------

.PHONY: install clean
install: all
	install -d '$(DESTDIR)$(MODULE_DIR)' '$(DESTDIR)$(SBIN_DIR)' \
	    '$(DESTDIR)$(SHARE_DIR)' '$(DESTDIR)$(MAN_DIR)/man8'
	install -m 644 $(MODULE) '$(DESTDIR)$(MODULE_DIR)/'
	install -m 755 $(MFACTL) '$(DESTDIR)$(SBIN_DIR)/'
	install -m 644 $(BUILD)/common-passwords.txt '$(DESTDIR)$(SHARE_DIR)/'
	install -m 644 docs/mfactl.8 '$(DESTDIR)$(MAN_DIR)/man8/'
	cp -R html conf/fail2ban conf/grafana conf/prometheus \
	    '$(DESTDIR)$(SHARE_DIR)/'
	chmod -R u=rwX,go=rX '$(DESTDIR)$(SHARE_DIR)/html' \
	    '$(DESTDIR)$(SHARE_DIR)/fail2ban' \
	    '$(DESTDIR)$(SHARE_DIR)/grafana' \
	    '$(DESTDIR)$(SHARE_DIR)/prometheus'

clean:
	@conf/demo/stop '$(BUILD)' 2>/dev/null || true
	rm -rf '$(BUILD)'

help:
	@echo "make [all]         module and mfactl in $(BUILD)/"
	@echo "make run | stop    demo on PORT=$(PORT), INBOX_PORT=$(INBOX_PORT)"
	@echo "make test          everything; one part: test-style, test-unit,"
	@echo "                   test-http [T=t/http/x.t], test-browser, ..-asan"
	@echo "make check         style tests and static analysis"
	@echo "make bench | fuzz  figures [ROUNDS=] | [FUZZ_SECONDS=]"
	@echo "make timing        does time tell who exists? [SAMPLES=]"
	@echo "make deps          install what is missing (deps-run, deps-test)"
	@echo "make trixie        build and load it in a Debian 13"
	@echo "make install       DESTDIR=, MODULE_DIR=, SBIN_DIR=, SHARE_DIR="
	@echo "make clean         stop the demo, remove $(BUILD)/"
