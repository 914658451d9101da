// What is known of all experiments, and what is shown of them.

const data = JSON.parse(document.getElementById("data").textContent);
const experiments = data.experiments;
const byNumber = new Map(experiments.map((one) => [one.number, one]));
const names = data.axes.flat();

const atFirst = () => ({
  time: Math.max(0, data.times.length - 1), // an index of data.times
  show: "height",
  rows: "",
  columns: "",
  picks: {}, // by axis, the label that is shown of those on neither side of the grid
  open: null,
  words: "",
  state: "",
  sort: "number",
  down: false,
});
const view = atFirst();
const listeners = [];

function change(part) {
  const before = view.open;
  Object.assign(view, part);
  if (before === null && view.open !== null) rememberOpened();
  else if (before !== null && view.open === null) rememberClosed();
  else remember();
  tellAll(part);
}

function tellAll(part) {
  for (const tell of listeners) tell(part);
}

// ---- words ---------------------------------------------------------------------------------

// what was measured, to four digits or a tenth; a whole number whole
function short(value) {
  if (typeof value !== "number" || Number.isNaN(value)) return exact(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6))
    return value.toExponential(3).replace(/\.?0+e/, "e");
  return String(Number(size < 1000 ? value.toPrecision(4) : value.toFixed(1)));
}

// what was asked for, so that no two values look the same
function exact(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

function spoken(state) {
  return state.replaceAll("_", " ");
}

function countOf(state) {
  return experiments.filter((one) => one.state === state).length;
}

function withUnits(value, units) {
  return units && units !== "1" && Number.isFinite(value) ? `${short(value)} ${units}` : short(value);
}

// no line ends between the sign and the value
function unbroken(text) {
  return text.replaceAll(" = ", " =\u00a0");
}

// ---- elements ------------------------------------------------------------------------------

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key in made && key !== "list" && typeof value !== "string") made[key] = value;
    else made.setAttribute(key === "className" ? "class" : key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

// ---- axes ----------------------------------------------------------------------------------

// those of the sweep, and the seeds; an experiment has a position on each
const axes = data.diagram.axes.map((axis, index) => ({ ...axis, index }));
const swept = axes.filter((axis) => axis.labels.length > 1);
experiments.forEach((one, i) => {
  one.position = data.diagram.positions[i];
});

function axisOf(id) {
  return swept.find((axis) => axis.id === id);
}

function labelOn(axis, one) {
  return inOneLine(axis.labels[one.position[axis.index]]);
}

function inOneLine(label) {
  return label.replaceAll("\n", ", ");
}

function described(one) {
  return axes.map((axis) => labelOn(axis, one)).join(", ");
}
