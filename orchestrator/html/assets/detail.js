// One experiment in full, beside the page: map, spectrum, series, parameters, provenance, log.

let parts = null; // what follows the time in the open panel
let opener = null; // what had focus before, and has it again when the panel is closed

async function openDetail(number) {
  const dialog = byId("detail");
  const one = byNumber.get(number);
  byId("detail-title").replaceChildren(`exp${number} `, badge(one.state));
  const found = await block(number);
  if (view.open !== number) return;
  byId("detail-body").replaceChildren(...detailOf(one, found));
  byId("detail-body").scrollTop = 0;
  followTime();
  if (dialog.open) return;
  opener = document.activeElement;
  dialog.showModal();
  byId("close").focus();
}

function closeDetail() {
  parts = null;
  if (byId("detail").open) byId("detail").close();
}

function detailOf(one, found) {
  const { told } = found;
  parts = { one, found, charts: [] };
  return [
    element("p", { className: "lead" }, unbroken(described(one))),
    one.remark ? element("p", { className: "why" }, one.remark) : null,
    ...pictures(one, found),
    ...seriesOf(found),
    titled("Parameters", parametersOf(told.parameters)),
    titled("Provenance", pairs(Object.entries(told.provenance))),
    told.attempts.length
      ? titled(
          "Attempts",
          element("ol", {}, ...told.attempts.map((text) => element("li", {}, text))),
        )
      : null,
    told.log_tail.length
      ? titled("End of the engine's log", copyable(told.log_tail.join("\n"), "End of the log"))
      : null,
  ].filter(Boolean);
}

function titled(text, ...content) {
  return element("section", {}, element("h3", {}, text), ...content);
}

// ---- map and spectrum ----------------------------------------------------------------------

function pictures(one, found) {
  const { told, arrays } = found;
  if (told.times.length === 0)
    return [element("p", {}, ended(one) ? "There are no snapshots." : "No snapshots yet.")];
  parts.mapText = element("figcaption", { "aria-live": "polite" });
  if (hasMaps(found)) parts.map = element("canvas", { role: "img" });
  const slider = element("input", {
    type: "range",
    min: "0",
    max: String(data.times.length - 1),
    value: String(view.time),
    "aria-label": "Time",
    id: "detail-time",
  });
  slider.addEventListener("input", () => change({ time: Number(slider.value) }));
  parts.slider = slider;
  const shown = [parts.map, parts.mapText].filter(Boolean);
  const made = [element("figure", { className: "map" }, ...shown), slider];
  if (!arrays.spectra) return made;
  parts.spectrum = element("canvas", { role: "img" });
  parts.spectrumText = element("figcaption", {});
  return [
    ...made,
    titled(
      "Spectrum",
      element("figure", { className: "spectrum" }, parts.spectrum, parts.spectrumText),
    ),
  ];
}

function followTime() {
  if (!parts?.slider) return;
  const { found, one } = parts;
  const time = data.times[view.time];
  const frame = frameAt(found, time);
  followMap(found, frame, one);
  parts.slider.value = String(view.time);
  parts.slider.setAttribute("aria-valuetext", `${short(time)} t0`);
  for (const { at } of parts.charts) at(frame.time);
  if (parts.spectrum) followSpectrum(found, frame);
}

function followMap(found, frame, one) {
  const { depth, length, side } = found.told;
  const which = frame.past ? ", the last one there is" : ", the nearest there is";
  const when = `t = ${short(frame.time)} t0${frame.other ? which : ""}; ${length} × ${depth} cells`;
  if (!parts.map) {
    parts.mapText.textContent = `${when}; no height maps were kept`;
    return;
  }
  drawMap(parts.map, found, frame.index, view.show === "relief" ? "relief" : "height");
  const sampled = side > 1 ? `, each pixel the mean of ${side} × ${side} cells` : "";
  parts.mapText.textContent = `${when}${sampled}; wind from the left`;
  parts.map.setAttribute(
    "aria-label",
    `Height map of exp${one.number} at ${short(frame.time)} t0`,
  );
}

function followSpectrum(found, frame) {
  const [, rows, columns] = found.arrays.spectra.shape;
  drawSpectrum(parts.spectrum, found, frame.index);
  const told = strongest(found, frame.index);
  const { depth, length } = found.told;
  const along = `0 to ${columns - 1} along the wind (to the right)`;
  const across = `0 to ${rows - 1} across it (upwards)`;
  const perCell = `${short((columns - 1) / length)} and ${short((rows - 1) / depth)} per cell`;
  parts.spectrumText.textContent = `Waves in the domain: ${along}, ${across}, up to ${perCell}. ${told}`;
  parts.spectrum.setAttribute("aria-label", `Spectrum at ${short(frame.time)} t0. ${told}`);
}

function strongest({ told, arrays }, index) {
  if (!(told.peaks[index] > 0)) return "There are no waves.";
  const { values, shape } = arrays.spectra;
  const [, rows, columns] = shape;
  const at = values.subarray(index * rows * columns, (index + 1) * rows * columns).indexOf(255);
  const along = at % columns;
  const across = Math.floor(at / columns);
  const length = 1 / Math.hypot(along / told.length, across / told.depth);
  return `The strongest, with inlet and outlet: ${along} along, ${across} across, ${short(Math.round(length))} cells long, amplitude ${short(told.peaks[index])} cells.`;
}

// ---- series and parameters -----------------------------------------------------------------

function seriesOf(found) {
  const times = Array.from(found.arrays.series_times.values);
  if (times.length < 2) return [];
  parts.charts = data.quantities
    .filter(({ name }) => found.arrays[name])
    .map((quantity) => chart(quantity, times, Array.from(found.arrays[quantity.name].values)))
    .filter(Boolean);
  const figures = parts.charts.map((one) => one.figure);
  return figures.length
    ? [titled("Series", element("div", { className: "charts" }, ...figures))]
    : [];
}

function parametersOf(parameters) {
  const first = names.filter((name) => name in parameters);
  const rest = Object.keys(parameters)
    .filter((name) => !first.includes(name))
    .sort();
  const made = pairs([...first, ...rest].map((name) => [name, exact(parameters[name])]));
  [...made.querySelectorAll("dt")]
    .slice(0, first.length)
    .forEach((key) => key.classList.add("swept"));
  return made;
}

// ---- opening, closing, going on ------------------------------------------------------------

function neighbour(step) {
  const order = listed.map((one) => one.number);
  const at = order.indexOf(view.open);
  const all = at < 0 ? experiments.map((one) => one.number) : order;
  const next = all.indexOf(view.open) + step;
  if (next >= 0 && next < all.length) change({ open: all[next] });
}

async function startDetail() {
  const dialog = byId("detail");
  byId("close").addEventListener("click", () => dialog.close());
  byId("previous").addEventListener("click", () => neighbour(-1));
  byId("next").addEventListener("click", () => neighbour(1));
  dialog.addEventListener("close", () => view.open !== null && change({ open: null }));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  listeners.push((part) => {
    if ("open" in part && part.open === null) closeDetail();
    else if ("open" in part) openDetail(part.open);
    else if ("time" in part || "show" in part) followTime();
  });
  if (view.open !== null) await openDetail(view.open);
}
