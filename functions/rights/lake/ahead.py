"""Work that is done in threads before it is asked for, in the order in which it will be."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

_THREADS = 2
_FEW_BYTES = 4 * 1024 * 1024
"""Up to so many more is begun than there are threads, so that none waits while small pieces are taken."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """A piece of work, and the bytes that it is about."""

    size: int
    do: Callable[[], T]


class Ahead(Generic[T]):
    """Takes pieces of work from an iterator, a few before their results are; memory stays that of these few."""

    def __init__(self, work: Iterator[Work[T]]) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(_THREADS)
        self._begun: deque[tuple[int, Future[T]]] = deque()

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take(self) -> T:
        """What the next piece led to, or its error."""
        result = self._begun.popleft()[1].result()
        self._begin()
        return result

    def _begin(self) -> None:
        while len(self._begun) < _THREADS or sum(size for size, _ in self._begun) < _FEW_BYTES:
            if (work := next(self._work, None)) is None:
                return
            self._begun.append((work.size, self._pool.submit(work.do)))
