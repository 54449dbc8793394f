"""read_ahead() keeps order and count, passes errors on, and begins no more than it may."""

import threading

import pytest

from vision.read_ahead import read_ahead


def test_order_is_kept_and_no_more_than_allowed_is_begun():
    begun = []
    results = read_ahead(lambda item: begun.append(item) or item * 2, range(100), threads=3, ahead=5)
    assert [next(results) for _ in range(4)] == [0, 2, 4, 6]
    results.close()
    assert len(begun) <= 4 + 5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


def test_an_error_comes_where_its_result_was_due():
    results = read_ahead(lambda item: 1 // (item - 2), range(5))
    assert [next(results), next(results)] == [-1, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)
