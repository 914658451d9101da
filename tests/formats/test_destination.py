"""Where a command is asked to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import RequestError
from orchestrator.formats import destination

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("suffixes", "wish"),
    [
        ((".csv",), ".csv"),
        ((".zarr", ".nc"), ".zarr or .nc"),
        ((".png", ".svg", ".pdf"), ".png, .svg or .pdf"),
    ],
)
def test_what_a_name_must_end_in_is_told_however_many_there_are(
    tmp_path: Path, suffixes: tuple[str, ...], wish: str
) -> None:
    with pytest.raises(RequestError) as caught:
        destination.ready(tmp_path / "two.xlsx", suffixes)

    assert str(caught.value) == f"{tmp_path}/two.xlsx: expected a name that ends in {wish}"
