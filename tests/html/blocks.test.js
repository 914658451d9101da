import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytesOf,
  decoded,
  frameAt,
  hasMaps,
  valueAt,
} from "../../orchestrator/html/assets/blocks.js";
import { heightsOf, paint, smoothed } from "../../orchestrator/html/assets/maps.js";
import { nearest } from "../../orchestrator/html/assets/sampling.js";
import { dominantWave, rangeOfWaves } from "../../orchestrator/html/assets/spectra.js";

const NAN = Number.NaN;

function blockOfTimes(...times) {
  return { head: { times }, arrays: {} };
}

test("an array is read at any offset behind the head", () => {
  const head = JSON.stringify({
    name: "größer",
    arrays: [
      ["levels", "|u1", [1, 1, 3]],
      ["series_times", "<f4", [2]],
    ],
  });
  const text = new TextEncoder().encode(head);
  const bytes = new Uint8Array(4 + text.length + 3 + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set([7, 8, 255], 4 + text.length);
  view.setFloat32(4 + text.length + 3, 1.5, true);
  view.setFloat32(4 + text.length + 7, -2, true);

  const block = decoded(bytes.buffer);

  assert.equal(block.head.name, "größer");
  assert.deepEqual(block.arrays.levels, { shape: [1, 1, 3], values: Uint8Array.of(7, 8, 255) });
  assert.deepEqual(block.arrays.series_times.values, Float32Array.of(1.5, -2));
  assert.ok(hasMaps(block));
});

test("base64 becomes bytes", () => {
  assert.deepEqual(bytesOf("AP+A"), Uint8Array.of(0, 255, 128));
});

test("the nearest of two equally near times is the earlier one", () => {
  assert.deepEqual(
    [-5, 4, 5, 6, 99].map((time) => nearest([0, 10, 20], time)),
    [0, 0, 0, 1, 2],
  );
});

test("a frame is of another time where another stop of the slider is nearer to it", () => {
  const stops = [0, 1, 2, 3, 4, 5, 10, 20, 30, 40, 50];
  const seldom = blockOfTimes(0, 10, 20, 30, 40, 50);
  const often = blockOfTimes(0, 1, 2, 3, 4, 5);

  assert.deepEqual(frameAt(seldom, 3, stops), { index: 0, time: 0, other: true, past: false });
  assert.deepEqual(frameAt(seldom, 50, stops), { index: 5, time: 50, other: false, past: false });
  assert.deepEqual(frameAt(often, 50, stops), { index: 5, time: 5, other: true, past: true });
  assert.equal(frameAt(blockOfTimes(), 3, stops), null);
});

test("a frame a little off its stop is of the same time", () => {
  const { time, other } = frameAt(blockOfTimes(0.02, 10.3), 10, [0, 10, 20]);

  assert.deepEqual([time, other], [10.3, false]);
});

test("a quantity that has no value at a time has not that of another", () => {
  const arrays = {
    series_times: { values: Float32Array.of(0, 10, 20) },
    roughness: { values: Float32Array.of(1, NAN, 3) },
  };
  const block = { arrays };
  const values = [1, 9, 99].map((time) => valueAt(block, "roughness", time));

  assert.deepEqual(values, [1, NAN, 3]);
  assert.deepEqual(valueAt(block, "wavelength", 0), NAN);
});

test("heights are in cells, or above the mean of their map", () => {
  const levels = { shape: [2, 1, 3], values: Uint8Array.of(0, 0, 0, 0, 2, 4) };
  const block = { head: { low: 5, step: 0.5 }, arrays: { levels } };

  assert.deepEqual(heightsOf(block, 1, false), Float32Array.of(5, 6, 7));
  assert.deepEqual(heightsOf(block, 1, true), Float32Array.of(-1, 0, 1));
});

test("smoothing keeps a flat bed and spreads a grain over nine pixels", () => {
  const grain = new Float32Array(25);
  grain[12] = 9;

  assert.deepEqual(smoothed(new Float32Array(25).fill(4), 5, 5), new Float32Array(25).fill(4));
  const spread = smoothed(grain, 5, 5);
  assert.deepEqual([spread[6], spread[12], spread[18], spread[0]], [1, 1, 1, 0]);
});

test("light comes from the upper left, and a flat bed has the colours of the scale", () => {
  const scale = { low: 0, high: 100 };
  const brightness = (heights) => {
    const pixels = new Uint8ClampedArray(36);
    paint(pixels, Float32Array.from(heights), 3, 3, 1, scale);
    return pixels.slice(16, 19).reduce((sum, part) => sum + part);
  };
  const flat = brightness([50, 50, 50, 50, 50, 50, 50, 50, 50]);
  const facing = brightness([49, 49, 50, 49, 50, 51, 50, 51, 51]); // it rises to the lower right
  const averted = brightness([51, 51, 50, 51, 50, 49, 50, 49, 49]);

  const pixels = new Uint8ClampedArray(4);
  paint(pixels, Float32Array.of(0), 1, 1, 1, scale);
  assert.deepEqual([...pixels], [0, 34, 78, 255]);
  assert.ok(facing > flat && flat > averted, `${facing} > ${flat} > ${averted}`);
});

test("a spectrum tells the dominant wave that the table shows, and another that is as strong", () => {
  const spectra = { shape: [2, 2, 3], values: new Uint8Array(12) };
  const series = (...values) => ({ values });
  const arrays = { spectra, series_times: series(0, 10, 20) };
  const block = { head: { peaks: [0, 1.5], depth: 30, length: 80 }, arrays };
  const cells = { factor: 1, units: "cells" };
  const at = (index, time, unit = cells) => dominantWave(block, { index, time }, unit);

  assert.equal(at(0, 0), "There are no waves.");
  assert.equal(at(1, 10), "No wave stands out. The brightest wave has an amplitude of 1.5 cells.");
  arrays.wavelength = series(Number.NaN, 24.25, 26);
  arrays.wavelength_error = series(Number.NaN, 1.234, 2);
  assert.equal(at(1, 0), "No wave stands out. The brightest wave has an amplitude of 1.5 cells.");
  assert.equal(
    at(1, 10),
    "Dominant wavelength 24.3 ± 1.2 cells. The brightest wave has an amplitude of 1.5 cells.",
  );
  arrays.second_wavelength = series(Number.NaN, Number.NaN, 60);
  assert.equal(
    at(1, 20, { factor: 0.5, units: "m" }),
    "Dominant wavelength 13.0 ± 1.0 m; another of 30.0 m is nearly as strong. " +
      "The brightest wave has an amplitude of 0.75 m.",
  );
  assert.equal(
    rangeOfWaves(block),
    "Waves in the domain: 0 to 2 along the wind (to the right), 0 to 1 across it (upwards), " +
      "up to 0.025 and 0.03333 per cell.",
  );
});
