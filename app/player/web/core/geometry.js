// Clips, draws and measures paths in pixels. The origin is at the top left.

/**
 * @typedef {{slope: number, offset: number, log?: boolean}} Affine pixel = offset + slope · value, or its logarithm
 *
 * @typedef {Object} Frame the plot's box and the affine map of its axes
 * @property {number} width
 * @property {number} height
 * @property {Affine} x
 * @property {Affine} y
 *
 * @typedef {{width: number, height: number}} Box
 */

/** The distance outside the frame at which segments are cut, in pixels, so that joins and caps are invisible there. */
const MARGIN = 200;

/** Moves of fewer pixels are drawn together with the next move, because a run that has come to rest is a point. */
const STILL = 0.3;

/** How far from the middle a point that stays in view may be, as a share of the way to the edge. */
const KEPT = 0.92;

/**
 * The part of a segment that lies in a box (Liang and Barsky 1984), or null.
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {number} left
 * @param {number} top
 * @param {number} right
 * @param {number} bottom
 * @returns {[number, number, number, number] | null}
 */
export function clip(x0, y0, x1, y1, left, top, right, bottom) {
  if ((x0 < left && x1 < left) || (x0 > right && x1 > right)) return null;
  if ((y0 < top && y1 < top) || (y0 > bottom && y1 > bottom)) return null;
  let from = 0;
  let to = 1;
  const dx = x1 - x0;
  const dy = y1 - y0;
  const sides = [
    [-dx, x0 - left],
    [dx, right - x0],
    [-dy, y0 - top],
    [dy, bottom - y0],
  ];
  for (const [p, q] of sides) {
    if (p === 0) {
      if (q < 0) return null;
    } else if (p < 0) {
      from = Math.max(from, q / p);
    } else {
      to = Math.min(to, q / p);
    }
  }
  if (!(from <= to)) return null;
  return [x0 + from * dx, y0 + from * dy, x0 + to * dx, y0 + to * dy];
}

/** By how many pixels rounding puts what lies on the edge beyond it. */
const ROUNDING = 1e-6;

/**
 * Whether a point lies in the frame or on its edge.
 * @param {number} x
 * @param {number} y
 * @param {Box} frame
 */
