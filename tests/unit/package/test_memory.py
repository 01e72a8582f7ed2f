"""A package is a stream: its size is not that of the process that writes it."""

from local.bench.bench_package import ours
from local.bench.measure import measured


def test_the_memory_does_not_grow_with_the_package() -> None:
    small, large = (measured(ours, 2_000, files, "portability") for files in (1, 25))
    assert large.answer["bytes"] > 200_000_000
    assert large.peak_mb < 150
    assert large.peak_mb < small.peak_mb + 15
