// The plotly painter, which converts marks to traces: the still ones, and invisible ones with labels under the pointer.

import { short } from '../core/digits.js';
import { blend, fade } from '../core/theme.js';
import { escaped, nth } from './layout.js';
import { indexAt, isReplaced, momentAt, rowAt } from './marks.js';
import { inkOf, opacityOf, pallor, plotlyDash } from './strokes.js';
import { plotlySymbol } from './symbols.js';

/**
 * @typedef {import('./marks.js').AnyMark} AnyMark
 * @typedef {import('./marks.js').Line} Line
 * @typedef {import('./strokes.js').Style} Style
 * @typedef {import('./trail.js').Trail} Trail
 * @typedef {any} Trace
 * @typedef {{from: number, to: number, strength: number}} Stretch a range of points with their opacity
 */

/** The attributes of every trace. */
const COMMON = { type: 'scatter', showlegend: false, hoverinfo: 'skip' };

/** The largest number of labelled points of a line; more would be too close to each other to point at. */
const MOST = 2000;

/** @param {number} count */
function upTo(count) {
  return Array.from({ length: count }, (_, k) => k);
}

/**
 * The axes of a trace.
 * @param {number} k the index of the pair of axes
 */
function on(k) {
  return { xaxis: nth('x', k), yaxis: nth('y', k) };
}

/**
 * The traces of the marks of the layer "ground", except the field, which is a canvas below the plot.
 * @param {AnyMark[]} marks
 * @param {Style} style
 * @returns {Trace[]}
 */
export function groundTraces(marks, style) {
  return marks.filter(({ layer }) => layer === 'ground').flatMap((mark) => groundOf(mark, style));
}

/**
 * @param {AnyMark} mark
 * @param {Style} style
 * @returns {Trace[]}
 */
function groundOf(mark, style) {
  switch (mark.type) {
    case 'sign':
      return [signTrace(mark, style)];
    case 'line':
      return [lineTrace(mark, style, mark.y.length, mark.name)];
    case 'dots':
      return dotsTraces(mark, style, [], Infinity);
  }
  return [];
}

/**
 * @param {import('./marks.js').Sign} mark
 * @param {Style} style
 * @returns {Trace}
 */
function signTrace(mark, style) {
  const [size, width] = style.strokes.signs[mark.symbol];
  const name = escaped(mark.name);
  return {
    ...{ ...COMMON, ...on(mark.axes), mode: 'markers', x: mark.x, y: mark.y, name },
    marker: { symbol: plotlySymbol(mark.symbol), size, color: style.ink, line: { width, color: style.ink } },
    ...labelled(
      Array.from(mark.x, (x, k) => `x ${short(x, 4)}, y ${short(mark.y[k], 4)}`),
      '%{fullData.name}<br>%{customdata}',
    ),
  };
}

/**
 * @param {string[]} texts
 * @param {string} template
 */
function labelled(texts, template) {
  return { hoverinfo: 'all', customdata: texts, hovertemplate: `${template}<extra></extra>` };
}

/**
 * The trace of the first points of a line.
 * @param {Line} mark
 * @param {Style} style
 * @param {number} count
 * @param {string} [label]
 * @returns {Trace}
 */
function lineTrace(mark, style, count, label) {
  return {
    ...{
      ...COMMON,
      ...on(mark.axes),
      mode: 'lines',
      x: part(mark.x, count),
      y: part(mark.y, count),
      connectgaps: false,
    },
    line: {
      width: style.strokes.weights[mark.weight],
      color: inkOf(style, mark.color),
      dash: plotlyDash(style, mark.dash),
    },
    ...(label ? { name: escaped(label), hoverinfo: 'all', hovertemplate: '%{fullData.name}<extra></extra>' } : {}),
  };
}

/**
 * The first numbers of an array in a form that plotly accepts, limited to values that its arithmetic can handle.
 * @param {ArrayLike<number>} values
 * @param {number} count
 */
function part(values, count) {
  return Array.from({ length: count }, (_, k) => within(values[k]));
}

/** @param {number} value */
function within(value) {
  if (Number.isNaN(value)) return null;
  return Math.min(1e12, Math.max(-1e12, value));
}

/**
 * The invisible traces that provide the labels of lines up to the clock, which are drawn on a canvas.
 * @param {Trail[]} trails
 * @param {Style} style
 * @param {number} position
 * @param {Naming} naming
 * @returns {Trace[]}
 */
