// The plotly painter of whole panels: all marks at a position of the clock as one figure, for a picture.

import { exit, inside } from '../core/geometry.js';
import { percent } from '../core/digits.js';
import { valueAt } from './canvas.js';
import { INWARD } from './heads.js';
import { axesLayout, escaped, nth, uprightTitle } from './layout.js';
import { fieldOf, isReplaced, momentAt, rowAt } from './marks.js';
import {
  annotation,
  barsTraces,
  bundleTraces,
  dotsTraces,
  groundTraces,
  lineTrace,
  signTrace,
  tilesImage,
  trailTraces,
  upright,
} from './plotly.js';
import { inkOf } from './strokes.js';
import { Trail } from './trail.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./marks.js').AnyMark} AnyMark
 * @typedef {import('./marks.js').Axes} Axes
 * @typedef {import('./strokes.js').Style} Style
 * @typedef {[[number, number], [number, number]]} View
 *
 * @typedef {Object} Content
 * @property {Axes[]} axes with their places in shares of the figure
 * @property {AnyMark[]} marks
 * @property {Box[]} frames of the axes, in pixels of the figure
 * @property {View | null} view the ranges of axes of equal units
 *
 * @typedef {{words: string, color: string, x: number, y: number}} Label
 * @typedef {{trace: any, label: Label | null}} Standing
 */

/**
 * @param {Content} content
 * @param {Style} style
 * @param {string} font
 * @param {number} position
 * @returns {{data: any[], layout: any}}
 */
export function figureOf({ axes, marks, frames, view }, style, font, position) {
  const trails = marks.flatMap((mark) => {
    if (mark.type !== 'line' || mark.layer === 'ground' || isReplaced(mark)) return [];
    const trail = new Trail(mark, style);
    trail.measure(frames[mark.axes]);
    return [trail];
  });
  const standing = trails.flatMap((trail) => headOf(trail, style, position));
  const naming = { unit: '', stem: (/** @type {AnyMark} */ { racer, axes: k }) => `${racer}-${k}` };
  const scale = fieldOf({ marks })?.colors[style.theme] ?? [];
  /** @type {(layers: string[]) => any[]} */
  const still = (layers) =>
    marks.flatMap((mark) => (layers.includes(mark.layer) ? stillTraces(mark, axes, style, scale, position) : []));
  return {
    data: [
      ...groundTraces(marks, style, font).map((trace) => barred(trace, axes[0])),
      ...still(['under']),
      ...trailTraces(trails, style, position, naming, false).map(marked),
      ...still(['trail', 'over']),
      ...standing.map(({ trace }) => trace),
    ],
    layout: {
      ...axesLayout(axes, style, font, view),
      images: marks.flatMap((mark) => (mark.type === 'tiles' ? [tilesImage(mark, style, position)] : [])),
      shapes: marks.flatMap((mark) =>
        mark.type === 'rule' ? [upright(mark, mark.clock ? position : mark.x, style, font)] : [],
      ),
      annotations: [
        ...axes.flatMap((pair, k) => (pair.y.title ? [uprightTitle(pair, k, style, font, frames[k].width)] : [])),
        ...axes.flatMap((pair, k) => (pair.title ? [heading(pair, k, style, font)] : [])),
        ...marks.flatMap((mark) => words(mark, style, font, position)),
        ...labelled(
          standing.flatMap(({ label }) => (label ? [label] : [])),
          style,
          frames[0],
        ),
      ],
    },
  };
}

/**
 * The bar of a field's colours, in the place of its axes.
 * @param {any} trace
 * @param {Axes} axes
 */
function barred(trace, { place: [left, bottom, right, top] }) {
  if (!trace.colorbar) return trace;
  const { x, y } = trace.colorbar;
  return { ...trace, colorbar: { ...trace.colorbar, x: x ? right : left, y: y ? top : bottom } };
}

/**
 * @param {AnyMark} mark
 * @param {Axes[]} axes
 * @param {Style} style
 * @param {import('./marks.js').ColorScale} scale
 * @param {number} position
 * @returns {any[]}
 */
function stillTraces(mark, axes, style, scale, position) {
  switch (mark.type) {
    case 'dots':
      return dotsTraces(mark, style, scale, position);
    case 'sign':
      return [signTrace(mark, style)];
    case 'bars':
      return barsTraces(mark, axes[mark.axes].x, style, position);
    case 'line': {
      if (!isReplaced(mark) || !mark.time) return [];
      const y = rowAt(mark.y, momentAt(mark.time, position));
      return [lineTrace({ ...mark, y }, style, y.length)];
    }
  }
  return bundleTraces(mark, style, position);
}

/**
 * What is written that moves with the clock, or belongs to what does.
 * @param {AnyMark} mark
 * @param {Style} style
 * @param {string} font
 * @param {number} position
 * @returns {any[]}
 */
