// The map in three dimensions to take away: ground, runs, heads and signs as plotly's own traces, with a legend and the
// caption.

import { captionLines, FONT, wrap } from './legend.js';
import { groundTrace, reliefLayout, runTraces } from './relief.js';

const LINE = 17;
const EDGE = 24;

/**
 * @typedef {import('./strokes.js').Style} Style
 *
 * @typedef {Object} Wanted
 * @property {number} width
 * @property {number} height
 * @property {'light' | 'dark'} theme
 * @property {boolean} caption
 *
 * @typedef {Object} Sight
 * @property {import('../core/envelope.js').Scene} scene
 * @property {import('./draped.js').DrapedTrail[]} trails
 * @property {import('./ground.js').Ground} ground
 * @property {import('./landmarks.js').Landmark[]} landmarks
 * @property {number} position
 * @property {object} camera
 */

/**
 * @param {Sight} sight
 * @param {Wanted} wanted
 * @returns {{data: object[], layout: object}}
 */
export function snapshot({ scene, trails, ground, landmarks, position, camera }, { width, height, theme, caption }) {
  const style = scene.styles[theme];
  const lines = caption ? wrap(`${scene.caption} · ${ground.words}`, width - 2 * EDGE - 8, `12px ${FONT}`) : [];
  const foot = lines.length ? lines.length * LINE + 14 : 0;
  const legend = { x: 1, y: 1, xanchor: 'right', yanchor: 'top', bgcolor: 'rgba(0, 0, 0, 0)' };
  const layout = /** @type {any} */ (reliefLayout(style, FONT, ground, camera));
  layout.scene.domain = { x: [0, 1], y: [foot / height, 1] };
  const naming = { unit: '', stem: (/** @type {{racer: string}} */ { racer }) => racer };
  return {
    data: [
      groundTrace(style, ground),
      ...runTraces(trails, style, position, ground, naming).map((trace) => ({
        ...trace,
        showlegend: trace.mode === 'lines',
      })),
      ...trails.flatMap((trail) => head(trail, position, style)),
      ...landmarks.map((landmark) => standing(landmark, style)),
    ],
    layout: {
      ...{ ...layout, width, height, autosize: false, hovermode: false, showlegend: true, legend },
      paper_bgcolor: style.paper,
      annotations: captionLines({ lines, foot, edge: EDGE }, style, width, height),
    },
  };
}

/**
 * @param {import('./draped.js').DrapedTrail} trail
 * @param {number} position
 * @param {Style} style
 */
function head(trail, position, style) {
  const { lie, mark } = trail;
  const k = Math.max(0, trail.index(position));
  if (!lie.inside[k]) return [];
  const [x, y, z] = lie.points.subarray(3 * lie.at[k], 3 * lie.at[k] + 3);
  const marker = { size: 7, color: mark.color, opacity: 1, line: { width: 1.5, color: style.paper } };
  return [{ type: 'scatter3d', mode: 'markers', x: [x], y: [y], z: [z], marker, showlegend: false }];
}

/**
 * @param {import('./landmarks.js').Landmark} landmark
 * @param {Style} style
 */
function standing({ symbol, points, words }, style) {
  /** @type {(axis: number) => number[]} */
  const part = (axis) => points.filter((_, k) => k % 3 === axis);
  return {
    ...{ type: 'scatter3d', mode: !symbol ? 'lines' : symbol === 'none' ? 'text' : 'markers' },
    ...{ x: part(0), y: part(1), z: part(2), text: words, textposition: 'bottom center', showlegend: false },
    textfont: { family: FONT, size: style.strokes.words.label, color: style.muted },
    marker: { symbol: 'x', size: 3, color: style.ink },
    line: { color: style.ink, width: 2, dash: 'dot' },
  };
}
