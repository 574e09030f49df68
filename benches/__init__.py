"""What `make bench` measures: one module a question, each with `run(bench)`; docs/BENCHMARKS.md holds the figures."""
