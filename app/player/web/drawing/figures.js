// The plotly figures: the handed ones in the colours of a style, and the racers as real traces.

import { height, pallor } from './heights.js';
import { PALE_WIDTH, STRONG_WIDTH } from './curve.js';
import { short } from '../core/digits.js';
import { CASING, DOT, sparse, WIDTH } from './overlay.js';
import { order } from './emphasis.js';
import { inside, plotlyDash, project } from '../core/geometry.js';
import { stepAt, unitOf } from '../core/pace.js';
import { curveOf } from './strands.js';
import { fade } from '../core/theme.js';

/** @typedef {import('../core/envelope.js').Scene} Scene */
/** @typedef {import('../core/envelope.js').Style} Style */

const WORDS = ['ink', 'muted', 'paper', 'grid', 'contour_line', 'colorscale'];
const SIZE = 12;

/** A plot that neither zooms nor offers tools. */
export const STILL = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };

/** Margins of both plots: fixed, and alike left and right, so that panels and transport line up; over the losses there
 * is room for their title. */
export const MARGINS = {
  map: { l: 46, r: 10, t: 10, b: 26, pad: 0, autoexpand: false },
  curve: { l: 46, r: 10, t: 28, b: 36, pad: 0, autoexpand: false },
};

/** Replaces the words of a style ("ink", "muted", …) by its colours, wherever they stand as values. */
export function tint(value, style) {
  if (typeof value === 'string') return WORDS.includes(value) ? style[value] : value;
  if (ArrayBuffer.isView(value) || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => tint(item, style));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tint(item, style)]));
}

/**
 * The map's own traces: contours and marks. The legend of the contours' scale stands inside the map, in the
 * corner given as a share of the figure.
 * @param {Scene} scene
 * @param {Style} style
 * @param {string} font
 * @param {[number, number]} corner right and bottom end
 */
export function mapTraces(scene, style, font, corner = [1, 0]) {
  return scene.map.data.map((trace) => {
    const one = tint(trace, style);
    one.showlegend = false;
    if (['contour', 'heatmap'].includes(one.type)) {
      one.colorscale = style.colorscale;
      one.colorbar = scaleBar(one.colorbar ?? {}, style, font, corner);
      one.showscale = Boolean(one.showscale);
      one.line = { width: 0.8, color: style.contour_line, ...one.line };
    } else {
      const thin = /thin/.test(String(one.marker?.symbol));
      one.marker = { color: style.ink, ...one.marker };
      one.marker.line = { color: thin ? style.ink : style.paper, ...one.marker.line };
      one.textfont = { size: 11, color: style.muted, ...one.textfont };
    }
    return spelled(one);
  });
}

/** A thin bar that says which colour is which loss, and how the contours are spaced. */
function scaleBar(handed, style, font, [right, bottom]) {
  const text = { family: font, size: 10, color: style.muted };
  return {
    ...{ orientation: 'h', lenmode: 'pixels', len: 200, thicknessmode: 'pixels', thickness: 6 },
    ...{ x: right, xanchor: 'right', xpad: 14, y: bottom, yanchor: 'bottom', ypad: 4 },
    ...{ outlinewidth: 0.5, outlinecolor: style.muted, ticks: '', bgcolor: fade(style.paper, 0.6) },
    ...handed,
    tickfont: text,
    title: { ...handed.title, side: 'top', font: text },
  };
}

/**
 * What the curve's height means, at the right, where curves have mostly fallen.
 * @param {Scene} scene
 * @param {Style} style
 * @param {string} font
 * @param {'log' | 'linear'} scale
 */
export function curveTitle(scene, style, font, scale) {
  return {
    ...{ text: scene.curve.titles[scale], showarrow: false, xref: 'paper', yref: 'paper', x: 1, y: 1 },
    ...{ xanchor: 'right', yanchor: 'top', bgcolor: fade(style.paper, 0.7), borderpad: 2 },
    font: { family: font, size: SIZE, color: style.muted },
  };
}

/**
 * Layout common to all our figures; `extra` wins.
 * @param {Style} style
 */
export function base(handed, style, font, extra) {
  const { xaxis, yaxis, ...rest } = tint(handed ?? {}, style);
  return {
    paper_bgcolor: 'rgba(0, 0, 0, 0)',
    plot_bgcolor: 'rgba(0, 0, 0, 0)',
    showlegend: false,
    hovermode: 'closest',
    hoverlabel: {
      bgcolor: style.paper,
      bordercolor: style.grid,
      font: { family: font, size: SIZE, color: style.ink },
    },
    ...rest,
    ...extra,
    font: { size: SIZE, ...rest.font, family: font, color: style.ink },
  };
}

