// The picture to take away: map and losses, legend and caption, composed into one figure of real traces.

import { exit, fit, inside } from '../core/geometry.js';
import { stepAt } from '../core/pace.js';
import { valueAt } from './canvas.js';
import { INWARD } from './heads.js';
import { axesLayout, escaped, nth, rangeOf, uprightTitle } from './layout.js';
import { captionLines, FONT, legendLines, legendTexts, ROW, wrap } from './legend.js';
import { isReplaced } from './marks.js';
import { bundleTraces, dotsTrace, groundTraces, groundWords, signTrace, trailTraces, upright } from './plotly.js';
import { inkOf } from './strokes.js';
import { Trail } from './trail.js';

/**
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./marks.js').AnyMark} AnyMark
 * @typedef {import('./marks.js').Panel} Panel
 * @typedef {import('./strokes.js').Style} Style
 * @typedef {{left: number, top: number, width: number, height: number}} Place
 *
 * @typedef {Object} Shot
 * @property {Scene} scene
 * @property {[[number, number], [number, number]] | null} view of the map, null for all that is wanted in view
 * @property {number} position
 * @property {string} scale of the losses
 */

const LINE = 17;

/**
 * @param {Shot} shot
 * @param {import('./snapshot.js').Wanted} wanted
 * @returns {{data: object[], layout: object}}
 */
export function picture({ scene, view, position, scale }, { width, height, theme, caption }) {
  const style = scene.styles[theme];
  /** @type {(card: Card) => Card} */
  const timely = (card) => (stepAt(card, position) >= card.settled ? card : { ...card, status: `at step ${stepAt(card, position)}` });
  const shown = scene.cards.filter((card) => !card.hidden).map(timely);
  const plan = arrange(scene.caption, width, height, caption, shown.length);
  const [map, losses] = scene.panels;
  const marks = [map, losses].flatMap((panel, axes) => panel.marks.map((mark) => ({ ...mark, axes }))).filter(
    ({ racer }) => !racer || shown.some(({ id }) => id === racer),
  );
  const [{ y }] = losses.axes;
  const pair = { ...losses.axes[0], y: [y, ...y.alternatives].find((axis) => axis.scale === scale) ?? y };
  const axes = [placed(map.axes[0], plan.map, width, height), placed(pair, plan.curve, width, height)];
  const limits = /** @type {[[number, number], [number, number]]} */ ([axes[0].x.limits, axes[0].y.limits].map((ends) => ends ?? [-Infinity, Infinity]));
  const ranges = fit(view ?? [rangeOf(axes[0].x), rangeOf(axes[0].y)], plan.map, limits);
  const frames = [frameIn(plan.map, ranges, false), frameIn(plan.curve, [rangeOf(pair.x), rangeOf(pair.y)], pair.y.scale === 'log')];
  const trails = marks.flatMap((mark) => {
    if (mark.type !== 'line' || mark.layer === 'ground' || isReplaced(mark)) return [];
    const trail = new Trail(mark, style);
    trail.measure(frames[mark.axes]);
    return [trail];
  });
  const standing = trails.flatMap((trail) => heads(trail, style, position));
  const naming = { unit: '', stem: (/** @type {AnyMark} */ { racer, axes: k }) => `${racer}-${k}` };
  const { annotations, shapes } = groundWords(marks, style, FONT);
  const laid = axesLayout(axes, style, FONT, ranges);
  laid.yaxis.scaleanchor = undefined;
  const scaleBars = { x: axes[0].place[2], y: axes[0].place[1] };
  return {
    data: [
      ...groundTraces(marks, style, FONT).map((trace) => (trace.colorbar ? { ...trace, colorbar: { ...trace.colorbar, ...scaleBars } } : trace)),
      ...marks.flatMap((mark) => under(mark, style, position)),
      ...trailTraces(trails, style, position, naming, false).map(marked),
      ...marks.flatMap((mark) => (mark.type === 'sign' && mark.handle ? [signTrace(mark, style)] : [])),
      ...standing.map(({ trace }) => trace),
    ],
    layout: {
      ...{ width, height, autosize: false, showlegend: false, hovermode: false },
      ...{ margin: { l: 0, r: 0, t: 0, b: 0, pad: 0 }, paper_bgcolor: style.paper, plot_bgcolor: 'rgba(0, 0, 0, 0)' },
      ...{ ...laid, font: { family: FONT, size: 12, color: style.ink } },
      shapes: [
        ...shapes,
        ...marks.flatMap((mark) => (mark.type === 'rule' && mark.clock ? [upright(mark, position, style, FONT)] : [])),
        ...legendLines(plan, shown, style, width, height),
      ],
      annotations: [
        uprightTitle(pair, 1, style, FONT, plan.curve.width),
        ...annotations,
        ...labelled(standing.flatMap(({ label }) => (label ? [label] : [])), style, frames[0]),
        ...legendTexts(plan, shown, style, width, height),
        ...captionLines(plan, style, width, height),
      ],
    },
  };
}

