// Line charts of series, as SVG.

import { element, svg } from "./elements.js";
import { nearest } from "./sampling.js";
import { short, titleOf, withUnits } from "./text.js";

const BOX = { width: 320, height: 132, left: 46, right: 8, top: 8, bottom: 24 };

// at multiples of 1, 2 or 5 times a power of ten, two to six of them; where only whole numbers are
// wanted there may be fewer
export function ticks(low, high, whole = false) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = power * [1, 2, 5, 10].find((factor) => factor * power >= 0.8 * rough);
  const step = whole ? Math.max(1, round) : round;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

// whether all values that are known are whole numbers, such as seeds, counts and cells
export function areWhole(values) {
  const known = values.filter(Number.isFinite);
  return known.length > 0 && known.every(Number.isInteger);
}

// [low, high] of the values with a margin; null if none is a number
export function rangeOf(values) {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return null;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const margin = high > low ? 0.06 * (high - low) : Math.max(0.5, 0.1 * Math.abs(high));
  return [low - margin, high + margin];
}

// of an SVG path; the line is interrupted where there is no value
export function path(times, values, x, y) {
  let pen = "M";
  let text = "";
  times.forEach((t, i) => {
    if (!Number.isFinite(values[i])) pen = "M";
    else {
      text += `${pen}${x(t).toFixed(1)} ${y(values[i]).toFixed(1)}`;
      pen = "L";
    }
  });
  return text;
}

export function summary(quantity, times, values, late = "t0") {
  const first = values.findIndex(Number.isFinite);
  const last = values.findLastIndex(Number.isFinite);
  const reading = (i) => `${withUnits(values[i], quantity.units)} at ${short(times[i])} ${late}`;
  return `${quantity.longName}: ${reading(first)}, ${reading(last)}`;
}

// a figure of one quantity, and what moves its cursor to a time; null if there are no values.
// A pointer over it, or an arrow key, reads a value. `late` is the unit of times.
export function chart(quantity, times, values, late = "t0") {
  const range = rangeOf(values);
  if (range === null) return null;
  const reading = element("output", {});
  const drawing = drawn(quantity, times, values, range, late);
  const caption = element("figcaption", {}, element("span", {}, titleOf(quantity)), reading);
  makeReadable(drawing, reading, times, values, late);
  const figure = element("figure", { className: "chart" }, caption, drawing.root);
  return { figure, moveCursor: drawing.moveCursor };
}

function drawn(quantity, times, values, range, late) {
  const { width, height, left, right, top, bottom } = BOX;
  const start = times[0];
  const end = times.at(-1) > start ? times.at(-1) : start + 1;
  const x = (t) => left + ((t - start) / (end - start)) * (width - left - right);
  const y = (v) => top + ((range[1] - v) / (range[1] - range[0])) * (height - top - bottom);
  const cursor = svg("line", { class: "cursor", y1: top, y2: height - bottom });
  const dot = svg("circle", { class: "dot", r: 3.5, visibility: "hidden" });
  const root = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      id: `chart-${quantity.name}`,
      role: "img",
      tabindex: 0,
      "aria-label": summary(quantity, times, values, late),
    },
    ...rules(y, range, values),
    ...timeLabels(x, start, end, times),
    svg("path", { class: "line", d: path(times, values, x, y) }),
    cursor,
    dot,
  );
  const moveCursor = (time) => {
    const middle = x(Math.max(start, Math.min(end, time)));
    cursor.setAttribute("x1", middle);
    cursor.setAttribute("x2", middle);
  };
  const timeOf = (part) => start + ((part * width - left) / (width - left - right)) * (end - start);
  return { root, dot, x, y, moveCursor, timeOf };
}

function rules(y, range, values) {
  const { width, left, right } = BOX;
  return ticks(...range, areWhole(values)).flatMap((v) => [
    svg("line", { class: "rule", x1: left, x2: width - right, y1: y(v), y2: y(v) }),
    svg("text", { x: left - 5, y: y(v) + 3.5, "text-anchor": "end" }, short(v)),
  ]);
}

function timeLabels(x, start, end, times) {
  const { width, height, right, bottom } = BOX;
  return ticks(start, end, areWhole(times)).map((t) => {
    const anchor = x(t) > width - right - 14 ? "end" : "middle";
    return svg("text", { x: x(t), y: height - bottom + 14, "text-anchor": anchor }, short(t));
  });
}

function makeReadable({ root, dot, x, y, timeOf }, reading, times, values, late) {
  let index = -1;
  const show = (i) => {
    index = i;
    const known = i >= 0 && Number.isFinite(values[i]);
    dot.setAttribute("visibility", known ? "visible" : "hidden");
    reading.textContent = i < 0 ? "" : `${short(values[i])} at ${short(times[i])} ${late}`;
    if (!known) return;
    dot.setAttribute("cx", x(times[i]));
    dot.setAttribute("cy", y(values[i]));
  };
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect();
    show(nearest(times, timeOf((event.clientX - box.left) / box.width)));
  });
  root.addEventListener("pointerleave", () => show(-1));
  root.addEventListener("blur", () => show(-1));
  root.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    const last = times.length - 1;
    show(index < 0 ? last : Math.max(0, Math.min(last, index + steps[event.key])));
  });
}
