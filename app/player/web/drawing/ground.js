// The ground of the surface in three dimensions: the part of the map's own grid that the map shows first, and how a
// loss becomes a height of it.

import { short } from '../core/digits.js';
import { clip } from '../core/geometry.js';

/**
 * @typedef {Object} Ground
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y
 * @property {ArrayLike<number>[]} z heights, a row for each y
 * @property {ArrayLike<number>[]} shade heights on the scale of the map's colours
 * @property {[[number, number], [number, number]]} box
 * @property {[number, number]} range lowest and highest of z
 * @property {(value: number) => number} height of a loss of the scene
 * @property {string} words what the height is
 * @property {number[]} tickvals
 * @property {string[]} ticktext
 * @property {number} lift
 */

/** By how much of the range trails are drawn above the ground: the grid bridges valleys narrower than its cells, and
 * would bury what runs along their floor. */
const LIFT = 0.03;

/** The height of a loss on the scale of the map's levels, and the loss of a height. */
function scaleOf({ kind = 'linear', base = 0, unit = 1 }) {
  if (kind === 'log')
    return {
      rise: (loss) => Math.log10(Math.max(loss - base, 0) + unit),
      fall: (height) => 10 ** height - unit + base,
    };
  if (kind === 'signed log')
    return {
      rise: (loss) => Math.sign(loss) * Math.log10(1 + Math.abs(loss) / unit),
      fall: (height) => Math.sign(height) * unit * (10 ** Math.abs(height) - 1),
    };
  return { rise: (loss) => loss, fall: (height) => height };
}

/** Which heights a scene is drawn with: those wanted, where its levels know a difference. */
export function heightsOf(scene, wanted) {
  return scene.scale?.kind && scene.scale.kind !== 'linear' ? wanted || 'log' : 'linear';
}

/** The map's contours, of which the ground is made. */
export function contourOf(scene) {
  return scene.map.data.find((trace) => trace.type === 'contour');
}

/**
 * @param {import('../core/envelope.js').Scene} scene
 * @param {'log' | 'linear'} heights
 * @returns {Ground}
 */
export function groundOf(scene, heights) {
  const contour = contourOf(scene);
  const scale = scene.scale ?? {};
  const { rise, fall } = scaleOf(scale);
  const [first, last] = reach(contour.x, scene.window[0]);
  const [bottom, top] = reach(contour.y, scene.window[1]);
  const [x, y] = [contour.x.subarray(first, last + 1), contour.y.subarray(bottom, top + 1)];
  const shade = contour.z.slice(bottom, top + 1).map((row) => row.subarray(first, last + 1));
  const plain = heights === 'linear' && scale.kind !== 'linear';
  const z = plain ? shade.map((row) => row.map(fall)) : shade;
  const { tickvals = [], ticktext = [] } = contour.colorbar ?? {};
  let [low, high] = [Infinity, -Infinity];
  for (const row of z)
    for (const value of row) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  const offset = scale.offset ?? 0;
  const height = plain ? (value) => value + offset : (value) => rise(value + offset);
  const box = [
    [x[0], x.at(-1)],
    [y[0], y.at(-1)],
  ];
  const words = says(plain ? 'linear' : scale.kind, scale);
  const ticks = plain ? {} : { tickvals, ticktext };
  return { x, y, z, shade, box, range: [low, high], height, words, ...ticks, lift: LIFT * (high - low) };
}

/** The indices of the ticks from the last at or below a range to the first at or above it. */
function reach(ticks, [low, high]) {
  let first = 0;
  let last = ticks.length - 1;
  while (first + 2 < last && ticks[first + 1] <= low) first += 1;
  while (last - 2 > first && ticks[last - 1] >= high) last -= 1;
  return [first, last];
}

function says(kind, { base = 0, unit = 1, floor }) {
  const above = base ? `loss ${base < 0 ? '+' : '−'} ${short(Math.abs(base), 2)}` : 'loss';
  const words = {
    log: `height: log₁₀ of (${above} + ${short(unit, 2)})`,
    'signed log': `height: log₁₀ of (1 + |loss| / ${short(unit, 2)}), downwards below 0`,
  }[kind];
  return `${words ?? 'height: the loss'}${floor ? '; lower ground than the scale is drawn flat' : ''}`;
}

/**
 * The height of the drawn ground at a point of the box, between the four nearest points of the grid.
 * @param {Ground} ground
 */
export function heightAt({ x, y, z }, px, py) {
  const column = Math.min(x.length - 2, Math.max(0, Math.floor(((px - x[0]) / (x.at(-1) - x[0])) * (x.length - 1))));
  const row = Math.min(y.length - 2, Math.max(0, Math.floor(((py - y[0]) / (y.at(-1) - y[0])) * (y.length - 1))));
  const across = (px - x[column]) / (x[column + 1] - x[column]);
  const upward = (py - y[row]) / (y[row + 1] - y[row]);
  const low = z[row][column] + across * (z[row][column + 1] - z[row][column]);
  const high = z[row + 1][column] + across * (z[row + 1][column + 1] - z[row + 1][column]);
  return low + upward * (high - low);
}

/**
 * A run as it lies on the ground. At each step its height is that of its true loss; between two steps further apart
 * than a cell of the grid it follows the ground, which would bury a straight line. What is outside the box is left
 * out, and a gap (NaN) put in its place.
 * @param {ArrayLike<number>} xy
 * @param {ArrayLike<number>} losses
 * @param {number} last
 * @param {Ground} ground
 * @returns {{points: Float64Array, at: Int32Array, inside: Uint8Array}} x, y, z, …; for every step the index of its
 * point, or of the last before it; and whether it is in the box
 */
export function drape(xy, losses, last, ground) {
  const [[x0, x1], [y0, y1]] = ground.box;
  const cell = [(x1 - x0) / (ground.x.length - 1), (y1 - y0) / (ground.y.length - 1)];
  const out = [];
  const at = new Int32Array(last + 1);
  const inside = new Uint8Array(last + 1);
  const above = new Float64Array(last + 1);
  const put = (x, y, z) => out.push(x, y, z + ground.lift);
  const gap = () => out.length && !Number.isNaN(out.at(-1)) && out.push(NaN, NaN, NaN);
  for (let k = 0; k <= last; k++) {
    const [x, y] = [xy[2 * k], xy[2 * k + 1]];
    inside[k] = Number(x >= x0 && x <= x1 && y >= y0 && y <= y1);
    const own = inside[k] ? ground.height(losses[k]) : NaN;
    above[k] = Number.isFinite(own) ? own - heightAt(ground, x, y) : 0;
    const piece = k && clip(xy[2 * k - 2], xy[2 * k - 1], x, y, x0, y0, x1, y1);
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
    if (inside[k]) put(x, y, Number.isFinite(own) ? own : heightAt(ground, x, y));
    else if (!piece && !k) gap();
    at[k] = Math.max(0, out.length / 3 - 1);
  }
  if (!out.length) out.push(NaN, NaN, NaN);
  return { points: Float64Array.from(out), at, inside };
}