export function axis(handed, style, extra) {
  return {
    ...{ gridcolor: style.grid, linecolor: style.grid, zeroline: false, showline: false },
    ...{ ticks: 'outside', ticklen: 4, tickcolor: style.muted },
    ...tint(handed ?? {}, style),
    automargin: false,
    ...extra,
  };
}

/**
 * @param {Scene} scene
 * @param {Style} style
 * @param {string} font
 * @param {[[number, number], [number, number]]} view
 */
export function mapLayout(scene, style, font, view) {
  const handed = scene.map.layout ?? {};
  return base(handed, style, font, {
    clickanywhere: true,
    hovermode: 'closest',
    dragmode: handed.dragmode ?? 'pan',
    margin: MARGINS.map,
    xaxis: axis(handed.xaxis, style, { range: view[0], showgrid: false, autorange: false }),
    yaxis: axis(handed.yaxis, style, {
      ...{ range: view[1], showgrid: false, autorange: false },
      ...{ scaleanchor: 'x', scaleratio: 1, constrain: 'range' },
    }),
  });
}

/**
 * @param {Scene} scene
 * @param {Style} style
 * @param {string} font
 * @param {'log' | 'linear'} scale
 */
export function curveLayout(scene, style, font, scale, width = Infinity) {
  const handed = scene.curve.layout ?? {};
  return base(handed, style, font, {
    margin: MARGINS.curve,
    dragmode: false,
    xaxis: axis(handed.xaxis, style, {
      ...{ range: [0, Math.max(1, scene.length)], autorange: false, fixedrange: true },
      ...(scene.length < 6 ? { dtick: 1 } : {}),
      title: { text: scene.axis === 'evaluations' ? 'gradient evaluations' : 'step', standoff: 4, font: { size: SIZE, color: style.muted } },
    }),
    yaxis: axis(handed.yaxis, style, {
      ...{ type: scale, range: scene.curve.ranges[scale], autorange: false, fixedrange: true },
      ...(scale === 'log' ? decades(scene.curve.ranges.log) : {}),
      ticks: '',
    }),
    // beside the switch of the axis, which is folded away where text is enlarged
    annotations: [{ ...narrowed(curveTitle(scene, style, font, scale), width), xshift: style.scale ? -4 : -92, yshift: MARGINS.curve.t + 1 }],
  });
}

/** A title in two lines or three, where it would not have room in one. */
function narrowed(title, width) {
  if (title.text.replace(/<[^>]*>/g, '').length * 6.2 < width - 160) return title;
  return { ...title, align: 'right', text: title.text.replace(/(,|:| above| of) /g, '$1<br>') };
}

/** Ticks at whole decades, about five of them, and between them where there are few decades; in plotly's own the
 * powers are larger than all other text. */
export function decades([low, high]) {
  if (high - low < 1.6) return between(low, high);
  const stride = Math.max(1, Math.ceil((high - low) / 5));
  const first = Math.ceil(low / stride) * stride;
  const powers = Array.from(
    { length: Math.floor((high - first) / stride) + 1 },
    (_, k) => first + k * stride,
  );
  const text = (power) => ({ 0: '1', 1: '10' })[power] ?? `10<sup>${String(power).replace('-', '−')}</sup>`;
  return { tickmode: 'array', tickvals: powers.map((power) => 10 ** power), ticktext: powers.map(text) };
}

function between(low, high) {
  const whole = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, k) => Math.floor(low) + k);
  const inside = whole
    .flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)))
    .filter((value) => value >= 10 ** low && value <= 10 ** high);
  return { tickmode: 'array', tickvals: inside, ticktext: inside.map((value) => short(value)) };
}

/**
 * A trace whose hover label has its numbers in the format of the page: plotly's own writes 4.07e-5.
 * @param {any} trace
 */
export function spelled(trace) {
  if (!trace.hovertemplate?.includes(':.4~g}')) return trace;
  const { x, y } = trace;
  const written = ['x', 'y'].map((name) => trace.hovertemplate.includes(`%{${name}:.4~g}`));
  const texts = Array.from(y, (height, i) => [written[0] ? short(x[i], 4) : '', written[1] ? short(height, 4) : '']);
  const label = trace.hovertemplate.replace('%{x:.4~g}', '%{customdata[0]}').replace('%{y:.4~g}', '%{customdata[1]}');
  return { ...trace, customdata: texts, hovertemplate: label };
}

/**
 * Every racer as three traces, casing, line and dots, from the start to `step`. A marker is an element of
 * its own, and thousands of them take a second to draw: the dots are one line of points with round caps.
 * @param {Scene} scene
 * @param {Style} style
 * @param {number} position the playhead's
 * @param {import('../core/geometry.js').Frame} frame where the dots must have room
 */
