// The ground of the map in three dimensions: the visible part of its field, the heights of losses, and the runs on it.

import { short } from '../core/digits.js';
import { clip } from '../core/geometry.js';
import { fieldOf } from './marks.js';

/**
 * @typedef {Object} Ground
 * @property {import('./marks.js').Field} field
 * @property {Float64Array} x
 * @property {Float64Array} y
 * @property {Float32Array[]} z heights, a row for each y
 * @property {Float32Array[]} shade heights on the scale of the map's colours
 * @property {[[number, number], [number, number]]} box
 * @property {[number, number]} range the lowest and the highest z
 * @property {(value: number) => number} height converts a height of a line to a height in the box
 * @property {number} offset the difference between the loss and a height of a line
 * @property {string} words the description of the height
 * @property {[number, string][]} ticks
 * @property {number} lift
 *
 * @typedef {import('../core/envelope.js').Relief} Relief
 *
 * @typedef {Object} Lie a run that lies on the ground
 * @property {Float64Array} points x, y, z, …
 * @property {Int32Array} at for every step the index of its point, or of the last point before it
 * @property {Uint8Array} inside for every step whether it is in the box
 */

/** The height of trails above the ground, as a fraction of the range. The grid bridges valleys that are narrower than
 * its cells, and would cover the trails along their floor. */
const LIFT = 0.03;

/**
 * The height of a loss on the scale of the map's levels, and the loss of a height.
 * @param {Relief} relief
 * @returns {{rise: (loss: number) => number, fall: (height: number) => number}}
 */
function scaleOf({ kind, base, unit }) {
  if (kind === 'log') {
    return {
      rise: (loss) => Math.log10(Math.max(loss - base, 0) + unit),
      fall: (height) => 10 ** height - unit + base,
    };
  }
  if (kind === 'signed log') {
    return {
      rise: (loss) => Math.sign(loss) * Math.log10(1 + Math.abs(loss) / unit),
      fall: (height) => Math.sign(height) * unit * (10 ** Math.abs(height) - 1),
    };
  }
  return { rise: (loss) => loss, fall: (height) => height };
}

/**
 * The scale of heights with which a scene is drawn: the chosen one, unless the map's own scale is linear.
 * @param {Relief} relief
 * @param {string} chosen
 */
export function heightsOf(relief, chosen) {
  return relief.kind === 'linear' ? 'linear' : chosen || 'log';
}

/**
 * @param {import('./marks.js').Panel} map
 * @param {Relief} relief
 * @param {string} heights "log" or "linear"
 * @returns {Ground}
 */
