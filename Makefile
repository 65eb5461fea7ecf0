# Everything that a contributor or operator runs; `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help deps build release test lint fuzz demo bench clean

help: ## Lists the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

deps: ## Installs the C libraries that are missing, or names them
	@.ci/dependencies

build: deps ## Builds for development
	swift build

release: deps ## Builds with optimisation; the program is .build/release/hearth
	swift build -c release --product hearth

test: ## Installs what the tests need, builds and runs all tests
	@.ci/dependencies tests
	swift build --build-tests
	swift test --skip-build --skip BinaryTests
	@# Alone, as these take all cores, and others watch the clock.
	swift test --skip-build --filter BinaryTests

lint: ## Checks format and imports
	swift format lint --strict --recursive Sources Tests Benchmarks/Package.swift Benchmarks/Sources Fuzzing Package.swift
	.ci/check-imports

fuzz: deps ## Fuzzes every parser for TIME seconds each (default 60); see Fuzzing/README.md
	Fuzzing/run

demo: release ## Builds, then serves a generated fleet on 127.0.0.1:4040
	.build/release/hearth demo

bench: ## Measures the release build against this machine's limits, in some five minutes
	@.ci/dependencies
	Benchmarks/run all

clean: ## Removes what was built
	rm -rf .build