export function hoverLines(trails, style, position, naming) {
  const uids = new Map();
  return trails.flatMap((trail) => {
    if (!trail.mark.hover.length) return [];
    const stem = naming.stem(trail.mark);
    const nthOf = uids.get(stem) ?? 0;
    uids.set(stem, nthOf + 1);
    return [lineOf(trail, style, position, nthOf ? `${stem}-${nthOf}` : stem, naming)];
  });
}

/**
 * @typedef {Object} Naming
 * @property {(mark: AnyMark) => string} stem the prefix of the ids of a mark's traces
 * @property {(time: number) => string} at a time of the clock in words
 */

/**
 * The heights of some points of a line, limited because far above the frame, plotly's arithmetic results in NaN.
 * @param {Trail} trail
 * @param {number[]} points their indices
 */
function heights({ mark, box }, points) {
  const { slope, offset, log } = box.y;
  const top = -offset / slope;
  const highest = log ? 10 ** Math.min(300, top + 30) : 1e12;
  return points.map((k) => {
    const value = mark.y[k];
    if (Number.isNaN(value) || (log && value <= 0)) return null;
    return Math.min(highest, log ? value : Math.max(-1e12, value));
  });
}

/**
 * @param {Trail} trail
 * @param {Style} style
 * @param {number} position
 * @param {string} uid
 * @param {Naming} naming
 * @returns {Trace}
 */
function lineOf(trail, style, position, uid, naming) {
  const { mark } = trail;
  const count = trail.index(position) + 1;
  const stride = Math.max(1, Math.ceil(count / MOST));
  const points = Array.from({ length: Math.ceil(count / stride) }, (_, k) => Math.min(count - 1, k * stride));
  if (stride > 1) points[points.length - 1] = count - 1;
  const alone = trail.alone >= 0 && trail.alone < count;
  return {
    ...{ ...COMMON, ...on(mark.axes), mode: alone ? 'markers' : 'lines', connectgaps: false },
    ...{ uid: `${uid}-line`, name: escaped(mark.name), meta: mark.racer },
    ...{ x: points.map((k) => within(mark.x[k])), y: heights(trail, points) },
    marker: { color: inkOf(style, mark.color), size: style.strokes.dots.large[0], line: { width: 0 } },
    line: { width: style.strokes.weights[mark.weight], color: inkOf(style, mark.color), simplify: false },
    ...hoverOf(mark, points, naming.at),
  };
}

/**
 * The labels under the pointer: the name, the time, and a row for each of the numbers.
 * @param {Line | import('./marks.js').Dots} mark
 * @param {number[]} points the indices of the points that have one
 * @param {Naming['at']} at
 */
function hoverOf({ hover, time, name }, points, at) {
  if (!hover.length) return {};
  const texts = points.map((k) => {
    const rows = hover.map(([word, values]) => `${word} ${short(values[k], 4)}`.trim());
    return `${time ? `${name ? ', ' : ''}${at(time[k])}<br>` : '<br>'}${rows.join('<br>')}`;
  });
  return labelled(texts, name ? '<b>%{fullData.name}</b>%{customdata}' : '%{customdata}');
}

/**
 * The traces of dots at a position of the clock: those before it, and pale those after it.
 * @param {import('./marks.js').Dots} mark
 * @param {Style} style
 * @param {import('./marks.js').ColorScale} scale
 * @param {number} position
 * @returns {Trace[]}
 */
function dotsTraces(mark, style, scale, position) {
  const { time } = mark;
  const moment = time && isReplaced(mark) ? momentAt(time, position) : 0;
  const [x, y] = [rowAt(mark.x, moment), rowAt(mark.y, moment)];
  const all = Math.min(x.length, y.length);
  const seen = time && !isReplaced(mark) ? indexAt(time, position) + 1 : all;
  const strong = dotsOf(mark, x, y, style, scale, { from: 0, to: seen, strength: 1 });
  if (mark.future !== 'pale' || seen === all) return [strong];
  return [strong, dotsOf(mark, x, y, style, scale, { from: seen, to: all, strength: pallor(style) })];
}

/**
 * @param {import('./marks.js').Dots} mark
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {Style} style
 * @param {import('./marks.js').ColorScale} scale
 * @param {Stretch} stretch
 * @returns {Trace}
 */