export function trailTraces(scene, style, position, frame) {
  return order(scene.cards).flatMap((k) => {
    const card = scene.cards[k];
    const dash = plotlyDash(card.dash);
    // plotly leaves out points by how far they are off a line, and by its width: a run that leaps across the frame
    // from far outside would be drawn elsewhere, and its casing elsewhere again
    const simplify = dash === 'solid' && !card.gone;
    const count = Math.min(stepAt(card, position), card.leaves) + 1;
    const xy = scene.positions[k];
    const x = Array.from({ length: count }, (_, i) => beyond(xy[2 * i]));
    const y = Array.from({ length: count }, (_, i) => beyond(xy[2 * i + 1]));
    const path = project(xy, count - 1, frame);
    const apart = x
      .map((_, i) => i)
      .filter((i) => i > 0 && sparse(path, i, style) && inside(path[2 * i], path[2 * i + 1], frame));
    const tiny = 0.01 / frame.x.slope;
    const text = x.map((_, i) => short(scene.losses[k][i], 4));
    const common = { type: 'scatter', x, y, visible: !card.hidden, showlegend: false };
    return [
      {
        ...common,
        ...{ uid: `racer-${k}-casing`, mode: 'lines', hoverinfo: 'skip' },
        line: { width: CASING, color: style.paper, dash, simplify },
      },
      spelled({
        ...common,
        ...{ uid: `racer-${k}-line`, mode: 'lines', name: card.title, text, meta: card.id },
        line: { width: WIDTH, color: card.color, dash, simplify },
        hovertemplate:
          '<b>%{fullData.name}</b>, step %{pointNumber}<br>x %{x:.4~g}, y %{y:.4~g}<br>' +
          'loss %{text}<extra></extra>',
      }),
      {
        ...{ ...common, uid: `racer-${k}-dots`, mode: 'lines', hoverinfo: 'skip', connectgaps: false },
        x: apart.flatMap((i) => [x[i], x[i] + tiny, null]),
        y: apart.flatMap((i) => [y[i], y[i], null]),
        line: { width: DOT, color: card.color, simplify: false },
      },
    ];
  });
}

/** The start where it cannot be moved. */
export function startTrace({ start: [x, y] }, style) {
  return {
    ...{ type: 'scatter', mode: 'markers+text', x: [x], y: [y], text: ['start'], textposition: 'top center' },
    ...{ textfont: { size: 11, color: style.muted }, hoverinfo: 'skip', showlegend: false },
    marker: { symbol: 'circle-open', size: 11, color: style.ink, line: { width: 2, color: style.ink } },
  };
}

/** Beyond what any plot shows, yet a number that plotly can clip. */
function beyond(value) {
  if (Number.isNaN(value)) return null;
  return Math.min(1e12, Math.max(-1e12, value));
}

/**
 * Every racer's loss as two traces: the whole pale, over it what has been.
 * @param {Scene} scene
 * @param {Style} style
 * @param {number} position the playhead's
 * @param {'log' | 'linear'} scale
 */
export function lossTraces(scene, style, position, scale) {
  const pale = [];
  const strong = [];
  for (const k of order(scene.cards)) {
    const card = scene.cards[k];
    const dash = plotlyDash(card.dash);
    // Far above the frame a curve is a vertical line, and plotly's own arithmetic ends in NaN there.
    const [, top] = scene.curve.ranges[scale];
    const highest = scale === 'log' ? 10 ** Math.min(300, top + 30) : 1e6 * Math.abs(top);
    const shown = (value) => (Number.isNaN(height(value, scale)) ? null : Math.min(value, highest));
    const { values, last } = curveOf(scene, k);
    const y = Array.from(values.subarray(0, last + 1), shown);
    const x = y.map((_, i) => i * card.pace);
    const what = values === scene.losses[k] ? 'loss' : `median loss of ${scene.bundle.count} seeds`;
    const common = {
      type: 'scatter',
      mode: 'lines',
      visible: !card.hidden,
      showlegend: false,
      connectgaps: false,
    };
    pale.push({
      ...{ ...common, x, y, uid: `racer-${k}-pale`, hoverinfo: 'skip' },
      line: { width: PALE_WIDTH, color: fade(card.color, pallor(style)), dash },
    });
    const count = Math.min(stepAt(card, position), last) + 1;
    const seen = {
      ...{ ...common, x: x.slice(0, count), y: y.slice(0, count), uid: `racer-${k}-line` },
      ...{ name: card.title, meta: card.id },
      line: { width: STRONG_WIDTH, color: card.color, dash },
      hovertemplate: `<b>%{fullData.name}</b>, ${unitOf(scene)} %{x}<br>${what} %{y:.4~g}<extra></extra>`,
    };
    strong.push(spelled(seen));
  }
  return [...pale, ...strong];
}
