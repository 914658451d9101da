// Height maps on canvases: coloured by height, lit from the upper left.

import { hasMaps } from "./blocks.js";
import { colour } from "./colours.js";

const STEEPER = 2.5; // than it is, as the light sees it
const ALTITUDE = (40 * Math.PI) / 180;
const ACROSS = Math.cos(ALTITUDE) * Math.SQRT1_2;
const UP = Math.sin(ALTITUDE);

export function drawMap(canvas, block, index, scale, aboveMean) {
  if (!hasMaps(block)) return;
  const [, rows, columns] = block.arrays.levels.shape;
  canvas.width = columns;
  canvas.height = rows;
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(columns, rows);
  const { side } = block.head;
  const heights = heightsOf(block, index, aboveMean);
  const smooth = side === 1 ? smoothed(heights, rows, columns) : heights;
  paint(picture.data, smooth, rows, columns, side, scale);
  pen.putImageData(picture, 0, 0);
}

// in cells, row by row
export function heightsOf({ head, arrays }, index, aboveMean) {
  const { values, shape } = arrays.levels;
  const size = shape[1] * shape[2];
  const heights = new Float32Array(size);
  let sum = 0;
  for (let i = 0; i < size; i += 1) {
    heights[i] = head.low + head.step * values[index * size + i];
    sum += heights[i];
  }
  if (aboveMean) for (let i = 0; i < size; i += 1) heights[i] -= sum / size;
  return heights;
}

// the mean over three pixels each way, so that light shows forms and not single grains
export function smoothed(heights, rows, columns) {
  const smooth = new Float32Array(heights.length);
  for (let y = 0; y < rows; y += 1) {
    const above = Math.max(0, y - 1) * columns;
    const here = y * columns;
    const below = Math.min(rows - 1, y + 1) * columns;
    for (let x = 0; x < columns; x += 1) {
      const left = Math.max(0, x - 1);
      const right = Math.min(columns - 1, x + 1);
      let sum = 0;
      for (const line of [above, here, below]) {
        sum += heights[line + left] + heights[line + x] + heights[line + right];
      }
      smooth[here + x] = sum / 9;
    }
  }
  return smooth;
}

// into pixels, four bytes each, of which one is ``side`` cells wide
export function paint(pixels, heights, rows, columns, side, { low, high }) {
  const steep = STEEPER / (2 * side);
  for (let y = 0; y < rows; y += 1) {
    const above = Math.max(0, y - 1) * columns;
    const below = Math.min(rows - 1, y + 1) * columns;
    for (let x = 0; x < columns; x += 1) {
      const i = y * columns + x;
      const right = y * columns + Math.min(columns - 1, x + 1);
      const left = y * columns + Math.max(0, x - 1);
      const along = steep * (heights[right] - heights[left]);
      const across = steep * (heights[below + x] - heights[above + x]);
      const light = (ACROSS * (along + across) + UP) / Math.hypot(along, across, 1) / UP;
      const base = colour((heights[i] - low) / (high - low));
      for (let k = 0; k < 3; k += 1) pixels[4 * i + k] = lit(base[k], light);
      pixels[4 * i + 3] = 255;
    }
  }
}

function lit(base, light) {
  if (light < 1) return base * (0.45 + 0.55 * Math.max(0, light));
  return base + (255 - base) * Math.min(0.5, 0.9 * (light - 1));
}
