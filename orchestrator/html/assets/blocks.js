// One experiment's block: unpacked when somebody looks, and kept.

const unpacked = new Map(); // number -> { told, arrays }
const waiting = new Map(); // number -> promise of the same

function block(number) {
  if (!waiting.has(number)) waiting.set(number, unpack(number));
  return waiting.get(number);
}

async function unpack(number) {
  const text = await blockText(number);
  const stream = new Blob([bytesOf(text)])
    .stream()
    .pipeThrough(new DecompressionStream("deflate"));
  const found = read(await new Response(stream).arrayBuffer());
  unpacked.set(number, found);
  return found;
}

// the browser may still be reading the file: a block is whole once something stands behind it
async function blockText(number) {
  const holder = byId(`block-${number}`);
  if (document.readyState === "loading" && !holder?.nextElementSibling) {
    await new Promise((resolve) =>
      document.addEventListener("DOMContentLoaded", resolve, { once: true }),
    );
  }
  return byId(`block-${number}`).textContent;
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const KINDS = { "|u1": Uint8Array, "<f4": Float32Array };

function read(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  let start = 4 + length;
  for (const [name, kind, shape] of told.arrays) {
    const count = shape.reduce((product, n) => product * n, 1);
    const bytes = count * KINDS[kind].BYTES_PER_ELEMENT;
    // a copy, for floats may stand only at multiples of four
    arrays[name] = { shape, values: new KINDS[kind](buffer.slice(start, start + bytes)) };
    start += bytes;
  }
  return { told, arrays };
}

function hasMaps(found) {
  return found.arrays.levels.shape[0] > 0;
}

// the frame nearest to a time. It is of another time if another stop of the slider is nearer to it;
// past if that is all there is, for a partial run ends before
function frameAt(found, time) {
  const { times } = found.told;
  if (times.length === 0) return null;
  const best = nearest(times, time);
  const other = nearest(data.times, times[best]) !== nearest(data.times, time);
  const past = best === times.length - 1 && times[best] < time;
  return { index: best, time: times[best], other, past };
}

function nearest(times, time) {
  let best = 0;
  times.forEach((t, i) => {
    if (Math.abs(t - time) < Math.abs(times[best] - time)) best = i;
  });
  return best;
}

// a quantity at the snapshot nearest to a time; not a number where it has no meaning then
function valueAt(found, name, time) {
  const series = found.arrays[name];
  if (!series) return NaN;
  const times = found.arrays.series_times.values;
  return times.length ? series.values[nearest(times, time)] : NaN;
}
