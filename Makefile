# The five commands that people type. They run what README.md and .ci/run say, so nothing is written twice.

GOLDEN ?= build/golden

# The block of README.md that follows the marker <!-- ci: NAME -->.
readme = awk -v marker='<!-- ci: $(1) -->' '$$0 == marker {found = 1; next} found && /^```/ {if (inside) exit; inside = 1; next} inside' README.md

.PHONY: setup test lint bench golden

setup:  ## install leukokit, its contributed plugins and the tools, into the active environment
	bash -exc "$$($(call readme,install-for-tests))"

test:  ## all tests
	bash -exc "$$($(call readme,test))"

lint:  ## ruff, layers and types, as .ci/run does
	bash -exc "$$(sed -n '/^step "lint"/,/^step "tests"/{/^step/d;p;}' .ci/run)"

bench:  ## measure everything in docs/performance.md; takes long, on a machine with nothing else to do
	python benchmarks/performance.py

golden:  ## the first time: record what runs give; afterwards: check that they still give the same
	if [ -e $(GOLDEN)/golden.json ]; then word=check; else word=record; fi; \
	python benchmarks/golden_runs.py $$word $(GOLDEN)
