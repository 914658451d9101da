// Where winds blow to: arrows in the corner of a picture, and the same in words.

import { svg } from "./elements.js";

const RADIUS = 20; // of the longest arrow
const SHORTEST = 0.35;

// winds: pairs of a heading in degrees, clockwise from the right, and its share of the time
export function rose(winds) {
  const longest = Math.max(...winds.map(([, share]) => share));
  const arrows = winds.map(([heading, share]) =>
    svg("path", {
      d: arrow(RADIUS * Math.max(SHORTEST, share / longest)),
      transform: `rotate(${heading})`,
    }),
  );
  const disc = svg("circle", { r: RADIUS + 3 });
  const attributes = { class: "rose", viewBox: "-25 -25 50 50", "aria-hidden": "true" };
  return svg("svg", attributes, disc, ...arrows);
}

function arrow(length) {
  const neck = length - Math.min(8, 0.6 * length);
  const wide = 0.38 * (length - neck);
  return `M0 1.1H${neck}V${wide}L${length} 0L${neck} ${-wide}V-1.1H0Z`;
}

export function windsInWords(winds) {
  if (!winds) return "wind from the left";
  if (!winds.length) return "wind turns";
  const parts = winds.map(
    ([heading, share]) => `${Math.round(100 * share)} % to ${signed(heading)}°`,
  );
  const few = parts.length > 6 ? [...parts.slice(0, 5), `${parts.length - 5} more`] : parts;
  return `wind ${few.join(", ")} (0° is to the right, 90° down)`;
}

function signed(heading) {
  const turned = heading > 180 ? heading - 360 : heading;
  return String(Math.round(10 * turned) / 10).replace("-", "−");
}
