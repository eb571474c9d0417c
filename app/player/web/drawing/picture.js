// The picture to take away: map, curve, legend and caption composed into one figure of real traces.

import { SPOT } from './curve.js';
import { curveLayout, curveTitle, lossTraces, mapLayout, mapTraces, startTrace, trailTraces } from './figures.js';
import { exit, fit, inside, project } from '../core/geometry.js';
import { departure, HEAD } from './heads.js';
import { captionLines, escape, FONT, legendLines, legendTexts, ROW, wrap } from './legend.js';
import { DOT } from './overlay.js';
import { stepAt } from '../core/pace.js';
import { aroundTraces, curveOf, strandTraces } from './strands.js';

/**
 * @typedef {Object} Shot
 * @property {import('../core/envelope.js').Scene} scene
 * @property {[[number, number], [number, number]]} view
 * @property {[[number, number], [number, number]]} limits
 * @property {number} step
 * @property {'log' | 'linear'} scale
 * @property {boolean} dark
 */

const LINE = 17;

/**
 * @param {Shot & {width: number, height: number, theme: 'light' | 'dark', caption: boolean}} shot
 * @returns {{data: object[], layout: object}}
 */
export function picture(shot) {
  const { scene, step, scale, width, height, theme } = shot;
  const style = scene.styles[theme];
  const told = (card) => (stepAt(card, step) >= card.settled ? card : { ...card, status: `at step ${stepAt(card, step)}` });
  const shown = scene.cards.filter((card) => !card.hidden).map(told);
  const plan = arrange(shot, shown);
  const frame = frameIn(plan.map, fit(shot.view, plan.map, shot.limits));
  const mapped = mapLayout(scene, style, FONT, frame.ranges);
  const curved = curveLayout(scene, style, FONT, scale);
  const share = (low, high, size) => [Math.max(0, low / size), Math.min(1, high / size)];
  const across = ({ left, width: wide }) => share(left, left + wide, width);
  const upward = ({ top, height: tall }) => share(height - top - tall, height - top, height);
  return {
    data: [
      ...mapTraces(scene, style, FONT, [across(plan.map)[1], upward(plan.map)[0]]).map(vector),
      ...strandTraces(scene, step),
      ...trailTraces(scene, style, step, frame).map(marked),
      ...startAndHeads(scene, style, step, frame),
      ...second(aroundTraces(scene)),
      ...second(lossTraces(scene, style, step, scale)),
      ...second(spots(scene, style, step)),
    ],
    layout: {
      ...{ width, height, autosize: false, showlegend: false, hovermode: false },
      ...{
        margin: { l: 0, r: 0, t: 0, b: 0, pad: 0 },
        paper_bgcolor: style.paper,
        plot_bgcolor: 'rgba(0, 0, 0, 0)',
      },
      font: { family: FONT, size: 12, color: style.ink },
      xaxis: { ...mapped.xaxis, domain: across(plan.map), anchor: 'y' },
      yaxis: { ...mapped.yaxis, domain: upward(plan.map), anchor: 'x', scaleanchor: undefined },
      xaxis2: { ...curved.xaxis, domain: across(plan.curve), anchor: 'y2' },
      yaxis2: { ...curved.yaxis, domain: upward(plan.curve), anchor: 'x2' },
      shapes: [playhead(step, style), ...legendLines(plan, shown, width, height)],
      annotations: [
        { ...curveTitle(scene, style, FONT, scale), x: across(plan.curve)[1], y: upward(plan.curve)[1] },
        ...exitLabels(scene, style, step, frame),
        ...legendTexts(plan, shown, style, width, height),
        ...captionLines(plan, style, width, height),
      ],
    },
  };
}

/** Boxes of the parts, in pixels. The legend stands at the right, in a square picture between the panels. */
function arrange({ scene, width, height, caption }, shown) {
  const edge = 24;
  const square = width / height < 1.2;
  const lines = caption ? wrap(scene.caption, width - 2 * edge - 8, `12px ${FONT}`) : [];
  const foot = lines.length ? lines.length * LINE + 14 : 0;
  const columns = square ? 3 : 1;
  const rows = Math.ceil(shown.length / columns);
  const legend = square ? rows * ROW + 12 : 0;
  const aside = square ? 0 : Math.min(300, Math.round(width * 0.22));
  const left = 66;
  const wide = width - left - edge - aside - (square ? 0 : 20);
  const room = height - edge - foot - 16;
  const small = Math.round((room - legend) * 0.24);
  const map = { left, top: edge, width: wide, height: room - legend - small - 72 };
  const curve = { left, top: map.top + map.height + 34 + legend, width: wide, height: small };
  const legendBox = square
    ? { left, top: map.top + map.height + 38, width: wide / columns, columns }
    : { left: left + wide + 24, top: edge, width: aside, columns };
  return { map, curve, legend: legendBox, lines, foot, edge };
}

