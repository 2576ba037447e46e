# SPDX-License-Identifier: MIT
# A thin front of meson: `make` builds, and the command is then at build/ration.
#
#   make install PREFIX=/usr DESTDIR=$PWD/package    and `uninstall` with the same two
#   make SETUP='-Dstatic=false -Dman=false'           options of `meson setup`, at the first time
BUILD ?= build
# The one that was given last: /usr/local at the first time.
PREFIX ?= $(prefix)

.PHONY: all deps demo demo-top pictures check check-long check-all torture soak mutants fuzz coverage with-tests bench install uninstall deb dist-static clean

# Installs nothing: `make deps` does.
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

deps:
	@scripts/deps build

$(BUILD)/build.ninja:
	@scripts/deps --check build
	@meson setup $(BUILD) --wrap-mode=nodownload $(if $(PREFIX),--prefix "$(PREFIX)") $(SETUP) >/dev/null

# What the build prints is shown only if it fails; V=1 shows whole receipts.
demo:
	@scripts/deps demo
	@log=$$(mktemp) && if ! $(MAKE) --no-print-directory all >$$log 2>&1; then cat $$log; rm -f $$log; exit 1; fi; rm -f $$log
	@BUILD=$(BUILD) V=$(V) scripts/demo

# Tenants under load in `ration top`, until q.
demo-top:
	@scripts/deps demo-top
	@log=$$(mktemp) && if ! $(MAKE) --no-print-directory all >$$log 2>&1; then cat $$log; rm -f $$log; exit 1; fi; rm -f $$log
	@BUILD=$(BUILD) scripts/demo-top

# Those of README, from real runs in the test bed.
pictures: with-tests
	@scripts/deps pictures
	@BUILD=$(BUILD) scripts/pictures

check: with-tests
	@BUILD=$(BUILD) tests/check

# What `make check` leaves out, as it takes long.
check-long: with-tests
	@BUILD=$(BUILD) tests/check --long

# And more kernels, sanitizers, linters, memcheck; `tests/check --all` has still more.
check-all: with-tests
	@scripts/deps check-all
	@BUILD=$(BUILD) tests/check --gate

# The long forms, for hours, and one table of them: PARTS='kills soak' chooses some.
torture: with-tests
	@BUILD=$(BUILD) tests/torture/run $(PARTS)

soak: with-tests
	@BUILD=$(BUILD) tests/torture/run soak

mutants: with-tests
	@BUILD=$(BUILD) tests/mutants/run

# Long: each parser, for so many minutes.
FUZZ_MINUTES ?= 10
fuzz:
	@scripts/deps fuzz
	@BUILD=$(BUILD) tests/fuzz/run --long $(FUZZ_MINUTES)

# How many lines of what reads others' words the tests run.
coverage:
	@scripts/deps fuzz
	@scripts/deps check
	@BUILD=$(BUILD) tests/fuzz/run --coverage

# A directory that was made without the tests' library gets them now.
with-tests:
	@scripts/deps check
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@meson introspect $(BUILD) --tests | grep -q '"unit-' || meson configure $(BUILD) -Dtests=enabled
	@$(MAKE) --no-print-directory all

bench:
	@scripts/deps bench
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) bench/run

install uninstall: $(BUILD)/build.ninja
	@BUILD="$(BUILD)" PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install $@

# The packages of Debian, of what is committed.
deb:
	@scripts/deps deb
	@BUILD="$(BUILD)" scripts/deb

# A static command, for machines of two kinds.
dist-static:
	@scripts/deps dist-static
	@BUILD="$(BUILD)" scripts/dist-static

clean:
	@rm -rf $(BUILD)