function words(mark, style, font, position) {
  const { small, text } = style.strokes.words;
  const on = { xref: `${nth('x', mark.axes)} domain`, yref: `${nth('y', mark.axes)} domain`, showarrow: false };
  if (mark.type === 'text') return [annotation(mark, mark.time ? momentAt(mark.time, position) : 0, style, font)];
  if (mark.type === 'sign' && mark.handle) {
    const place = { xref: nth('x', mark.axes), yref: nth('y', mark.axes), x: mark.x[0], y: mark.y[0], yshift: 15 };
    return [
      {
        ...on,
        ...place,
        text: escaped(mark.name),
        font: { family: font, size: style.strokes.words.label, color: style.muted },
      },
    ];
  }
  if (mark.type === 'bars') {
    const caption = escaped(mark.captions[momentAt(mark.time, position)] ?? '');
    return [
      { ...on, x: 0.5, y: 0, yanchor: 'top', text: caption, font: { family: font, size: small, color: style.muted } },
    ];
  }
  if (mark.type !== 'tiles') return [];
  const score = mark.score?.[momentAt(mark.time, position)];
  const share = score !== undefined && Number.isFinite(score) ? percent(score) : '';
  const place = { x: 1, y: 1, xanchor: 'right', yanchor: 'bottom' };
  const names = mark.names.map((name, k) => ({
    ...{ ...on, x: (k + 0.5) / mark.names.length, y: 0, yanchor: 'top', text: escaped(name) },
    font: { family: font, size: small, color: style.muted },
  }));
  return [{ ...on, ...place, text: share, font: { family: font, size: text, color: style.muted } }, ...names];
}

/**
 * @param {Axes} axes
 * @param {number} k
 * @param {Style} style
 * @param {string} font
 */
function heading({ title, color }, k, style, font) {
  return {
    ...{
      text: `<b>${escaped(title)}</b>`,
      showarrow: false,
      xref: `${nth('x', k)} domain`,
      yref: `${nth('y', k)} domain`,
    },
    ...{ x: 0, y: 1, xanchor: 'left', yanchor: 'bottom' },
    font: { family: font, size: style.strokes.words.text, color: inkOf(style, color) },
  };
}

/**
 * The dots of steps as markers: on the page they are caps of lines, for which a picture has no style sheet.
 * @param {any} trace
 */
function marked(trace) {
  if (!trace.uid?.endsWith('-dots')) return trace;
  const { width, color } = trace.line;
  return { ...trace, mode: 'markers', marker: { size: width, color, opacity: 1, line: { width: 0 } } };
}

/**
 * A head, or where it is outside an arrow at the edge, with the words that stand there.
 * @param {Trail} trail
 * @param {Style} style
 * @param {number} position
 * @returns {Standing[]}
 */
function headOf(trail, style, position) {
  const { mark, path, box } = trail;
  const { head, axes } = mark;
  const k = trail.index(position);
  if (!head || k < 0) return [];
  const at = /** @type {[number, number]} */ ([path[2 * k], path[2 * k + 1]]);
  const color = inkOf(style, mark.color);
  const [size, ring] = style.strokes.heads[mark.weight === 'trail' ? 'trail' : 'curve'];
  const common = { type: 'scatter', mode: 'markers', showlegend: false, xaxis: nth('x', axes), yaxis: nth('y', axes) };
  if (inside(at[0], at[1], box)) {
    // plotly draws half of a rim over the symbol
    const marker = {
      symbol: head.symbol,
      size: size + ring,
      color,
      opacity: 1,
      line: { width: ring, color: style.paper },
    };
    return [{ trace: { ...common, ...back(at, box), marker, cliponaxis: false }, label: null }];
  }
  const edge = head.outside === 'arrow' ? exit(path, k, at, box) : null;
  if (!edge) return [];
  const marker = {
    ...{ symbol: 'triangle-up', size, angle: 90 + (edge.angle * 180) / Math.PI },
    ...{ color, opacity: 1, line: { width: 1, color: style.paper } },
  };
  const text = (position >= head.ended && head.ending) || head.label;
  const [x, y] = inset(edge, INWARD + 8);
  return [
    { trace: { ...common, ...back(inset(edge, 7), box), marker }, label: text ? { words: text, color, x, y } : null },
  ];
}

/**
 * A point that far inside the edge, against the direction in which the run left.
 * @param {{x: number, y: number, angle: number}} edge
 * @param {number} by
 * @returns {[number, number]}
 */
function inset(edge, by) {
  return [edge.x - by * Math.cos(edge.angle), edge.y - by * Math.sin(edge.angle)];
}

/**
 * The names of the runs that left, inside the frame and apart from each other.
 * @param {Label[]} labels
 * @param {Style} style
 * @param {Box} frame
 */
function labelled(labels, style, frame) {
  /** @type {{half: number, x: number, y: number}[]} */
  const there = [];
  return labels.map(({ words: text, color, x, y }) => {
    const half = text.length * 3.2 + 4;
    const label = {
      half,
      x: Math.min(frame.width - half, Math.max(half, x)),
      y: Math.min(frame.height - 12, Math.max(12, y)),
    };
    const down = label.y < frame.height / 2 ? 1 : -1;
    /** @type {(other: {half: number, x: number, y: number}) => boolean} */
    const hit = (other) => Math.abs(other.y - label.y) < 16 && Math.abs(other.x - label.x) < other.half + half;
    while (there.some(hit)) label.y += 17 * down;
    there.push(label);
    const at = back([label.x, label.y], frame);
    return {
      ...{ text: escaped(text), showarrow: false, xref: 'x', yref: 'y', x: at.x[0], y: at.y[0] },
      ...{ bgcolor: style.paper, opacity: 0.92, borderpad: 2, font: { size: style.strokes.words.label, color } },
    };
  });
}

/**
 * Pixels back to data.
 * @param {[number, number]} at
 * @param {Box} frame
 */
function back([x, y], frame) {
  return { x: [valueAt(frame.x, x)], y: [valueAt(frame.y, y)] };
}