function frameIn({ width, height }, ranges) {
  const [[x0, x1], [y0, y1]] = ranges;
  const across = width / (x1 - x0);
  const upward = -height / (y1 - y0);
  return {
    ...{ width, height, ranges },
    x: { slope: across, offset: -across * x0 },
    y: { slope: upward, offset: -upward * y1 },
  };
}

/** A heat map would be a bitmap inside an SVG; filled contours are paths. */
function vector(trace) {
  if (trace.type !== 'contour' || trace.contours?.coloring !== 'heatmap') return trace;
  return { ...trace, contours: { ...trace.contours, coloring: 'fill' } };
}

/** The dots as markers: on the page they are caps of lines, for which a picture has no style sheet. */
function marked(trace) {
  if (!trace.uid.endsWith('-dots')) return trace;
  return {
    ...trace,
    mode: 'markers',
    marker: { size: DOT, color: trace.line.color, opacity: 1, line: { width: 0 } },
  };
}

function second(traces) {
  return traces.map((trace) => ({ ...trace, xaxis: 'x2', yaxis: 'y2' }));
}

/** The start, and each head; where a head is outside, an arrow at the edge and the run's name. */
function startAndHeads(scene, style, step, frame) {
  const marks = ends(scene, step, frame).map(({ card, head, edge }) =>
    edge ? arrowMark(card, edge, frame, style) : headMark(card, head, frame, style),
  );
  return [startTrace(scene, style), ...marks].map((trace) => ({ ...trace, showlegend: false, cliponaxis: true }));
}

/** Where each shown run is: at its head, or where it left the frame. */
function ends(scene, step, frame) {
  return scene.cards.flatMap((card, k) => {
    if (card.hidden) return [];
    const last = Math.min(stepAt(card, step), card.leaves);
    const path = project(scene.positions[k], last, frame);
    const head = [path[2 * last], path[2 * last + 1]];
    if (inside(head[0], head[1], frame)) return [{ card, head }];
    const edge = exit(path, last, head, frame);
    return edge ? [{ card, edge }] : [];
  });
}

/** The names of the runs that left, kept inside the frame and apart from each other. */
function exitLabels(scene, style, step, frame) {
  const placed = [];
  for (const { card, edge } of ends(scene, step, frame)) {
    if (!edge) continue;
    const half = departure(card, stepAt(card, step)).length * 3.2 + 4;
    const [x, y] = inset(edge, 26);
    const label = { card, half, x: Math.min(frame.width - half, Math.max(half, x)), y };
    label.y = Math.min(frame.height - 12, Math.max(12, y));
    const down = label.y < frame.height / 2 ? 1 : -1;
    const hit = (one) => Math.abs(one.y - label.y) < 16 && Math.abs(one.x - label.x) < one.half + half;
    while (placed.some(hit)) label.y += 17 * down;
    placed.push(label);
  }
  return placed.map(({ card, x, y }) => {
    const at = back([[x, y]], frame);
    return {
      ...{ text: escape(departure(card, stepAt(card, step))), showarrow: false, xref: 'x', yref: 'y', x: at.x[0], y: at.y[0] },
      ...{ bgcolor: style.paper, opacity: 0.92, borderpad: 2, font: { size: 11, color: card.color } },
    };
  });
}

function headMark(card, head, frame, style) {
  return {
    ...{ type: 'scatter', mode: 'markers', ...back([head], frame) },
    marker: symbol(card, 2 * HEAD + 2, style),
  };
}

function symbol(card, size, style) {
  return { symbol: card.shape, size, color: card.color, opacity: 1, line: { width: 2, color: style.paper } };
}

/** A point that far inside the edge, against the direction in which the run left. */
function inset(edge, by) {
  return [edge.x - by * Math.cos(edge.angle), edge.y - by * Math.sin(edge.angle)];
}

function arrowMark(card, edge, frame, style) {
  return {
    ...{ type: 'scatter', mode: 'markers', ...back([inset(edge, 7)], frame) },
    marker: {
      ...{ symbol: 'triangle-up', size: 13, angle: 90 + (edge.angle * 180) / Math.PI },
      ...{ color: card.color, opacity: 1, line: { width: 1, color: style.paper } },
    },
  };
}

/** Pixels back to coordinates. */
function back(points, frame) {
  return {
    x: points.map(([x]) => (x - frame.x.offset) / frame.x.slope),
    y: points.map(([, y]) => (y - frame.y.offset) / frame.y.slope),
  };
}

function spots(scene, style, step) {
  return scene.cards.flatMap((card, k) => {
    const { values, last } = curveOf(scene, k);
    const at = Math.min(stepAt(card, step), last);
    const loss = values[at];
    if (card.hidden || !Number.isFinite(loss)) return [];
    return [
      {
        ...{ type: 'scatter', mode: 'markers', x: [at * card.pace], y: [loss], cliponaxis: false },
        marker: symbol(card, 2 * SPOT + 1, style),
      },
    ];
  });
}

function playhead(step, style) {
  return {
    ...{ type: 'line', xref: 'x2', yref: 'y2 domain', x0: step, x1: step, y0: 0, y1: 1, layer: 'above' },
    line: { width: 1, color: style.muted },
  };
}
