// Arranges small maps in rows and columns.

/** The room for numbers at the left and below, for the name above each map, and between maps. */
const EDGE = { l: 40, r: 10, t: 44, b: 24 };
/** The size of the switch of pictures in the corner; the names of narrow maps are below it. */
const SWITCH = { width: 330, height: 20 };
const NAME = 22;
const GAP = 8;

/**
 * @typedef {Object} Cell
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {boolean} first whether it is the first in its row
 * @property {boolean} lowest whether it is the lowest in its column
 */

/**
 * The cells of the arrangement that draws the window largest.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {[[number, number], [number, number]]} window
 * @param {[[number, number], [number, number]]} limits the extent of the ground
 * @returns {Cell[]}
 */
export function arrange(count, width, height, [[x0, x1], [y0, y1]], limits) {
  const [across, upward] = limits.map(([low, high]) => high - low);
  const plan = (/** @type {number} */ columns) => {
    const rows = Math.ceil(count / columns);
    const wide = Math.floor((width - EDGE.l - EDGE.r - (columns - 1) * GAP) / columns);
    const above = wide < SWITCH.width ? EDGE.t + SWITCH.height : EDGE.t;
    const tall = Math.floor((height - above - EDGE.b - (rows - 1) * (GAP + NAME)) / rows);
    // a map must not be larger than the whole ground at the scale of the window
    const fitted = {
      wide: Math.min(wide, (tall * across) / (y1 - y0)),
      tall: Math.min(tall, (wide * upward) / (x1 - x0)),
    };
    return { columns, wide: Math.floor(fitted.wide), tall: Math.floor(fitted.tall), above };
  };
  /** @type {(plan: {wide: number, tall: number}) => number} */
  const unit = ({ wide, tall }) => Math.min(wide / (x1 - x0), tall / (y1 - y0));
  const plans = Array.from({ length: Math.max(1, count) }, (_, k) => plan(k + 1));
  const { columns, wide, tall, above } = plans.reduce((best, other) =>
    unit(other) > 1.02 * unit(best) ? other : best,
  );
  return Array.from({ length: count }, (_, k) => {
    const [column, row] = [k % columns, Math.floor(k / columns)];
    return {
      ...{ left: EDGE.l + column * (wide + GAP), top: above + row * (tall + GAP + NAME) },
      ...{ width: Math.max(20, wide), height: Math.max(20, tall) },
      ...{ first: column === 0, lowest: k + columns >= count },
    };
  });
}
