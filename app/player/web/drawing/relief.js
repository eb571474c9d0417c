// The plotly figure of the map in three dimensions: the ground, the axes, and the runs as traces.

import { short } from '../core/digits.js';
import { blend, channels } from '../core/theme.js';
import { cornersOf, ticksOf } from './edges.js';
import { baseLayout, escaped } from './layout.js';
import { inkOf } from './strokes.js';

/**
 * @typedef {import('./ground.js').Ground} Ground
 * @typedef {import('./draped.js').DrapedTrail} DrapedTrail
 * @typedef {import('./strokes.js').Style} Style
 */

/** The number of bands of one colour if the map has no contours. */
const BANDS = 16;
/** The height of the box, as a fraction of its longer side. */
const TALL = 0.3;
/** The largest depth of the box as a fraction of its longer side, because the panel is wide. */
const DEEP = 0.75;
/** The smallest distance between two dots, as a fraction of the box. */
const SPARSE = 0.01;

/** The camera looks down from the corner where both axes begin: valleys are visible, and hills stand out. */
export const CAMERA = {
  eye: { x: -0.38, y: -0.78, z: 0.92 },
  center: { x: 0.02, y: 0, z: -0.06 },
  up: { x: 0, y: 0, z: 1 },
  projection: { type: 'perspective' },
};

/**
 * The colour scale of the map as bands between two levels, like its filled contours.
 * @param {import('./marks.js').ColorScale} scale
 * @param {number} count
 */
function bands(scale, count) {
  return Array.from({ length: count }, (_, k) => {
    const color = blend(scale, (k + 0.5) / count);
    return [
      [k / count, color],
      [(k + 1) / count, color],
    ];
  }).flat();
}

/**
 * @param {Style} style
 * @param {Ground} ground
 */
export function groundTrace(style, ground) {
  const { low, high, step, colors } = ground.field;
  const count = Math.min(40, Math.round((high - low) / step) || BANDS);
  const lines = { show: true, start: low, end: high, size: (high - low) / count, color: faint(style), width: 1 };
  const quiet = { x: { highlight: false }, y: { highlight: false } };
  return {
    ...{ type: 'surface', uid: 'ground', x: ground.x, y: ground.y, z: ground.z, surfacecolor: ground.shade },
    ...{ cmin: low, cmax: high, colorscale: bands(colors[style.theme], count), showscale: false, hoverinfo: 'skip' },
    // levels are evenly spaced only on the map's own scale; for the plain loss, the edges of the bands show them
    contours: { z: ground.z === ground.shade ? lines : { show: false }, ...quiet },
    lighting: { ambient: 0.62, diffuse: 0.62, specular: 0.04, roughness: 0.8, fresnel: 0.02 },
    lightposition: { x: 5000, y: -2500, z: 4500 },
  };
}

/**
 * The colour of contours without transparency, which plotly's contours on a surface do not support.
 * @param {Style} style
 */
function faint(style) {
  const [ink, paper] = [style.muted, style.paper].map(channels);
  return `rgb(${ink.map((value, k) => Math.round(0.42 * value + 0.58 * paper[k])).join(', ')})`;
}

/**
 * The traces of all racers up to the clock: a line on the ground with labels, and dots at steps that are far apart.
 * @param {DrapedTrail[]} trails
 * @param {Style} style
 * @param {number} position
 * @param {Ground} ground
 * @param {import('./plotly.js').Naming} naming
 * @returns {any[]}
 */
export function runTraces(trails, style, position, ground, naming) {
  return trails.flatMap((trail) => {
    const { mark, lie } = trail;
    const { points, at, inside } = lie;
    const to = Math.max(0, trail.index(position));
    const color = inkOf(style, mark.color);
    /** @type {(axis: number) => (number | null)[]} */
    const part = (axis) =>
      Array.from({ length: at[to] + 1 }, (_, i) => (Number.isNaN(points[3 * i + axis]) ? null : points[3 * i + axis]));
    const dots = apart(mark, inside, to, ground);
    /** @type {(axis: number) => number[]} */
    const dotsAlong = (axis) => dots.map((i) => points[3 * at[i] + axis]);
    /** @type {(i: number) => string} */
    const words = (i) =>
      [naming.at(mark.time?.[i] ?? i), ...mark.hover.map(([word, values]) => `${word} ${short(values[i], 4)}`)].join(
        '<br>',
      );
    const text = new Array(at[to] + 1);
    for (let i = 0, from = 0; i <= to; from = at[i] + 1, i++) text.fill(words(i), from, at[i] + 1);
    const common = {
      ...{ type: 'scatter3d', showlegend: false, name: escaped(mark.name), meta: mark.racer },
      hovertemplate: '<b>%{fullData.name}</b>, %{text}<extra></extra>',
    };
    const stem = naming.stem(mark);
    return [
      {
        ...{ ...common, uid: `${stem}-line`, mode: 'lines', connectgaps: false, text },
        ...{ x: part(0), y: part(1), z: part(2) },
        line: { color, width: 4.5, dash: mark.dash },
      },
      {
        ...{ ...common, uid: `${stem}-dots`, mode: 'markers', text: dots.map(words) },
        ...{ x: dotsAlong(0), y: dotsAlong(1), z: dotsAlong(2) },
        marker: { color, size: 1.8, opacity: 1, line: { width: 0 } },
      },
    ];
  });
}

/**
 * The steps with a dot, each of which is far enough from the previous one. They are few because each dot is a mesh.
 * @param {import('./marks.js').Line} mark
 * @param {Uint8Array} inside
 * @param {number} to
 * @param {Ground} ground
 */
function apart({ x, y }, inside, to, { box: [[x0, x1], [y0, y1]] }) {
  const least = SPARSE * Math.max(x1 - x0, y1 - y0);
  let last = 0;
  return Array.from({ length: to + 1 }, (_, i) => i).filter((i) => {
    const far = Math.hypot(x[i] - x[last], y[i] - y[last]) >= least;
    if (!inside[i] || !far || !i) return false;
    last = i;
    return true;
  });
}

/**
 * @param {Style} style
 * @param {string} font
 * @param {Ground} ground
 * @param {object} camera
 */
export function reliefLayout(style, font, ground, camera) {
  const [[x0, x1], [y0, y1]] = ground.box;
  const longer = Math.max(x1 - x0, (y1 - y0) / DEEP);
  const [low, high] = cornersOf(ground);
  // numbers and names are written on the canvas
  const [xaxis, yaxis, zaxis] = ticksOf(ground).map((ticks, k) => ({
    ...{ range: [low[k], high[k]], autorange: false, title: { text: '' }, showticklabels: false, ticks: '' },
    ...{ tickmode: 'array', tickvals: ticks.map(([value]) => value), showspikes: false },
    ...{ gridcolor: style.grid, zeroline: false, showbackground: false, linecolor: style.grid },
  }));
  return baseLayout(style, font, {
    margin: { l: 0, r: 0, t: 0, b: 0 },
    scene: {
      ...{ uirevision: 'kept', dragmode: 'turntable', hovermode: 'closest', bgcolor: 'rgba(0, 0, 0, 0)', camera },
      ...{ aspectmode: 'manual', aspectratio: { x: (x1 - x0) / longer, y: (y1 - y0) / longer, z: TALL } },
      ...{ xaxis, yaxis, zaxis },
    },
  });
}
