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

demo:
	@scripts/deps all
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) scripts/demo

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
