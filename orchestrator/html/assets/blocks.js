// The blocks of experiments: unpacked once they are needed, and kept.

import { byId } from "./elements.js";
import { nearest } from "./sampling.js";

const unpacked = new Map(); // by number, a block: { head, arrays }
const promised = new Map(); // by number, a promise of the same

export function blockOf(number) {
  if (!promised.has(number)) promised.set(number, unpack(number));
  return promised.get(number);
}

export function unpackedBlock(number) {
  return unpacked.get(number);
}

async function unpack(number) {
  const packed = bytesOf(await packedText(number));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const block = decoded(await new Response(stream).arrayBuffer());
  unpacked.set(number, block);
  return block;
}

// the browser may still be reading the file: a block is whole once something stands behind it
async function packedText(number) {
  const holder = byId(`block-${number}`);
  if (document.readyState === "loading" && !holder?.nextElementSibling) {
    await new Promise((resolve) =>
      document.addEventListener("DOMContentLoaded", resolve, { once: true }),
    );
  }
  return byId(`block-${number}`).textContent;
}

export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const KINDS = { "|u1": Uint8Array, "<f4": Float32Array };

// the format is described in blocks.py
export function decoded(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  let start = 4 + length;
  for (const [name, kind, shape] of head.arrays) {
    const count = shape.reduce((product, n) => product * n, 1);
    const bytes = count * KINDS[kind].BYTES_PER_ELEMENT;
    // a copy, for floats may stand only at multiples of four
    arrays[name] = { shape, values: new KINDS[kind](buffer.slice(start, start + bytes)) };
    start += bytes;
  }
  return { head, arrays };
}

export function hasMaps(block) {
  return block.arrays.levels.shape[0] > 0;
}

// The frame nearest to a time; null if there is none. It is of another time if another stop of the
// slider is nearer to it, and past if that is because a partial run ended before.
export function frameAt(block, time, stops) {
  const { times } = block.head;
  if (times.length === 0) return null;
  const index = nearest(times, time);
  const other = nearest(stops, times[index]) !== nearest(stops, time);
  const past = index === times.length - 1 && times[index] < time;
  return { index, time: times[index], other, past };
}

// a quantity at the snapshot nearest to a time; NaN if it has no value there
export function valueAt(block, name, time) {
  const series = block.arrays[name];
  if (!series) return Number.NaN;
  const times = block.arrays.series_times.values;
  return times.length ? series.values[nearest(times, time)] : Number.NaN;
}
