// Draws the landmarks of the map in three dimensions, such as known minima and saddles.

import { heightAt } from './ground.js';
import { toScreen } from './projection.js';
import { dashOf } from './strokes.js';
import { traceSymbol } from './symbols.js';

/**
 * @typedef {Object} Landmark
 * @property {number[]} points x, y, z, …
 * @property {string} symbol empty for a line
 * @property {string[]} words the text of each point
 * @property {string} side the side of the point on which the text stands
 */

/**
 * The marks on the ground of a map as points on the relief, without those outside its box.
 * @param {import('./marks.js').Panel} map
 * @param {import('./ground.js').Ground} ground
 * @returns {Landmark[]}
 */
export function landmarksOf(map, ground) {
  const [[x0, x1], [y0, y1]] = ground.box;
  /** @type {(x: ArrayLike<number>, y: ArrayLike<number>) => number[]} */
  const lifted = (x, y) =>
    Array.from(x, (_, k) => k)
      .filter((k) => x[k] >= x0 && x[k] <= x1 && y[k] >= y0 && y[k] <= y1)
      .flatMap((k) => [x[k], y[k], heightAt(ground, x[k], y[k]) + ground.lift]);
  /** @type {(mark: import('./marks.js').AnyMark) => Landmark[]} */
  const landmarks = (mark) => {
    if (mark.layer !== 'ground') return [];
    if (mark.type === 'line') return [{ points: lifted(mark.x, mark.y), symbol: '', words: [], side: '' }];
    if (mark.type === 'sign') return [{ points: lifted(mark.x, mark.y), symbol: mark.symbol, words: [], side: '' }];
    if (mark.type !== 'text' || mark.within || typeof mark.x !== 'number') return [];
    return [{ points: lifted([mark.x], [mark.y]), symbol: 'none', words: mark.words, side: mark.side }];
  };
  return map.marks.flatMap(landmarks).filter(({ points }) => points.length);
}

/**
 * @param {import('./heads.js').Pen} pen
 * @param {Landmark[]} landmarks
 * @param {import('./projection.js').Camera} camera
 */
export function paintLandmarks({ context, style }, landmarks, camera) {
  context.lineCap = 'round';
  for (const { points, symbol } of landmarks) {
    const path = toScreen(points, camera);
    if (!symbol) {
      context.setLineDash(dashOf(style, 'dot'));
      ink(context, style, 1.6, () => {
        for (let k = 0; k < path.length; k += 2) context.lineTo(path[k], path[k + 1]);
      });
      context.setLineDash([]);
    } else if (symbol !== 'none') {
      const [size] = style.strokes.signs[symbol];
      ink(context, style, 1.8, () => {
        for (let k = 0; k < path.length; k += 2) traceSymbol(context, symbol, path[k], path[k + 1], size / 2);
      });
    }
  }
  context.lineCap = 'butt';
}

/**
 * The words of the landmarks at their places.
 * @param {import('./heads.js').Pen} pen
 * @param {Landmark[]} landmarks
 * @param {import('./projection.js').Camera} camera
 * @param {import('./placing.js').Places} places
 * @param {typeof import('./painter.js').spotOf} spotOf
 * @returns {import('./heads.js').Spot[]}
 */
export function placeLandmarks(pen, landmarks, camera, places, spotOf) {
  const seen = landmarks.map((landmark) => ({ ...landmark, path: toScreen(landmark.points, camera) }));
  for (const { symbol, path } of seen) {
    if (symbol && symbol !== 'none') for (let k = 0; k < path.length; k += 2) places.keep(path[k], path[k + 1], 6);
  }
  return seen.flatMap(({ symbol, words, side, path }) =>
    symbol === 'none' && Number.isFinite(path[0] + path[1])
      ? [spotOf(pen, places, { words, side, color: 'muted' }, [path[0], path[1]])]
      : [],
  );
}

/**
 * Strokes a path with a casing in the colour of the paper.
 * @param {CanvasRenderingContext2D} context
 * @param {import('./strokes.js').Style} style
 * @param {number} width
 * @param {() => void} trace adds the path to the context
 */
function ink(context, style, width, trace) {
  for (const [color, wide] of /** @type {[string, number][]} */ ([
    [style.paper, width + 2.4],
    [style.ink, width],
  ])) {
    context.beginPath();
    trace();
    context.lineWidth = wide;
    context.strokeStyle = color;
    context.stroke();
  }
}
