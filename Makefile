# SPDX-License-Identifier: MIT
# A thin front of meson: `make` builds, and the command is then at build/ration.
BUILD ?= build

.PHONY: all demo check bench install clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/deps build
	@meson setup $(BUILD) >/dev/null

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

install: all
	@meson install -C $(BUILD) --no-rebuild

clean:
	@rm -rf $(BUILD)