export function inside(x, y, frame) {
  return x >= -ROUNDING && y >= -ROUNDING && x <= frame.width + ROUNDING && y <= frame.height + ROUNDING;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {Box} frame
 */
function near(x, y, frame) {
  return x >= -MARGIN && y >= -MARGIN && x <= frame.width + MARGIN && y <= frame.height + MARGIN;
}

/**
 * @param {ArrayLike<number>} path
 * @param {number} k index of the point at which the segment begins
 * @param {Box} frame
 */
function cut(path, k, frame) {
  const i = 2 * k;
  const [right, bottom] = [frame.width + MARGIN, frame.height + MARGIN];
  return clip(path[i], path[i + 1], path[i + 2], path[i + 3], -MARGIN, -MARGIN, right, bottom);
}

/**
 * Adds a part of a path to the current path of a canvas. Points that are not numbers leave gaps.
 * @param {CanvasRenderingContext2D} context
 * @param {ArrayLike<number>} path
 * @param {number} from index of the first point
 * @param {number} to index of the last point
 * @param {Box} frame
 */
export function draw(context, path, from, to, frame) {
  let down = false;
  let x = NaN;
  let y = NaN;
  for (let k = from; k < to; k++) {
    const i = 2 * k;
    const x0 = path[i];
    const y0 = path[i + 1];
    const x1 = path[i + 2];
    const y1 = path[i + 3];
    if (near(x0, y0, frame) && near(x1, y1, frame)) {
      if (!down) context.moveTo((x = x0), (y = y0));
      down = true;
      if (k + 1 < to && Math.abs(x1 - x) + Math.abs(y1 - y) < STILL) continue;
      context.lineTo((x = x1), (y = y1));
    } else {
      const piece = cut(path, k, frame);
      if (piece) {
        context.moveTo(piece[0], piece[1]);
        context.lineTo(piece[2], piece[3]);
      }
      down = false;
    }
  }
}

/** Points from which on a path is worth thinning. */
const LONG = 2000;

/** Cells in a pixel, along each axis, within which points count as the same. */
const CELLS = 2;

/**
 * The points of a long path that are enough to draw it, or null if all are needed. Where the path does not go on from
 * the point before, because that part is already drawn, the index is -1.
 *
 * A curve over time keeps the first, lowest, highest and last point of each column of pixels. Any other path loses the
 * points that lie in the same half pixel as the one before, and the segments between places that were joined before.
 * @param {ArrayLike<number>} path
 * @returns {Int32Array | null}
 */
export function thinned(path) {
  const count = path.length / 2;
  if (count < LONG) return null;
  const kept = ascends(path) ? columns(path) : segments(path);
  return kept.length < count / 2 ? Int32Array.from(kept) : null;
}

/** @param {ArrayLike<number>} path */
function ascends(path) {
  for (let k = 2; k < path.length; k += 2) if (!(path[k] >= path[k - 2])) return false;
  return path[path.length - 2] > path[0];
}

/** @param {ArrayLike<number>} path */
function columns(path) {
  /** @type {number[]} */
  const kept = [];
  const count = path.length / 2;
  for (let k = 0; k < count;) {
    const column = Math.floor(path[2 * k]);
    let [low, high, end] = [k, k, k];
    for (; end < count && Math.floor(path[2 * end]) === column; end++) {
      if (Number.isNaN(path[2 * end + 1])) {
        kept.push(end); // it leaves a gap
        continue;
      }
      if (!(path[2 * low + 1] <= path[2 * end + 1])) low = end;
      if (!(path[2 * high + 1] >= path[2 * end + 1])) high = end;
    }
    kept.push(k, low, high, end - 1);
    k = end;
  }
  return [...new Set(kept)].sort((a, b) => a - b);
}

/** @param {ArrayLike<number>} path */
function segments(path) {
  const kept = [0];
  /** @type {Map<string, Set<string>>} */
  const joined = new Map();
  /** @type {(k: number) => string} */
  const cell = (k) => `${Math.round(path[2 * k] * CELLS)} ${Math.round(path[2 * k + 1] * CELLS)}`;
  let here = cell(0);
  let away = false;
  for (let k = 1; k < path.length / 2; k++) {
    const there = cell(k);
    if (there === here) continue;
    const [a, b] = here < there ? [here, there] : [there, here];
    const known = joined.get(a) ?? new Set();
    if (known.has(b)) away = true;
    else {
      joined.set(a, known.add(b));
      if (away) kept.push(-1, k - 1);
      kept.push(k);
      away = false;
    }
    here = there;
  }
  return kept;
}

/**
 * The length drawn up to each point, so that a dash pattern continues where an increment begins.
 * @param {ArrayLike<number>} path
 * @param {Box} frame
 */
export function lengths(path, frame) {
  const total = new Float64Array(path.length / 2);
  for (let k = 0; k + 1 < total.length; k++) {
    const piece = cut(path, k, frame);
    total[k + 1] = total[k] + (piece ? Math.hypot(piece[2] - piece[0], piece[3] - piece[1]) : 0);
  }
  return total;
}

/**
 * Where a run whose head is outside the frame left it, and in which direction.
 * @param {Float64Array} path
 * @param {number} to index of the last whole step before the head
 * @param {[number, number]} head
 * @param {Frame} frame
 * @returns {{x: number, y: number, angle: number} | null}
 */
export function exit(path, to, head, frame) {
  let [x1, y1] = head;
  for (let k = to; k >= 0; k--) {
    const x0 = path[2 * k];
    const y0 = path[2 * k + 1];
    const piece = clip(x0, y0, x1, y1, 0, 0, frame.width, frame.height);
    if (piece) return { x: piece[2], y: piece[3], angle: Math.atan2(y1 - y0, x1 - x0) };
    [x1, y1] = [x0, y0];
  }
  return null;
}

/**
 * The window, widened on one axis until a unit is equally long on both axes, within the limits of the figure. Where these
 * leave less of an axis than the window has, it is moved until it shows the point to keep.
 * @param {[[number, number], [number, number]]} window
 * @param {{width: number, height: number}} box
 * @param {[[number, number], [number, number]]} limits
 * @param {number[]} [keep] a point that stays in view
 * @returns {[[number, number], [number, number]]}
 */
export function fit(window, box, limits, keep) {
  const sizes = [box.width, box.height];
  const wanted = Math.max(...window.map(([low, high], i) => (high - low) / sizes[i]));
  const unit = Math.min(wanted, ...limits.map(([low, high], i) => (high - low) / sizes[i]));
  /** @type {(range: [number, number], i: number) => [number, number]} */
  const widened = ([low, high], i) => {
    const half = (unit * sizes[i]) / 2;
    const reach = KEPT * half;
    const middle = (low + high) / 2;
    const wish = keep ? Math.min(keep[i] + reach, Math.max(keep[i] - reach, middle)) : middle;
    const centre = Math.min(limits[i][1] - half, Math.max(limits[i][0] + half, wish));
    return [centre - half, centre + half];
  };
  return [widened(window[0], 0), widened(window[1], 1)];
}
