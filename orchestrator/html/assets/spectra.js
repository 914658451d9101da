// Spectra of height maps on canvases, and in words.

import { valueAt } from "./blocks.js";
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

// with which an error, and what it is the error of, has two digits that count
function decimals(error) {
  return error > 0 ? Math.max(0, 1 - Math.floor(Math.log10(error))) : 1;
}

// what the table shows of the dominant wave at a time, and how bright the spectrum is
export function dominantWave(block, { index, time }, { factor, units }) {
  const peak = block.head.peaks[index];
  if (!(peak > 0)) return "There are no waves.";
  const of = (name) => valueAt(block, name, time) * factor;
  const [wave, error, second] = ["wavelength", "wavelength_error", "second_wavelength"].map(of);
  const digits = (value) => value.toFixed(decimals(error));
  const other = second > 0 ? `; another of ${digits(second)} ${units} is nearly as strong` : "";
  const dominant =
    wave > 0
      ? `Dominant wavelength ${digits(wave)} ± ${digits(error)} ${units}${other}.`
      : "No wave stands out.";
  return `${dominant} The brightest wave has an amplitude of ${short(peak * factor)} ${units}.`;
}
