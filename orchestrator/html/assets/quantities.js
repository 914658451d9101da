// The section of a quantity against a parameter: its controls and its figure.

import { areWhole, rangeOf, ticks } from "./charts.js";
import { rgb } from "./colours.js";
import { chooser } from "./controls.js";
import { isLogarithmic, linesOf, variables } from "./dependence.js";
import { byId, element, svg } from "./elements.js";
import { data, experiments, scales } from "./sweep.js";
import { short, titleOf, withUnits } from "./text.js";
import { commonUnit } from "./units.js";
import { change, onChange, view } from "./view.js";

const FRAME = { height: 300, left: 62, right: 12, top: 10, bottom: 40 };
const WIDEST = 640;
const MOST_LINES = 12; // that a legend can tell apart
const parameterNames = data.axes.flat();
const finished = experiments.filter(({ state }) => ["done", "stopped"].includes(state));

export function startQuantities() {
  const choices = variables(parameterNames, experiments);
  const measured = data.quantities.filter(({ name }) => scales[name]);
  if (!choices.length || !measured.length) return;
  byId("dependence").hidden = byId("dependence-link").hidden = false;
  const build = () => {
    const quantity = measured.find(({ name }) => name === view.quantity) ?? firstShown(measured);
    const [name, against] = choices.find(([each]) => each === view.against) ?? choices.at(-1);
    const options = measured.map((each) => [each.name, each.longName]);
    const parameters = choices.map(([each]) => [each, each]);
    const focused = document.activeElement?.id;
    byId("dependence-tools").replaceChildren(
      chooser("dependence-quantity", "Quantity", options, quantity.name, (key) =>
        change({ quantity: key }),
      ),
      chooser("dependence-against", "Against", parameters, name, (key) => change({ against: key })),
    );
    if (focused?.startsWith("dependence-")) byId(focused)?.focus({ preventScroll: true });
    byId("dependence-figure").replaceChildren(...dependenceFigure(quantity, name, against));
  };
  onChange((part) => {
    if ("quantity" in part || "against" in part || "units" in part) build();
  });
  build();
}

function firstShown(measured) {
  return measured.find(({ name }) => name === "roughness") ?? measured[0];
}

function dependenceFigure(quantity, name, against) {
  const { factor, units } = commonUnit(quantity, finished, view.units);
  const index = data.quantities.indexOf(quantity);
  const measuredIn = ({ last }) => (last[index] === null ? Number.NaN : last[index] * factor);
  const axial = quantity.units === "degrees";
  const all = linesOf(finished, data.axes, against, measuredIn, axial);
  const lines = all.slice(0, MOST_LINES);
  const points = lines.flatMap((line) => line.points);
  if (!points.length) {
    const why = finished.length
      ? "No experiment has a value of it at its end."
      : "No experiment has ended yet.";
    return [element("p", { className: "small" }, why)];
  }
  const title = titleOf({ ...quantity, units });
  const colours = lines.map((_, i) => rgb(lines.length > 1 ? i / (lines.length - 1) : 0.3));
  const legend = lines
    .filter(({ label }) => label)
    .map(({ label }, i) => {
      const mark = element("span", { className: "mark" });
      mark.style.setProperty("--line-colour", colours[i]);
      return element("li", {}, mark, label);
    });
  const more = all.length - lines.length;
  return [
    drawnDependence(lines, colours, points, { title, name, units }),
    element("ul", { className: "key" }, ...legend),
    more > 0 ? element("p", { className: "small" }, `${more} more lines are not drawn.`) : "",
  ];
}

function drawnDependence(lines, colours, points, { title, name, units }) {
  const { height, left, right, top, bottom } = FRAME;
  const width = Math.max(320, Math.min(WIDEST, byId("dependence-figure").clientWidth));
  const xs = points.map(({ x }) => x);
  const logarithmic = isLogarithmic(xs);
  const place = (x) => (logarithmic ? Math.log10(x) : x);
  const bars = points.flatMap(({ mean, error }) =>
    Number.isFinite(error) ? [mean - error, mean + error] : [mean],
  );
  const [low, high] = rangeOf(bars);
  const [start, end] = rangeOf(xs.map(place));
  const x = (value) => left + ((place(value) - start) / (end - start)) * (width - left - right);
  const y = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);
  const marks = lines.map((line, i) => lineWithErrors(line, colours[i], { x, y, name, units }));
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `${title} against ${name}, ${lines.length} lines of ${points.length} points`,
    },
    ...ticks(low, high, areWhole(points.map(({ mean }) => mean))).flatMap((v) => [
      svg("line", { class: "rule", x1: left, x2: width - right, y1: y(v), y2: y(v) }),
      svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, short(v)),
    ]),
    ...ticks(start, end, !logarithmic && areWhole(xs))
      .map((t) => (logarithmic ? 10 ** t : t))
      .map((t) =>
        svg("text", { x: x(t), y: height - bottom + 16, "text-anchor": "middle" }, short(t)),
      ),
    svg("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, name),
    svg(
      "text",
      {
        transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`,
        "text-anchor": "middle",
      },
      title,
    ),
    ...marks,
  );
}

function lineWithErrors({ label, points, joined }, colour, { x, y, name, units }) {
  const path = points.map((p, i) => `${i ? "L" : "M"}${x(p.x).toFixed(1)} ${y(p.mean).toFixed(1)}`);
  const group = svg("g", { style: `--line-colour: ${colour}` });
  if (joined) group.append(svg("path", { class: "line", d: path.join("") }));
  for (const { x: at, count, mean, error, experiments: seeds } of points) {
    const known = Number.isFinite(error);
    if (known && error > 0) {
      const [x1, y1, y2] = [x(at), y(mean - error), y(mean + error)];
      group.append(svg("line", { class: "error", x1, x2: x1, y1, y2 }));
    }
    const value = known ? `${short(mean)} ± ${withUnits(error, units)}` : withUnits(mean, units);
    const where = [`${name} = ${at}`, label].filter(Boolean).join(", ");
    const of = count > 1 ? `, ${count} seeds` : "";
    const dot = svg("circle", { class: "dot", r: 4, cx: x(at), cy: y(mean) });
    dot.append(svg("title", {}, `${where}: ${value}${of}`));
    dot.addEventListener("click", () => change({ open: seeds[0].number }));
    group.append(dot);
  }
  return group;
}
