// Height maps and spectra on canvases, in colours that rise evenly for everybody's eyes.

// cividis (Nuñez, Anderton and Renslow 2018, doi 10.1371/journal.pone.0199239), every third colour
const CIVIDIS = [
  "00224e00255300275800295d002b62002d68002f6d0031700533710f35701637701c396f213b6e263d6e2a3f6d",
  "2e416d32436d35456c39486c3c4a6c3f4c6c424e6c45506c48526c4b546c4e566c51586d545a6d565c6d595e6e",
  "5c616e5e636f61656f646770666970696b716c6d726e6f737172747374757676767878777b7a787e7c78807f78",
  "8381798683798985788c88788f8a78928c78948e779791779a93769d9576a09875a39a74a69c74a99f73aca172",
  "afa471b3a670b6a96fb9ab6dbcae6cbfb06bc2b369c5b568c8b866ccba64cfbd62d2c060d5c25ed9c55cdcc859",
  "dfca57e2cd54e6d051e9d34eedd54af0d846f3db42f7de3efbe138fee434fee838",
].join("");
const COLOURS = ramp(CIVIDIS, 256);

function ramp(text, count) {
  const known = text
    .match(/.{6}/g)
    .map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  return Array.from({ length: count }, (_, i) => {
    const place = (i / (count - 1)) * (known.length - 1);
    const below = Math.min(Math.floor(place), known.length - 2);
    return known[below].map((c, k) => c + (place - below) * (known[below + 1][k] - c));
  });
}

function colour(part) {
  return COLOURS[Math.max(0, Math.min(255, Math.round(255 * part)))];
}

function rgb(part) {
  return `rgb(${colour(part).map(Math.round).join(" ")})`;
}

// ---- scales --------------------------------------------------------------------------------

const scales = {
  height: heightScale(),
  relief: reliefScale(),
};
// a sweep may keep no height maps; then its numbers are shown, once there are any
const keepsMaps =
  experiments.some((one) => one.heights) ||
  !experiments.some((one) => one.spans.some(Boolean));
data.quantities.forEach((quantity, i) => {
  const spans = experiments.map((one) => one.spans[i]).filter(Boolean);
  if (spans.length === 0) return;
  const low = Math.min(...spans.map((span) => span[0]));
  const high = Math.max(...spans.map((span) => span[1]));
  scales[quantity.name] = {
    low,
    high,
    units: quantity.units,
    label: quantity.longName,
    quantity,
  };
});

function heightScale() {
  const known = experiments.map((one) => one.heights).filter(Boolean);
  const low = known.length ? Math.min(...known.map((range) => range[0])) : 0;
  const high = known.length ? Math.max(...known.map((range) => range[1])) : 1;
  return { low, high: Math.max(high, low + 1), units: "cells", label: "height" };
}

function reliefScale() {
  const most = Math.max(1, ...experiments.map((one) => one.relief ?? 0));
  return { low: -most, high: most, units: "cells", label: "height above the mean" };
}

function drawScale(canvas) {
  const pen = canvas.getContext("2d");
  for (let i = 0; i < canvas.width; i += 1) {
    pen.fillStyle = rgb(i / (canvas.width - 1));
    pen.fillRect(i, 0, 1, canvas.height);
  }
}

// ---- height maps ---------------------------------------------------------------------------

const STEEPER = 2.5; // than it is, as the light sees it
const ALTITUDE = (40 * Math.PI) / 180;
const ACROSS = Math.cos(ALTITUDE) * Math.SQRT1_2;
const UP = Math.sin(ALTITUDE);

function drawMap(canvas, found, index, kind) {
  const [, rows, columns] = found.arrays.levels.shape;
  canvas.width = columns;
  canvas.height = rows;
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(columns, rows);
  const heights = surface(found, index, kind === "relief");
  const soft = found.told.side === 1 ? softened(heights, rows, columns) : heights;
  const { low, high } = scales[kind];
  paint(picture.data, soft, rows, columns, found.told.side, low, high);
  pen.putImageData(picture, 0, 0);
}

function surface(found, index, aboveMean) {
  const { values, shape } = found.arrays.levels;
  const size = shape[1] * shape[2];
  const heights = new Float32Array(size);
  let sum = 0;
  for (let i = 0; i < size; i += 1) {
    heights[i] = found.told.low + found.told.step * values[index * size + i];
    sum += heights[i];
  }
  if (aboveMean) for (let i = 0; i < size; i += 1) heights[i] -= sum / size;
  return heights;
}

// the mean over three pixels each way, so that light shows forms and not single grains
function softened(heights, rows, columns) {
  const soft = new Float32Array(heights.length);
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
      soft[here + x] = sum / 9;
    }
  }
  return soft;
}

function paint(pixels, soft, rows, columns, side, low, high) {
  const steep = STEEPER / (2 * side);
  for (let y = 0; y < rows; y += 1) {
    const above = Math.max(0, y - 1) * columns;
    const below = Math.min(rows - 1, y + 1) * columns;
    for (let x = 0; x < columns; x += 1) {
      const i = y * columns + x;
      const right = y * columns + Math.min(columns - 1, x + 1);
      const left = y * columns + Math.max(0, x - 1);
      const along = steep * (soft[right] - soft[left]);
      const across = steep * (soft[below + x] - soft[above + x]);
      const light = (ACROSS * (along + across) + UP) / Math.hypot(along, across, 1) / UP;
      const base = colour((soft[i] - low) / (high - low));
      for (let k = 0; k < 3; k += 1) pixels[4 * i + k] = lit(base[k], light);
      pixels[4 * i + 3] = 255;
    }
  }
}

function lit(base, light) {
  if (light < 1) return base * (0.45 + 0.55 * Math.max(0, light));
  return base + (255 - base) * Math.min(0.5, 0.9 * (light - 1));
}

// ---- spectra -------------------------------------------------------------------------------

// wave numbers along the wind to the right, across it upwards; brightness by the root, for the
// strongest wave would hide all others
function drawSpectrum(canvas, found, index) {
  const [, rows, columns] = found.arrays.spectra.shape;
  canvas.width = columns;
  canvas.height = rows;
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(columns, rows);
  const { values } = found.arrays.spectra;
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const base = colour(Math.sqrt(values[(index * rows + rows - 1 - y) * columns + x] / 255));
      picture.data.set([...base, 255], 4 * (y * columns + x));
    }
  }
  pen.putImageData(picture, 0, 0);
}
