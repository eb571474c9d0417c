// What the surface marks beside the trails: known minima, saddles and the like, painted where the camera sees them.

import { caption } from './canvas.js';
import { heightAt } from './ground.js';
import { toScreen } from './projection.js';

const SIZE = 4.5;

/** Each mark of the map's as strokes between points, in units of its size. */
const STROKES = {
  'x-thin': [[-1, -1, 1, 1], [-1, 1, 1, -1]],
  'cross-thin': [[-1, 0, 1, 0], [0, -1, 0, 1]],
  'asterisk-open': [[-1, 0, 1, 0], [-0.5, -0.87, 0.5, 0.87], [-0.5, 0.87, 0.5, -0.87]],
  'triangle-up-open': [[-1, 0.7, 0, -1, 1, 0.7, -1, 0.7]],
  'star-triangle-up-open': [[-1, 0.7, 0, -1, 1, 0.7, -1, 0.7]],
  'diamond-open': [[-1, 0, 0, -1, 1, 0, 0, 1, -1, 0]],
};

/**
 * The marks of a map as points on the ground, those outside its box left out.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {import('./ground.js').Ground} ground
 */
export function landmarksOf(scene, ground) {
  const [[x0, x1], [y0, y1]] = ground.box;
  return scene.map.data
    .filter((trace) => trace.type === 'scatter')
    .map(({ mode, x, y, text = [], textposition = '', marker }) => {
      const line = mode.includes('lines');
      const kept = Array.from(x, (_, k) => k).filter((k) => x[k] >= x0 && x[k] <= x1 && y[k] >= y0 && y[k] <= y1);
      const points = kept.flatMap((k) => [x[k], y[k], heightAt(ground, x[k], y[k]) + ground.lift]);
      const strokes = STROKES[marker?.symbol] ?? STROKES['x-thin'];
      return { line, points, texts: kept.map((k) => text[k]), side: textposition, strokes };
    })
    .filter(({ points }) => points.length);
}

/**
 * @param {import('./heads.js').Ground} ground what is painted on
 * @param {import('./projection.js').Camera} camera
 */
export function paintLandmarks({ context, style, font }, landmarks, camera) {
  context.font = `11px ${font}`;
  context.textBaseline = 'middle';
  context.lineCap = 'round';
  for (const { line, points, texts, side, strokes } of landmarks) {
    const [right, up] = [side.includes('left') ? -1 : 1, side.includes('top') ? -1 : 1];
    context.textAlign = right > 0 ? 'left' : 'right';
    const path = toScreen(points, camera);
    if (line) {
      context.setLineDash([2, 4]);
      ink(context, style, 1.6, () => {
        for (let k = 0; k < path.length; k += 2) context.lineTo(path[k], path[k + 1]);
      });
      context.setLineDash([]);
    }
    texts.forEach((text, k) => {
      const [x, y] = [path[2 * k], path[2 * k + 1]];
      if (!line)
        ink(context, style, 1.8, () => {
          for (const [a, b, ...rest] of strokes) {
            context.moveTo(x + SIZE * a, y + SIZE * b);
            for (let i = 0; i < rest.length; i += 2) context.lineTo(x + SIZE * rest[i], y + SIZE * rest[i + 1]);
          }
        });
      if (text) caption(context, text, x + 8 * right, y + 10 * up, style.muted, style.paper);
    });
  }
  context.lineCap = 'butt';
  context.textAlign = 'left';
}

/** A line with a casing in the page's colour. */
function ink(context, style, width, way) {
  for (const [color, wide] of [
    [style.paper, width + 2.4],
    [style.ink, width],
  ]) {
    context.beginPath();
    way();
    context.lineWidth = wide;
    context.strokeStyle = color;
    context.stroke();
  }
}
