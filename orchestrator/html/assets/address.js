// The address of a view: its fragment, such as #t=3&show=relief&pick.seed=seed+%3D+2.

const TEXTS = [
  "show",
  "rows",
  "columns",
  "words",
  "state",
  "sort",
  "units",
  "quantity",
  "against",
  "layout",
];

export function initialView(times) {
  return {
    time: Math.max(0, times.length - 1), // an index of the times of the slider
    show: "height",
    rows: "",
    columns: "",
    picks: {}, // by the id of an axis on neither side of the diagram, the label that is shown
    open: null,
    words: "",
    state: "",
    sort: "number",
    down: false,
    units: "", // of the model, or "si"
    quantity: "", // that is drawn against a parameter
    against: "", // that parameter
    layout: "", // of a sample: in its plane, or a "list"
  };
}

export function fragmentOf(view) {
  const parameters = new URLSearchParams();
  parameters.set("t", view.time);
  for (const key of TEXTS) {
    if (view[key]) parameters.set(key, view[key]);
  }
  if (view.down) parameters.set("down", "1");
  if (view.open !== null) parameters.set("open", view.open);
  for (const [axis, label] of Object.entries(view.picks)) parameters.set(`pick.${axis}`, label);
  return `#${parameters}`;
}

// what the sweep does not have is as at first
export function viewOf(fragment, { times, states, numbers }) {
  const parameters = new URLSearchParams(fragment.slice(1));
  const view = initialView(times);
  const time = Number(parameters.get("t"));
  if (parameters.has("t") && time in times) view.time = time;
  for (const key of TEXTS) {
    if (parameters.has(key)) view[key] = parameters.get(key);
  }
  if (!states.includes(view.state)) view.state = "";
  if (view.units !== "si") view.units = "";
  view.down = parameters.has("down");
  const open = Number(parameters.get("open"));
  view.open = parameters.has("open") && numbers.has(open) ? open : null;
  for (const [key, label] of parameters) {
    if (key.startsWith("pick.")) view.picks[key.slice(5)] = label;
  }
  return view;
}
