# SPDX-License-Identifier: MIT
# A thin front of meson: `make` builds, and the command is then at build/ration.
#
#   make install PREFIX=/usr DESTDIR=/tmp/package     and `uninstall` with the same two
#   make SETUP='-Dstatic=false -Dman=false'           options of `meson setup`, at the first time
BUILD ?= build
# The one that was given last: /usr/local at the first time.
PREFIX ?= $(prefix)

.PHONY: all demo check bench install uninstall clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/deps build
	@meson setup $(BUILD) $(if $(PREFIX),--prefix $(PREFIX)) $(SETUP) >/dev/null

# What the build prints is shown only if it fails; V=1 shows whole receipts.
demo:
	@scripts/deps all
	@log=$$(mktemp) && if ! $(MAKE) --no-print-directory all >$$log 2>&1; then cat $$log; rm -f $$log; exit 1; fi; rm -f $$log
	@BUILD=$(BUILD) V=$(V) scripts/demo

check:
	@scripts/deps all
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/check

bench:
	@scripts/deps all
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) bench/run

install uninstall: $(BUILD)/build.ninja
	@BUILD=$(BUILD) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) scripts/install $@

clean:
	@rm -rf $(BUILD)
