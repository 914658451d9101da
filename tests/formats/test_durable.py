"""Files and folders appear whole, and only once they are on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.formats.durable import draft_of


def _write(draft: Path, text: str, *, folder: bool) -> None:
    if folder:
        (draft / "inner").mkdir(parents=True)
        (draft / "inner" / "file").write_text(text)
    else:
        draft.write_text(text)


def _write_half(draft: Path, *, folder: bool) -> None:
    _write(draft, "half", folder=folder)
    raise ZeroDivisionError


def _read(path: Path) -> str:
    return (path / "inner" / "file" if path.is_dir() else path).read_text()


@pytest.fixture(params=[False, True], ids=["file", "folder"])
def folder(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_draft_takes_the_place_of_what_was_there(tmp_path: Path, *, folder: bool) -> None:
    path = tmp_path / "a.zarr"

    for text in ("old", "new"):
        with draft_of(path) as draft:
            _write(draft, text, folder=folder)

    assert _read(path) == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


def test_a_draft_that_fails_leaves_what_was_there(tmp_path: Path, *, folder: bool) -> None:
    path = tmp_path / "a.zarr"
    _write(path, "old", folder=folder)

    with pytest.raises(ZeroDivisionError), draft_of(path) as draft:
        _write_half(draft, folder=folder)

    assert _read(path) == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


def test_a_folder_comes_back_where_the_draft_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zarr"
    _write(path, "old", folder=True)
    rename = Path.rename

    def full(old: Path, new: Path) -> Path:
        if new == path and not old.name.endswith(".old"):
            raise OSError(28, "No space left on device")
        return rename(old, new)

    monkeypatch.setattr(Path, "rename", full)

    with pytest.raises(OSError, match="No space left"), draft_of(path) as draft:
        _write(draft, "new", folder=True)

    assert _read(path) == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


def test_a_link_to_a_folder_is_replaced_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    _write(tmp_path / "elsewhere", "old", folder=True)
    path = tmp_path / "a.zarr"
    path.symlink_to(tmp_path / "elsewhere")

    with draft_of(path) as draft:
        _write(draft, "new", folder=True)

    assert _read(path) == "new"
    assert _read(tmp_path / "elsewhere") == "old"


def test_all_of_a_draft_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, folder: bool
) -> None:
    path = tmp_path / "a.zarr"
    synced = []
    fsync = os.fsync

    def note(handle: int) -> None:
        synced.append((Path(f"/proc/self/fd/{handle}").readlink(), path.exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)

    with draft_of(path) as draft:
        _write(draft, "new", folder=folder)

    parts = [draft, draft / "inner", draft / "inner" / "file"] if folder else [draft]
    assert synced == [*((part, False) for part in parts), (tmp_path, True)]


def test_each_draft_has_a_name_of_its_own_with_the_same_suffix(tmp_path: Path) -> None:
    with draft_of(tmp_path / "a.gif") as draft, draft_of(tmp_path / "a.gif") as other:
        draft.touch()
        other.touch()

    assert draft.name != other.name
    assert {path.suffix for path in (draft, other)} == {".gif"}
    assert draft.name.startswith(".a.draft-")
