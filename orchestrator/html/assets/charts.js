// Line charts of series, as SVG.

const BOX = { width: 320, height: 132, left: 46, right: 8, top: 8, bottom: 24 };

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// ticks at 1, 2 or 5 times a power of ten, three to six of them
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

function span(values) {
  const known = [...values].filter(Number.isFinite);
  if (known.length === 0) return null;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const margin = high > low ? 0.06 * (high - low) : Math.max(0.5, 0.1 * Math.abs(high));
  return [low - margin, high + margin];
}

// a figure with the chart of one quantity; pointing at it, or an arrow key, reads a value
function chart(quantity, times, values) {
  const range = span(values);
  if (range === null) return null;
  const reading = element("output", {});
  const drawing = chartDrawing(quantity, times, values, range);
  const caption = element("figcaption", {}, element("span", {}, title(quantity)), reading);
  const made = element("figure", { className: "chart" }, caption, drawing.root);
  readable(drawing, reading, quantity, times, values);
  return { figure: made, at: drawing.at };
}

function title(quantity) {
  const units = quantity.units && quantity.units !== "1" ? ` (${quantity.units})` : "";
  return quantity.longName + units;
}

function chartDrawing(quantity, times, values, range) {
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
      "aria-label": summary(quantity, times, values),
    },
    ...frameOf(x, y, start, end, range),
    svg("path", { class: "line", d: path(times, values, x, y) }),
    cursor,
    dot,
  );
  const at = (time) => {
    const place = x(Math.max(start, Math.min(end, time)));
    cursor.setAttribute("x1", place);
    cursor.setAttribute("x2", place);
  };
  return {
    root,
    dot,
    x,
    y,
    at,
    time: (place) => start + ((place - left) / (width - left - right)) * (end - start),
  };
}

function frameOf(x, y, start, end, range) {
  const { width, height, left, right, bottom } = BOX;
  const lines = ticks(...range).flatMap((v) => [
    svg("line", { class: "rule", x1: left, x2: width - right, y1: y(v), y2: y(v) }),
    svg("text", { x: left - 5, y: y(v) + 3.5, "text-anchor": "end" }, short(v)),
  ]);
  const times = ticks(start, end).map((t) =>
    svg(
      "text",
      {
        x: x(t),
        y: height - bottom + 14,
        "text-anchor": x(t) > width - right - 14 ? "end" : "middle",
      },
      short(t),
    ),
  );
  return [...lines, ...times];
}

function path(times, values, x, y) {
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

function summary(quantity, times, values) {
  const first = values.findIndex(Number.isFinite);
  const last = values.findLastIndex(Number.isFinite);
  const told = (i) => `${withUnits(values[i], quantity.units)} at ${short(times[i])} t0`;
  return `${quantity.longName}: ${told(first)}, ${told(last)}`;
}

function readable(drawing, reading, quantity, times, values) {
  let index = -1;
  const show = (i) => {
    index = i;
    const known = i >= 0 && Number.isFinite(values[i]);
    drawing.dot.setAttribute("visibility", known ? "visible" : "hidden");
    reading.textContent = i < 0 ? "" : `${short(values[i])} at ${short(times[i])} t0`;
    if (!known) return;
    drawing.dot.setAttribute("cx", drawing.x(times[i]));
    drawing.dot.setAttribute("cy", drawing.y(values[i]));
  };
  const step = { ArrowLeft: -1, ArrowRight: 1 };
  drawing.root.addEventListener("pointermove", (event) => {
    const place = drawing.root.getBoundingClientRect();
    const time = drawing.time(((event.clientX - place.left) / place.width) * BOX.width);
    show(nearestIndex(times, time));
  });
  drawing.root.addEventListener("pointerleave", () => show(-1));
  drawing.root.addEventListener("blur", () => show(-1));
  drawing.root.addEventListener("keydown", (event) => {
    if (!(event.key in step)) return;
    event.preventDefault();
    show(
      Math.max(
        0,
        Math.min(times.length - 1, index < 0 ? times.length - 1 : index + step[event.key]),
      ),
    );
  });
}

function nearestIndex(times, time) {
  let best = 0;
  times.forEach((t, i) => {
    if (Math.abs(t - time) < Math.abs(times[best] - time)) best = i;
  });
  return best;
}
