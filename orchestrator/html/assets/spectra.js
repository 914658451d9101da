// Spectra of height maps on canvases, and in words.

import { colour } from "./colours.js";
import { short } from "./text.js";

// wavenumbers along the wind to the right, across it upwards; brightness by the root, for the
// strongest wave would hide all others
export function drawSpectrum(canvas, block, index) {
  const { values, shape } = block.arrays.spectra;
  const [, rows, columns] = shape;
  canvas.width = columns;
  canvas.height = rows;
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(columns, rows);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const base = colour(Math.sqrt(values[(index * rows + rows - 1 - y) * columns + x] / 255));
      picture.data.set([...base, 255], 4 * (y * columns + x));
    }
  }
  pen.putImageData(picture, 0, 0);
}

export function rangeOfWaves({ head, arrays }) {
  const [, rows, columns] = arrays.spectra.shape;
  const along = `0 to ${columns - 1} along the wind (to the right)`;
  const across = `0 to ${rows - 1} across it (upwards)`;
  const perCell = [(columns - 1) / head.length, (rows - 1) / head.depth].map(short);
  return `Waves in the domain: ${along}, ${across}, up to ${perCell.join(" and ")} per cell.`;
}

export function strongestWave({ head, arrays }, index, { factor, units }) {
  const peak = head.peaks[index];
  if (!(peak > 0)) return "There are no waves.";
  const { values, shape } = arrays.spectra;
  const [, rows, columns] = shape;
  const size = rows * columns;
  const strongest = values.subarray(index * size, (index + 1) * size).indexOf(255);
  const [along, across] = [strongest % columns, Math.floor(strongest / columns)];
  const length = Math.round(1 / Math.hypot(along / head.length, across / head.depth)) * factor;
  const waves = `${along} along, ${across} across`;
  return `Strongest wave, inlet and outlet included: ${waves}; length ${short(length)} ${units}, amplitude ${short(peak * factor)} ${units}.`;
}
