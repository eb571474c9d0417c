// The surface to take away: ground, runs, heads and marks as plotly's own traces, with a legend and the caption.

import { stepAt } from '../core/pace.js';
import { captionLines, FONT, wrap } from './legend.js';
import { groundTrace, reliefLayout, runTraces } from './relief.js';

const LINE = 17;
const EDGE = 24;

/**
 * @param {object} shot scene, racers, ground and landmarks of the overlay, step and camera, and what is wanted
 * @returns {{data: object[], layout: object}}
 */
export function snapshot({ scene, racers, ground, landmarks, step, camera, width, height, theme, caption }) {
  const style = scene.styles[theme];
  const lines = caption ? wrap(`${scene.caption} · ${ground.words}`, width - 2 * EDGE - 8, `12px ${FONT}`) : [];
  const foot = lines.length ? lines.length * LINE + 14 : 0;
  const legend = { x: 1, y: 1, xanchor: 'right', yanchor: 'top', bgcolor: 'rgba(0, 0, 0, 0)' };
  const layout = reliefLayout(style, FONT, ground, camera);
  layout.scene.domain = { x: [0, 1], y: [foot / height, 1] };
  return {
    data: [
      groundTrace(scene, style, ground),
      ...runTraces(scene, racers, step, ground).map((one) => ({ ...one, showlegend: one.mode === 'lines' })),
      ...racers.flatMap((racer) => head(racer, step, style)),
      ...landmarks.map((mark) => standing(mark, style)),
    ],
    layout: {
      ...{ ...layout, width, height, autosize: false, hovermode: false, showlegend: true, legend },
      paper_bgcolor: style.paper,
      annotations: captionLines({ lines, foot, edge: EDGE }, style, width, height),
    },
  };
}

function head({ card, lie }, step, style) {
  const k = Math.min(stepAt(card, step), card.leaves);
  if (card.hidden || !lie.inside[k]) return [];
  const [x, y, z] = lie.points.subarray(3 * lie.at[k], 3 * lie.at[k] + 3);
  const marker = { size: 7, color: card.color, opacity: 1, line: { width: 1.5, color: style.paper } };
  return [{ type: 'scatter3d', mode: 'markers', x: [x], y: [y], z: [z], marker, showlegend: false }];
}

function standing({ line, points, texts }, style) {
  const part = (axis) => texts.map((_, k) => points[3 * k + axis]);
  return {
    ...{ type: 'scatter3d', mode: line ? 'lines' : 'markers+text', x: part(0), y: part(1), z: part(2) },
    ...{ text: texts.map((text) => text ?? ''), textposition: 'bottom center', showlegend: false },
    textfont: { family: FONT, size: 11, color: style.muted },
    marker: { symbol: 'x', size: 3, color: style.ink },
    line: { color: style.ink, width: 2, dash: 'dot' },
  };
}
