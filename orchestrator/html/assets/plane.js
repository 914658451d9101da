// The plane of a sample: each picture where the values of its two parameters are.

import { ticks } from "./charts.js";
import { element, svg } from "./elements.js";
import { short } from "./text.js";

const NARROWEST_IN_PLANE = 64; // pixels of a picture
const BESIDE = 80; // pixels that labels take at the left
const ROUND = [1, 2, 5]; // numbers along a scale of factors

// whether pictures of a plane are large enough in so many pixels
export function hasRoom({ box }, width) {
  return (width - BESIDE) * box[0] >= NARROWEST_IN_PLANE;
}

// [share, value] of the numbers along a side
export function ticksAlong({ low, high, logarithmic }) {
  const share = (value) => (value - low) / (high - low);
  if (!logarithmic) return ticks(low, high).map((value) => [share(value), value]);
  const along = (value) => Math.log(value / low) / Math.log(high / low);
  const powers = [];
  for (let n = Math.floor(Math.log10(low)); n <= Math.log10(high); n += 1) {
    powers.push(...ROUND.map((first) => Number(`${first}e${n}`)));
  }
  const inside = powers.filter((value) => value >= low && value <= high);
  const few = inside.filter((value) => /^[0.]*1[0]*$/.test(String(value)));
  return (inside.length > 8 && few.length > 1 ? few : inside).map((value) => [along(value), value]);
}

// the element of a plane; `create` makes the cell of an experiment
export function planeOf(experiments, plane, create) {
  const { right, up, form, box, points } = plane;
  const slots = new Map(); // of several experiments at a point the newest
  for (const experiment of experiments) {
    const index = experiment.position[plane.axis];
    slots.set(index, [...(slots.get(index) ?? []), experiment]);
  }
  const [wide, high] = box;
  const cells = [...slots].map(([index, there]) => {
    const [x, y] = points[index];
    const style = `left: ${percent(x - wide / 2)}; top: ${percent(1 - y - high / 2)}; width: ${percent(wide)}`;
    return element("div", { style }, create(there.at(-1), there.length - 1));
  });
  const lines = [...slots.keys()].filter((index) => points[index].length > 2);
  const field = element(
    "div",
    { className: "field" },
    svg(
      "svg",
      { class: "lines", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" },
      ...lines.map((index) => {
        const [x, y, x0, y0] = points[index];
        return svg("path", { d: `M${x0} ${1 - y0}L${x} ${1 - y}` });
      }),
    ),
    ...ticksAlong(right).map(([share, value]) => tick("right", "left", share, value)),
    ...ticksAlong(up).map(([share, value]) => tick("up", "bottom", share, value)),
    element("span", { className: "side right" }, right.label),
    element("span", { className: "side up" }, up.label),
    ...cells,
  );
  const created = element(
    "div",
    { className: "plane", role: "group", "aria-labelledby": "diagram-title" },
    field,
  );
  created.style.setProperty("--form", form);
  return created;
}

function tick(side, from, share, value) {
  const style = `${from}: ${percent(share)}`;
  return element("span", { className: `tick ${side}`, style }, short(value));
}

function percent(share) {
  return `${(100 * share).toFixed(2)}%`;
}
