"""What the supervisor makes of streams recorded from the real ReSCAL-snow, and of made ones."""

from __future__ import annotations

import json
import lzma
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from orchestrator.model import Run, State
from orchestrator.records.failures import reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.conftest import Trial

    Frame = Callable[..., bytes]

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
GRAINS_AT_THE_END = {  # grains, mobile, sintered
    "tiny-open": [3899, 1, 0],
    "snowfall-small": [24337, 88, 0],
    "cone-small": [3742, 57, 0],
    "seed-example": [347162, 1687, 0],
}
RECORDED = (
    "tiny-open",
    "snowfall-small",
    "cone-small",
    pytest.param("seed-example", marks=pytest.mark.slow),
)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_stream_gives_the_recorded_arrays(trial: Trial, name: str) -> None:
    recorded = REFERENCE / f"{name}.stream.xz"
    if not recorded.exists():
        pytest.skip(f"{name}.stream.xz is not here")
    told = json.loads((REFERENCE / f"{name}.run.json").read_text())
    shutil.copytree(
        REFERENCE / "real_data", trial.fake.root / "scripts/real_data", dirs_exist_ok=True
    )
    trial.parameters = told["par"]
    trial.run = Run(told["stop"], told["every"])
    trial.fake.rescal("send(stream)", lzma.decompress(recorded.read_bytes()))

    record = trial.supervise()

    assert (record.state, reason(record)) == (State.DONE, "")
    count = len(told["sha256_of_each_snapshot"])
    assert (record.snapshots, record.expected) == (count, count)
    maps, ffts = (
        np.load(trial.directory.height_maps),
        np.load(trial.directory.array_file("ffts")),
    )
    shape = (count, told["par"]["D"], told["par"]["L"])
    assert maps["height_maps"].shape == shape
    expected_file = REFERENCE / f"{name}.expected.npz"
    if not expected_file.exists():
        np.testing.assert_array_equal(maps["times"], told["times"])
        return
    expected = np.load(expected_file)
    assert maps["height_maps"].dtype == np.int16
    assert ffts["ffts"].dtype == np.float32
    np.testing.assert_array_equal(maps["height_maps"], expected["height_maps"])
    np.testing.assert_allclose(ffts["ffts"], expected["ffts"], rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(maps["times"], expected["times"])
    np.testing.assert_array_equal(ffts["times"], expected["times"])
    counted = np.load(trial.directory.array_file("cell_counts"))["cell_counts"]
    np.testing.assert_array_equal(counted[-1], GRAINS_AT_THE_END[name])
    np.testing.assert_array_equal(counted[0, 1:], [0, 0])


def _dunes(time: float) -> NDArray[np.uint8]:
    """Return states [30, 25, 64] of dunes that travel, with grains in the air above them."""
    depth, height, length = 30, 25, 64
    z, x = np.mgrid[:depth, :length]
    surface = 8 + 5 * np.sin((x - 0.3 * time) / 6) * np.cos(z / 9)
    above = np.arange(height)[::-1, None]
    states = np.where(above > surface[:, None, :], 3, 0).astype(np.uint8)
    states[:, :6, :][np.random.default_rng(int(time)).random((depth, 6, length)) < 0.05] = 1
    states[:, -1] = 6  # the floor
    states[:, -3][:, ::7] = 2  # sintered
    states[4, :, 5] = 0  # a column without air
    return states


def test_a_made_stream_gives_the_arrays_of_the_definition(trial: Trial, frame: Frame) -> None:
    times = [0.0, 10.00001, 20.00002]
    trial.parameters |= {"H": 25, "L": 64, "D": 30}
    trial.fake.rescal("send(stream)", b"".join(frame(_dunes(t), t) for t in times))

    record = trial.supervise()

    assert record.state is State.DONE
    maps, ffts = (
        np.load(trial.directory.height_maps),
        np.load(trial.directory.array_file("ffts")),
    )
    for i, time in enumerate(times):
        states = _dunes(time)
        heights = np.argmax(((states == 1) | (states == 3))[:, ::-1, :], axis=1)
        assert heights[4, 5] == 0
        assert heights.max() > 10
        np.testing.assert_array_equal(maps["height_maps"][i], heights)
        waves = np.fft.fft2(heights - heights.mean())[:15, :32] * 2 / heights.size
        blurred = ndimage.gaussian_filter(np.abs(waves)[:2, :5], 1.0)
        blurred[0, 0] = 0
        np.testing.assert_allclose(ffts["ffts"][i], blurred, rtol=1e-5, atol=1e-7)
        counted = np.load(trial.directory.array_file("cell_counts"))["cell_counts"][i]
        assert counted.tolist() == np.bincount(states.ravel())[:3].tolist()
        assert counted.min() > 0
    np.testing.assert_array_equal(maps["times"], times)


def test_a_stream_that_dribbles_gives_the_same(trial: Trial, frame: Frame) -> None:
    trial.parameters |= {"H": 25, "L": 64, "D": 30}
    stream = b"".join(frame(_dunes(t), t) for t in [0.0, 10.0, 20.0])
    dribble = (
        "i, k = 0, 1\nwhile i < len(stream): send(stream[i:i + k]); i += k; k = k * 7 % 65537"
    )
    trial.fake.rescal("send(stream)", stream)
    assert trial.supervise().state is State.DONE
    whole = (
        trial.directory.height_maps.read_bytes(),
        trial.directory.array_file("ffts").read_bytes(),
    )
    trial.claim(2)
    trial.fake.rescal(dribble, stream)

    record = trial.supervise()

    assert (record.state, record.attempt) == (State.DONE, 2)
    again = (
        trial.directory.height_maps.read_bytes(),
        trial.directory.array_file("ffts").read_bytes(),
    )
    assert again == whole