function dotsOf(mark, x, y, style, scale, { from, to, strength }) {
  const { shares, colors, palette } = mark;
  const [size, rim] = style.strokes.dots[mark.size];
  /** @type {(color: (k: number) => string) => string[]} */
  const each = (color) => Array.from({ length: to - from }, (_, k) => color(from + k));
  const color = shares
    ? each((k) => blend(scale, shares[k]))
    : colors
      ? each((k) => inkOf(style, palette[colors[k] % palette.length]))
      : inkOf(style, mark.color);
  return {
    ...{ ...COMMON, ...on(mark.axes), mode: 'markers', cliponaxis: true, name: escaped(mark.name), meta: mark.racer },
    ...{ x: part(x, to).slice(from), y: part(y, to).slice(from) },
    marker: {
      ...{
        symbol: plotlySymbol(mark.symbol),
        size,
        color,
        opacity: strength * (mark.faint ? opacityOf(style, 'faint') : 1),
      },
      line: { width: mark.edge ? rim : 0, color: mark.edge ? inkOf(style, mark.edge) : undefined },
    },
    ...(strength === 1 ? hoverOf(mark, upTo(to), (time) => short(time)) : {}),
  };
}

/**
 * The invisible trace that provides the labels of dots, which are drawn on a canvas.
 * @param {import('./marks.js').Dots} mark
 * @param {Style} style
 * @param {number} position
 * @param {Naming} naming
 * @returns {Trace}
 */
export function hoverDots(mark, style, position, naming) {
  const [trace] = dotsTraces(
    mark,
    style,
    [
      [0, style.ink],
      [1, style.ink],
    ],
    position,
  );
  const many = hoverOf(mark, upTo(trace.x.length), naming.at);
  return {
    ...trace,
    ...many,
    uid: `${naming.stem(mark)}-points`,
    marker: { ...trace.marker, opacity: 0, color: inkOf(style, mark.color) },
  };
}

/**
 * The texts of the ground that belong to the axes, and its vertical lines, as annotations and shapes of a layout.
 * @param {AnyMark[]} marks
 * @param {Style} style
 * @param {string} font
 */
export function groundWords(marks, style, font) {
  /** @type {any[]} */
  const annotations = [];
  /** @type {any[]} */
  const shapes = [];
  for (const mark of marks) {
    if (mark.type === 'text' && mark.layer === 'ground' && mark.within) {
      annotations.push(annotation(mark, 0, style, font));
    }
    if (mark.type === 'rule' && mark.layer === 'ground' && !mark.clock) shapes.push(upright(mark, mark.x, style, font));
  }
  return { annotations, shapes };
}

/**
 * @param {import('./marks.js').Text} mark
 * @param {number} moment
 * @param {Style} style
 * @param {string} font
 */
function annotation(mark, moment, style, font) {
  const { side, within: share, axes, words } = mark;
  const text = escaped(words[moment] ?? '');
  const emphasised = mark.bold ? `<b>${text}</b>` : text;
  const { gap, label } = style.strokes.words;
  const [right, up] = [
    side.includes('right') ? 1 : side.includes('left') ? -1 : 0,
    side.includes('top') ? 1 : side.includes('bottom') ? -1 : 0,
  ];
  /** @type {(values: any) => number} */
  const at = (values) => (typeof values === 'number' ? values : values[moment]);
  return {
    ...{ showarrow: false, text: mark.italic ? `<i>${emphasised}</i>` : emphasised, borderpad: 0 },
    ...{
      xref: share ? `${nth('x', axes)} domain` : nth('x', axes),
      yref: share ? `${nth('y', axes)} domain` : nth('y', axes),
    },
    ...{ x: at(mark.x), y: at(mark.y), xshift: gap * right, yshift: gap * up },
    xanchor: right > 0 ? 'left' : right < 0 ? 'right' : 'center',
    yanchor: up > 0 ? 'bottom' : up < 0 ? 'top' : 'middle',
    ...(mark.backing ? { bgcolor: fade(style.paper, opacityOf(style, 'backing')) } : {}),
    font: { family: font, size: label, color: inkOf(style, mark.color) },
  };
}

/**
 * @param {import('./marks.js').Rule} mark
 * @param {number} x
 * @param {Style} style
 * @param {string} font
 */
function upright({ axes, dash, color, label }, x, style, font) {
  const ink = inkOf(style, color);
  const words = { text: ` ${escaped(label)}`, textposition: 'end', textangle: 0, xanchor: 'left', yanchor: 'top' };
  return {
    ...{
      type: 'line',
      xref: nth('x', axes),
      yref: `${nth('y', axes)} domain`,
      x0: x,
      x1: x,
      y0: 0,
      y1: 1,
      layer: 'above',
    },
    line: { width: style.strokes.weights.hair, dash: plotlyDash(style, dash), color: ink },
    ...(label ? { label: { ...words, font: { family: font, size: style.strokes.words.small, color: ink } } } : {}),
  };
}
