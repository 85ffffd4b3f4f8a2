"""A deep audit explores further; an ordinary one does not."""

from __future__ import annotations

import pytest

from taifoon_proofs.bounds import DEEP_VARIABLE, bound


@pytest.mark.parametrize(("value", "expected"), [("1", 9), ("0", 3), ("", 3), (None, 3)])
def test_the_deep_bound_is_for_deep_audits_alone(
    value: str | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DEEP_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(DEEP_VARIABLE, value)
    assert bound(3, 9) == expected
