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

// the axes of the sweep, and the seeds where there are several of them
const axes = data.axes.map((group, i) => {
  const first = data.axes.slice(0, i).flat().length;
  const label = (one) =>
    group.map((name, j) => `${name} = ${exact(one.values[first + j])}`).join(", ");
  const values = (one) => one.values.slice(first, first + group.length);
  return { id: group.join(" "), label, values: data.sorted[i] ? values : null };
});
axes.push({ id: "seed", label: (one) => `seed = ${one.seed}`, values: (one) => [one.seed] });
for (const axis of axes) axis.labels = labelsOf(axis);
const swept = axes.filter((axis) => axis.labels.length > 1);

// by their values, numbers before words and none last, where these have an order
function labelsOf({ label, values }) {
  const ones = [...new Map(experiments.map((one) => [label(one), one])).values()];
  const rank = (value) => (value === null ? 2 : typeof value === "string" ? 1 : 0);
  const apart = (a, b) => rank(a) - rank(b) || (a < b ? -1 : Number(a > b));
  const byValue = (a, b) => {
    const others = values(b);
    return values(a).reduce((found, value, i) => found || apart(value, others[i]), 0);
  };
  return (values ? ones.sort(byValue) : ones).map(label);
}

function axisOf(id) {
  return swept.find((axis) => axis.id === id);
}

function described(one) {
  const parts = axes.slice(0, -1).map((axis) => axis.label(one));
  return [...parts, `seed = ${one.seed}`].join(", ");
}