export function groundOf(map, relief, heights) {
  const field = fieldOf(map);
  if (!field) throw new Error('a map without a field has no relief');
  const [pair] = map.axes;
  const { rise, fall } = scaleOf(relief);
  const [first, last] = reach(field.x, [pair.x.low, pair.x.high]);
  const [bottom, top] = reach(field.y, [pair.y.low, pair.y.high]);
  const [x, y] = [field.x.subarray(first, last + 1), field.y.subarray(bottom, top + 1)];
  const shade = field.z.slice(bottom, top + 1).map((row) => row.subarray(first, last + 1));
  const plain = heights === 'linear' && relief.kind !== 'linear';
  const z = plain ? shade.map((row) => row.map(fall)) : shade;
  let [low, high] = [Infinity, -Infinity];
  for (const row of z) {
    for (const value of row) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const { offset } = relief;
  return {
    ...{ field, x, y, z, shade, range: [low, high], lift: LIFT * (high - low), offset },
    box: [
      [x[0], x[x.length - 1]],
      [y[0], y[y.length - 1]],
    ],
    height: plain ? (value) => value + offset : (value) => rise(value + offset),
    words: wordsOf(plain ? 'linear' : relief.kind, relief),
    ticks: plain ? [] : field.ticks,
  };
}

/**
 * The indices of the last tick below a range and of the first tick above it.
 * @param {Float64Array} ticks
 * @param {[number, number]} range
 */
function reach(ticks, [low, high]) {
  let first = 0;
  let last = ticks.length - 1;
  while (first + 2 < last && ticks[first + 1] <= low) first += 1;
  while (last - 2 > first && ticks[last - 1] >= high) last -= 1;
  return [first, last];
}

/**
 * @param {string} kind
 * @param {Relief} relief
 */
function wordsOf(kind, { base, unit, floor }) {
  const above = base ? `loss ${base < 0 ? '+' : '−'} ${short(Math.abs(base), 2)}` : 'loss';
  const words = /** @type {Record<string, string>} */ ({
    log: `height: log₁₀(${above} + ${short(unit, 2)})`,
    'signed log': `height: log₁₀(1 + |loss| / ${short(unit, 2)}), negative below 0`,
  })[kind];
  return `${words ?? 'height: loss'}${floor ? '; anything below the scale is drawn flat' : ''}`;
}

/**
 * The height of the drawn ground at a point of the box, by bilinear interpolation.
 * @param {Ground} ground
 * @param {number} px
 * @param {number} py
 */
export function heightAt({ x, y, z, box: [[x0, x1], [y0, y1]] }, px, py) {
  const column = Math.min(x.length - 2, Math.max(0, Math.floor(((px - x0) / (x1 - x0)) * (x.length - 1))));
  const row = Math.min(y.length - 2, Math.max(0, Math.floor(((py - y0) / (y1 - y0)) * (y.length - 1))));
  const across = (px - x[column]) / (x[column + 1] - x[column]);
  const upward = (py - y[row]) / (y[row + 1] - y[row]);
  const low = z[row][column] + across * (z[row][column + 1] - z[row][column]);
  const high = z[row + 1][column] + across * (z[row + 1][column + 1] - z[row + 1][column]);
  return low + upward * (high - low);
}

/**
 * Lays a run on the ground. At each step, its height is its true loss. Between two steps that are further apart than a
 * cell of the grid, it follows the ground, which would cover a straight line. Parts outside the box are replaced by a
 * gap (NaN).
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {ArrayLike<number>} heights the heights of its line
 * @param {number} last
 * @param {Ground} ground
 * @returns {Lie}
 */
export function drape(x, y, heights, last, ground) {
  const [[x0, x1], [y0, y1]] = ground.box;
  const cell = [(x1 - x0) / (ground.x.length - 1), (y1 - y0) / (ground.y.length - 1)];
  /** @type {number[]} */
  const out = [];
  const at = new Int32Array(last + 1);
  const inside = new Uint8Array(last + 1);
  const above = new Float64Array(last + 1);
  /** @type {(x: number, y: number, z: number) => void} */
  const put = (px, py, pz) => void out.push(px, py, pz + ground.lift);
  const gap = () => void (out.length && !Number.isNaN(out[out.length - 1]) && out.push(NaN, NaN, NaN));
  for (let k = 0; k <= last; k++) {
    inside[k] = Number(x[k] >= x0 && x[k] <= x1 && y[k] >= y0 && y[k] <= y1);
    const height = inside[k] ? ground.height(heights[k]) : NaN;
    above[k] = Number.isFinite(height) ? height - heightAt(ground, x[k], y[k]) : 0;
    const piece = k && clip(x[k - 1], y[k - 1], x[k], y[k], x0, y0, x1, y1);
    if (piece) {
      const [ax, ay, bx, by] = piece;
      if (!inside[k - 1]) {
        gap();
        put(ax, ay, heightAt(ground, ax, ay));
      }
      const cells = Math.max(Math.abs(bx - ax) / cell[0], Math.abs(by - ay) / cell[1]);
      const count = Math.ceil(cells);
      for (let i = 1; i < count; i++) {
        const part = i / count;
        const [px, py] = [ax + part * (bx - ax), ay + part * (by - ay)];
        put(px, py, heightAt(ground, px, py) + Math.max(0, above[k - 1] + part * (above[k] - above[k - 1])));
      }
      if (!inside[k]) put(bx, by, heightAt(ground, bx, by));
    }
    if (inside[k]) put(x[k], y[k], Number.isFinite(height) ? height : heightAt(ground, x[k], y[k]));
    else if (!piece && !k) gap();
    at[k] = Math.max(0, out.length / 3 - 1);
  }
  if (!out.length) out.push(NaN, NaN, NaN);
  return { points: Float64Array.from(out), at, inside };
}
