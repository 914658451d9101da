# Everything happens in .venv; `make demo` and `make test` need Python 3.11+, make and nothing else.

PYTHON ?= python3
BIN := .venv/bin
DEMO := quickstart

.PHONY: demo docs test sentences stops storm fuzz coverage lint bench slurm-demo release clean

demo: .venv/.demo
	$(BIN)/rescal-sweep submit sweeps/$(DEMO).yaml --cluster local --wait --yes
	$(BIN)/rescal-sweep plot $(DEMO)

# one process more than cores, up to five, as many tests wait for processes of their own;
# the page's JavaScript has tests of its own, which pytest runs as one where there is node
test: .venv/.test
	if command -v node >/dev/null; then node --test tests/html/*.test.js; fi
	$(BIN)/python -m pytest --numprocesses $$(n=$$(nproc); echo $$((n < 4 ? n + 1 : 5))) --dist loadgroup $(ARGS)

# after a change of words: writes what the tests find into the golden file; look at its difference
sentences: .venv/.test
	WRITE_SENTENCES=1 $(BIN)/python -m pytest --numprocesses 0 $(ARGS)

# runs of all features, each stopped at random and continued to the same bytes
stops: .venv/.test
	STOPS=200 $(BIN)/python -m pytest tests/engine/test_stops.py $(ARGS)

# faults at random moments of small sweeps; prints rounds, faults and what differed
ROUNDS ?= 300
storm: .venv/.test
	$(BIN)/python -m tests.faults.storm --rounds $(ROUNDS) $(ARGS)

# readers of files and texts, with so many examples each: 100,000 take an hour or two
EXAMPLES ?= 100000
fuzz: .venv/.test
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/fuzz --numprocesses auto -o faulthandler_timeout=0 $(ARGS)

# the site, in docs/_build/html; warnings are errors. The first time, the gallery runs four sweeps
docs: .venv/.docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going -b html docs docs/_build/html
	$(BIN)/sphinx-build --fail-on-warning --quiet -b man docs docs/_build/man
	@echo "open docs/_build/html/index.html, or read it with: man docs/_build/man/rescal-sweep.1"

coverage: .venv/.test
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: .venv/.lint node_modules/.package-lock.json
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell --skip node_modules,_build,dist
	$(BIN)/lint-imports
	$(BIN)/mypy
	npx --no-install biome ci --error-on-warnings

bench: .venv/.test
	for each in startup scale reduction supervision throughput engine analysis page; do $(BIN)/python benchmarks/$$each.py || exit; done

# a throw-away Slurm cluster of four nodes on this machine; needs root and Debian's packages
slurm-demo: .venv/.demo
	trap 'tests/slurm/down .slurm --purge' EXIT; \
	eval "$$(tests/slurm/up .slurm)" && sinfo && \
	$(BIN)/rescal-sweep submit sweeps/$(DEMO).yaml -p pdebug -t 10 --cluster slurm \
	    --data-dir data_runs/on-slurm --wait --yes && sacct -X

# wheel and sdist in dist/, installed and tried on every Python from 3.11 on that is here
release: .venv/.release
	rm -rf dist
	$(BIN)/python -m build --outdir dist . >/dev/null
	.ci/release dist $(TRY)

clean:
	rm -rf .venv node_modules

.venv/bin/pip:
	$(PYTHON) -m venv .venv

.venv/.demo: pyproject.toml | .venv/bin/pip
	@echo "installing into .venv; this takes about a minute, once"
	$(BIN)/pip install --quiet --editable '.[analysis]'
	touch $@

.venv/.test: pyproject.toml | .venv/bin/pip
	@echo "installing what the tests need into .venv; this takes about a minute, once"
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable '.[analysis]' --group test
	touch $@

.venv/.docs: pyproject.toml | .venv/bin/pip
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable '.[analysis]' --group docs
	touch $@

.venv/.lint: pyproject.toml | .venv/bin/pip
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable '.[analysis]' --group dev
	touch $@

.venv/.release: pyproject.toml | .venv/bin/pip
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --group release
	touch $@

# for `make lint`; needs Debian's npm
node_modules/.package-lock.json: package-lock.json
	npm ci --silent
	touch $@