/**
 * Boxes of the parts, in pixels. The legend stands at the right, in a square picture between the panels.
 * @param {string} words
 * @param {number} width
 * @param {number} height
 * @param {boolean} caption
 * @param {number} count
 */
function arrange(words, width, height, caption, count) {
  const edge = 24;
  const square = width / height < 1.2;
  const lines = caption ? wrap(words, width - 2 * edge - 8, `12px ${FONT}`) : [];
  const foot = lines.length ? lines.length * LINE + 14 : 0;
  const columns = square ? 3 : 1;
  const legend = square ? Math.ceil(count / columns) * ROW + 12 : 0;
  const aside = square ? 0 : Math.min(300, Math.round(width * 0.22));
  const left = 66;
  const wide = width - left - edge - aside - (square ? 0 : 20);
  const room = height - edge - foot - 16;
  const small = Math.round((room - legend) * 0.24);
  const map = { left, top: edge, width: wide, height: room - legend - small - 72 };
  const curve = { left, top: map.top + map.height + 34 + legend, width: wide, height: small };
  const box = square
    ? { left, top: map.top + map.height + 38, width: wide / columns, columns }
    : { left: left + wide + 24, top: edge, width: aside, columns };
  return { map, curve, legend: box, lines, foot, edge };
}

/**
 * @param {import('./marks.js').Axes} axes
 * @param {Place} box
 * @param {number} width
 * @param {number} height
 * @returns {import('./marks.js').Axes}
 */
function placed(axes, { left, top, width: wide, height: tall }, width, height) {
  return { ...axes, place: [left / width, 1 - (top + tall) / height, (left + wide) / width, 1 - top / height] };
}

/**
 * @param {Place} place
 * @param {[[number, number], [number, number]]} ranges
 * @param {boolean} log
 * @returns {Box}
 */
function frameIn({ width, height }, [[x0, x1], [y0, y1]], log) {
  const [across, upward] = [width / (x1 - x0), -height / (y1 - y0)];
  return {
    ...{ left: 0, top: 0, width, height },
    x: { slope: across, offset: -across * x0, log: false },
    y: { slope: upward, offset: -upward * y1, log },
  };
}

/**
 * @param {AnyMark} mark
 * @param {Style} style
 * @param {number} position
 */
function under(mark, style, position) {
  if (mark.layer === 'ground') return [];
  return mark.type === 'dots' ? [dotsTrace(mark, style, [], position)] : bundleTraces(mark, style, position);
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
 * @returns {{trace: any, label: {words: string, color: string, x: number, y: number} | null}[]}
 */
function heads(trail, style, position) {
  const { mark, path, box } = trail;
  const { head, axes } = mark;
  const k = trail.index(position);
  if (!head || k < 0) return [];
  const at = /** @type {[number, number]} */ ([path[2 * k], path[2 * k + 1]]);
  const color = inkOf(style, mark.color);
  const [size, ring] = style.strokes.heads[mark.weight === 'trail' ? 'trail' : 'curve'];
  const common = { type: 'scatter', mode: 'markers', showlegend: false, xaxis: nth('x', axes), yaxis: nth('y', axes) };
  if (inside(at[0], at[1], box)) {
    const marker = { symbol: head.symbol, size: size + 1, color, opacity: 1, line: { width: ring, color: style.paper } };
    return [{ trace: { ...common, ...back(at, box), marker, cliponaxis: axes === 0 }, label: null }];
  }
  const edge = head.outside === 'arrow' ? exit(path, k, at, box) : null;
  if (!edge) return [];
  const marker = {
    ...{ symbol: 'triangle-up', size: size, angle: 90 + (edge.angle * 180) / Math.PI },
    ...{ color, opacity: 1, line: { width: 1, color: style.paper } },
  };
  const words = (position >= head.ended && head.ending) || head.label;
  const [x, y] = inset(edge, INWARD + 8);
  return [{ trace: { ...common, ...back(inset(edge, 7), box), marker }, label: words ? { words, color, x, y } : null }];
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
 * @param {{words: string, color: string, x: number, y: number}[]} labels
 * @param {Style} style
 * @param {Box} frame
 */
function labelled(labels, style, frame) {
  /** @type {{half: number, x: number, y: number}[]} */
  const there = [];
  return labels.map(({ words, color, x, y }) => {
    const half = words.length * 3.2 + 4;
    const label = { half, x: Math.min(frame.width - half, Math.max(half, x)), y: Math.min(frame.height - 12, Math.max(12, y)) };
    const down = label.y < frame.height / 2 ? 1 : -1;
    /** @type {(other: {half: number, x: number, y: number}) => boolean} */
    const hit = (other) => Math.abs(other.y - label.y) < 16 && Math.abs(other.x - label.x) < other.half + half;
    while (there.some(hit)) label.y += 17 * down;
    there.push(label);
    const at = back([label.x, label.y], frame);
    return {
      ...{ text: escaped(words), showarrow: false, xref: 'x', yref: 'y', x: at.x[0], y: at.y[0] },
      ...{ bgcolor: style.paper, opacity: 0.92, borderpad: 2, font: { size: 11, color } },
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
