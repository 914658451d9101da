// What stands above the phase diagram: time, what is shown, and which axes lie where.

function buildTools() {
  const tools = byId("tools");
  const { rows, columns } = sides();
  const focused = tools.contains(document.activeElement) ? document.activeElement.id : null;
  tools.replaceChildren(timeTool(), showTool());
  if (swept.length > 1) {
    tools.append(sideTool("Down", "rows", rows), sideTool("Across", "columns", columns));
  }
  for (const axis of swept) {
    if (axis !== rows && axis !== columns) tools.append(pickTool(axis));
  }
  byId(focused)?.focus({ preventScroll: true });
}

function timeTool() {
  const slider = element("input", {
    id: "time",
    type: "range",
    min: "0",
    max: String(data.times.length - 1),
    step: "1",
    "aria-label": "Time",
    value: String(view.time),
  });
  slider.disabled = data.times.length < 2;
  slider.addEventListener("input", () => change({ time: Number(slider.value) }));
  const play = element(
    "button",
    { id: "play", type: "button", className: "quiet" },
  );
  tellPlaying(play);
  play.addEventListener("click", togglePlay);
  return element(
    "div",
    { className: "time grow" },
    play,
    slider,
    element("output", { id: "time-text", for: "time" }),
  );
}

let playing = null;

function togglePlay() {
  const on = playing === null;
  clearInterval(playing);
  playing = on
    ? setInterval(() => change({ time: (view.time + 1) % data.times.length }), 500)
    : null;
  tellPlaying(byId("play"));
}

function tellPlaying(button) {
  button.textContent = playing === null ? "Play" : "Pause";
  button.setAttribute("aria-pressed", String(playing !== null));
}

function chooser(id, label, options, value, changed) {
  const list = element(
    "select",
    { id },
    ...options.map(([key, text]) => element("option", { value: key }, text)),
  );
  list.value = value;
  list.addEventListener("change", () => changed(list.value));
  return element("label", {}, `${label} `, list);
}

function showTool() {
  const options = keepsMaps
    ? [
        ["height", "height maps"],
        ["relief", "relief about the mean"],
      ]
    : [];
  for (const { name, longName } of data.quantities) {
    if (scales[name]) options.push([name, longName]);
  }
  if (!options.some(([key]) => key === view.show)) view.show = options[0][0];
  return chooser("show", "Show", options, view.show, (show) => change({ show }));
}

function sideTool(label, key, axis) {
  const other = key === "rows" ? "columns" : "rows";
  const options = swept.map(({ id }) => [id, id.replaceAll(" ", ", ")]);
  return chooser(`side-${key}`, label, options, axis.id, (id) => {
    const now = sides();
    const part = { [key]: id, [other]: now[other].id };
    if (part[other] === id) part[other] = axis.id; // the two change places
    change(part);
  });
}

function pickTool(axis) {
  const labels = axis.labels.map(inOneLine);
  const options = labels.map((label) => [label, label]);
  return chooser(
    `pick-${axis.id.replaceAll(" ", "-")}`,
    "At",
    options,
    labels[picked(axis)],
    (label) => change({ picks: { ...view.picks, [axis.id]: label } }),
  );
}
