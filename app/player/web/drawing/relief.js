// The plotly figure of the surface: its ground, its axes, and the runs as real traces.

import { short } from '../core/digits.js';
import { stepAt } from '../core/pace.js';
import { base } from './figures.js';
import { contourOf } from './ground.js';
import { order } from './emphasis.js';
import { blend, channels } from '../core/theme.js';

/** How many bands of one colour there are, where the map's contours do not say. */
const BANDS = 16;
/** The height of the box, as a share of its longer side. */
const TALL = 0.22;
/** What a box is as deep as at most, for the panel is wide. */
const DEEP = 0.75;
/** How far apart dots are, as a share of the box. */
const SPARSE = 0.006;
const SIZE = 11;

/** From above and from the side of the y axis's lower end: valleys lie open, and few trails behind a hill. */
export const CAMERA = {
  eye: { x: -0.22, y: -0.66, z: 0.98 },
  center: { x: 0, y: -0.02, z: -0.08 },
  up: { x: 0, y: 0, z: 1 },
  projection: { type: 'perspective' },
};

/** The map's colours in bands, one between two levels, as its filled contours are. */
function bands(scale, count) {
  return Array.from({ length: count }, (_, k) => {
    const color = blend(scale, (k + 0.5) / count);
    return [[k / count, color], [(k + 1) / count, color]];
  }).flat();
}

/**
 * @param {import('../core/envelope.js').Scene} scene
 * @param {import('../core/envelope.js').Style} style
 * @param {import('./ground.js').Ground} ground
 */
export function groundTrace(scene, style, ground) {
  const { zmin, zmax, contours } = contourOf(scene);
  const count = Math.min(40, Math.round((zmax - zmin) / contours?.size) || BANDS);
  const lines = { show: true, start: zmin, end: zmax, size: (zmax - zmin) / count, color: faint(style), width: 1 };
  return {
    ...{ type: 'surface', uid: 'ground', x: ground.x, y: ground.y, z: ground.z, surfacecolor: ground.shade },
    ...{ cmin: zmin, cmax: zmax, colorscale: bands(style.colorscale, count), showscale: false, hoverinfo: 'skip' },
    // levels are even steps of the map's scale alone: of the plain loss, the edges of the colours show them
    contours: { z: ground.z === ground.shade ? lines : { show: false }, ...quiet() },
    lighting: { ambient: 0.6, diffuse: 0.55, specular: 0.03, roughness: 0.9, fresnel: 0.02 },
    lightposition: { x: -2000, y: -4000, z: 6000 },
  };
}

/** The contours' colour without transparency, of which lines on a surface know nothing. */
function faint(style) {
  const [ink, paper] = [style.muted, style.paper].map(channels);
  return `rgb(${ink.map((value, k) => Math.round(0.42 * value + 0.58 * paper[k])).join(', ')})`;
}

function quiet() {
  return { x: { highlight: false }, y: { highlight: false } };
}

/**
 * Every racer up to `step` as a line that lies on the ground, for hovering, and dots where steps are apart.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {object[]} racers of the overlay
 * @param {number} position the playhead's
 * @param {import('./ground.js').Ground} ground
 */
export function runTraces(scene, racers, position, ground) {
  const value = (number) => (Number.isNaN(number) ? null : number);
  return order(scene.cards).flatMap((k) => {
    const { card, lie } = racers.find(({ index }) => index === k);
    const { points, at, inside } = lie;
    const to = Math.min(stepAt(card, position), card.leaves);
    const part = (axis) => Array.from({ length: at[to] + 1 }, (_, i) => value(points[3 * i + axis]));
    const dots = apart(scene.positions[k], inside, to, ground);
    const own = (axis) => dots.map((i) => points[3 * at[i] + axis]);
    const words = said(scene, k);
    const text = new Array(at[to] + 1);
    for (let i = 0, from = 0; i <= to; from = at[i] + 1, i++) text.fill(words(i), from, at[i] + 1);
    const common = {
      ...{ type: 'scatter3d', visible: !card.hidden, showlegend: false, name: card.title, meta: card.id },
      hovertemplate: '<b>%{fullData.name}</b>, %{text}<extra></extra>',
    };
    return [
      {
        ...{ ...common, uid: `racer-${k}-line`, mode: 'lines', connectgaps: false, text },
        ...{ x: part(0), y: part(1), z: part(2) },
        line: { color: card.color, width: 4.5, dash: card.dash },
      },
      {
        ...{ ...common, uid: `racer-${k}-dots`, mode: 'markers', text: dots.map(words) },
        ...{ x: own(0), y: own(1), z: own(2) },
        marker: { color: card.color, size: 2.6, opacity: 1, line: { width: 0 } },
      },
    ];
  });
}

/** What a step of the k-th racer is, in words; between two steps the line says the one it goes to. */
function said(scene, k) {
  const [xy, losses] = [scene.positions[k], scene.losses[k]];
  const offset = scene.scale?.offset ?? 0;
  return (i) => `step ${i}<br>x ${short(xy[2 * i], 4)}, y ${short(xy[2 * i + 1], 4)}<br>loss ${short(losses[i] + offset, 4)}`;
}

/** The steps that have a dot of their own, for they are some way from the last that has: each dot is a mesh. */
function apart(xy, inside, to, { box: [[x0, x1], [y0, y1]] }) {
  const least = SPARSE * Math.max(x1 - x0, y1 - y0);
  let last = 0;
  return Array.from({ length: to + 1 }, (_, i) => i).filter((i) => {
    const far = Math.hypot(xy[2 * i] - xy[2 * last], xy[2 * i + 1] - xy[2 * last + 1]) >= least;
    if (!inside[i] || !far || !i) return false;
    last = i;
    return true;
  });
}

/**
 * @param {import('../core/envelope.js').Style} style
 * @param {string} font
 * @param {import('./ground.js').Ground} ground
 * @param {object} camera
 */
export function reliefLayout(style, font, ground, camera) {
  const [[x0, x1], [y0, y1]] = ground.box;
  const longer = Math.max(x1 - x0, (y1 - y0) / DEEP);
  const axis = (title, range, extra = {}) => ({
    ...{ range, autorange: false, title: { text: title, font: { family: font, size: SIZE, color: style.muted } } },
    ...{ tickfont: { family: font, size: SIZE, color: style.muted }, nticks: 6, tickangle: 0, showspikes: false },
    ...{ gridcolor: style.grid, zeroline: false, showbackground: false, linecolor: style.grid, ...extra },
  });
  const { tickvals, ticktext } = ground;
  const ticks = tickvals ? { tickmode: 'array', tickvals, ticktext } : {};
  return base({}, style, font, {
    margin: { l: 0, r: 0, t: 0, b: 0 },
    scene: {
      ...{ uirevision: 'kept', dragmode: 'turntable', hovermode: 'closest', bgcolor: 'rgba(0, 0, 0, 0)', camera },
      ...{ aspectmode: 'manual', aspectratio: { x: (x1 - x0) / longer, y: (y1 - y0) / longer, z: TALL } },
      xaxis: axis('x', [x0, x1]),
      yaxis: axis('y', [y0, y1]),
      zaxis: axis('loss', [ground.range[0], ground.range[1] + 2 * ground.lift], ticks),
    },
  });
}
