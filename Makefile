# Everyday commands. Each calls a script that can be called by itself, with more flags.
.DEFAULT_GOAL := help
.PHONY: help prepare unit machine test lint format docs bench relock bootstrap release

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

prepare: ## install what the tests need into .venv (missing packages of Debian: as root)
	tests/run prepare

unit: ## unit tests and linters: two minutes, no root
	tests/run unit

machine: ## the suite on booted machines, as root: make machine ARGS="-k reboot"
	tests/run machine $(ARGS)

test: ## everything this machine can run, as root: about an hour
	tests/run

lint: ## the linters alone
	.venv/bin/python -m pytest --quiet tests/unit/test_linters.py tests/unit/test_shell.py

format: ## write every Python file as ruff formats it
	.venv/bin/ruff format .

docs: ## write what is generated from the code again, and the site into build/site
	.venv/bin/python tests/commands_page.py
	.venv/bin/python tests/command_help.py
	.venv/bin/python tests/reference_pages.py
	.venv/bin/python -c 'from hubinstall.config import reference; print(reference.reference(), end="")' \
		>docs/reference/settings.md
	.venv/bin/python -m mkdocs build --strict --quiet

bench: ## list the benchmarks, or run one as root: make bench ARGS=start
	benchmarks/run $(ARGS)

relock: ## renew the locked versions, all or some: make relock ARGS=hub
	installer/relock.sh $(ARGS)

bootstrap: ## build dist/bootstrap.py, one file that installs this commit: ARGS="--key FILE"
	installer/build.py $(ARGS)

release: ## build a tagged release into dist/ (docs/how-to/release.md)
	installer/release.sh $(ARGS)
