"""The benchmarks: each module named `bench_*.py` yields rows of the table that `make bench` writes."""
