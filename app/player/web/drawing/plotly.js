// The plotly painter: marks as traces of plotly's, for what stands still, and for hovering at rest.

import { short } from '../core/digits.js';
import { blend, fade } from '../core/theme.js';
import { emphasis } from './emphasis.js';
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
 * @typedef {{from: number, to: number, strength: number}} Stretch some points, and how strong they are drawn
 */

/** What every trace has. */
const COMMON = { type: 'scatter', showlegend: false, hoverinfo: 'skip' };

/**
 * @param {number} k the pair of axes
 */
function on(k) {
  return { xaxis: nth('x', k), yaxis: nth('y', k) };
}

/**
 * The traces of the marks that do not move.
 * @param {AnyMark[]} marks
 * @param {Style} style
 * @param {string} font
 * @returns {Trace[]}
 */
export function groundTraces(marks, style, font) {
  return marks.filter(({ layer }) => layer === 'ground').flatMap((mark) => groundOf(mark, style, font));
}

/**
 * @param {AnyMark} mark
 * @param {Style} style
 * @param {string} font
 * @returns {Trace[]}
 */
function groundOf(mark, style, font) {
  switch (mark.type) {
    case 'field':
      return fieldTraces(mark, style, font);
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
 * @param {import('./marks.js').Field} field
 * @param {Style} style
 * @param {string} font
 * @returns {Trace[]}
 */
function fieldTraces(field, style, font) {
  const { low, high, step } = field;
  const contour = {
    ...{ type: 'contour', hoverinfo: 'skip', showlegend: false, ...on(field.axes) },
    ...{ x: field.x, y: field.y, z: field.z, zmin: low, zmax: high, colorscale: field.colors[style.theme] },
    contours: { start: low, end: high, size: step },
    line: { width: style.strokes.contours.line, color: style.contour_line },
    showscale: field.ticks.length > 0,
    colorbar: scaleBar(field, style, font),
  };
  if (!field.zero) return [contour];
  const zero = {
    ...{ ...contour, showscale: false, colorbar: undefined },
    contours: { start: 0, end: 0, size: 1, coloring: 'none' },
    line: { width: style.strokes.contours.zero, color: style.muted },
  };
  return [contour, zero];
}

/**
 * A thin bar that says which colour is which height, and how the contours are spaced.
 * @param {import('./marks.js').Field} field
 * @param {Style} style
 * @param {string} font
 */
function scaleBar({ ticks, title, corner }, style, font) {
  const text = { family: font, size: style.strokes.words.small, color: style.muted };
  const [side, end] = [corner.includes('left') ? 'left' : 'right', corner.includes('top') ? 'top' : 'bottom'];
  return {
    ...{ orientation: 'h', lenmode: 'pixels', len: 200, thicknessmode: 'pixels', thickness: 6 },
    ...{ x: side === 'left' ? 0 : 1, xanchor: side, xpad: 14, y: end === 'top' ? 1 : 0, yanchor: end, ypad: 4 },
    ...{ outlinewidth: 0.5, outlinecolor: style.muted, ticks: '', bgcolor: fade(style.paper, 0.6) },
    ...{ tickvals: ticks.map(([height]) => height), ticktext: ticks.map(([, words]) => words) },
    tickfont: text,
    title: { text: title, side: 'top', font: text },
  };
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
 * A line that stands still, or its beginning.
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
 * The first numbers of a row, as plotly takes them: neither infinite nor further out than its own arithmetic reaches.
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
 * The trails up to the clock: of each its casing, its line, and the dots of its steps. A marker is an element of its own,
 * and thousands of them take a second to draw: the dots are one line of points with round caps.
 * @param {Trail[]} trails
 * @param {Style} style
 * @param {number} position
 * @param {Naming} naming
 * @param {boolean} untold what is to come may not be shown
 * @returns {Trace[]}
 */
export function trailTraces(trails, style, position, naming, untold) {
  const uids = new Map();
  const pale = [];
  const strong = [];
  for (const trail of trails) {
    const { mark } = trail;
    const stem = naming.stem(mark);
    const nthOf = uids.get(stem) ?? 0;
    uids.set(stem, nthOf + 1);
    const uid = nthOf ? `${stem}-${nthOf}` : stem;
    if (mark.time && mark.future === 'pale' && !untold) pale.push(paleTrace(trail, style, uid));
    strong.push(...trailOf(trail, style, position, uid, naming));
  }
  return [...pale, ...strong];
}

/**
 * @typedef {Object} Naming
 * @property {(mark: AnyMark) => string} stem the beginning of the ids of a mark's traces
 * @property {string} unit what the clock counts
 */

/**
 * @param {Trail} trail
 * @param {Style} style
 * @param {string} uid
 * @returns {Trace}
 */
function paleTrace(trail, style, uid) {
  const { mark, last } = trail;
  const width = Math.min(style.strokes.weights[mark.weight], style.strokes.pale.width);
  return {
    ...{ ...COMMON, ...on(mark.axes), uid: `${uid}-pale`, mode: 'lines', connectgaps: false },
    ...{ x: part(mark.x, last + 1), y: heights(trail, last + 1) },
    line: { width, color: fade(inkOf(style, mark.color), pallor(style)), dash: plotlyDash(style, mark.dash) },
  };
}

/**
 * The heights of a line: far above the frame a curve is a vertical line, and plotly's own arithmetic ends in NaN there.
 * @param {Trail} trail
 * @param {number} count
 */
function heights({ mark, box }, count) {
  const { slope, offset, log } = box.y;
  const top = -offset / slope;
  const highest = log ? 10 ** Math.min(300, top + 30) : 1e12;
  return Array.from({ length: count }, (_, k) => {
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
 * @returns {Trace[]}
 */
function trailOf(trail, style, position, uid, naming) {
  const { mark } = trail;
  const count = trail.index(position) + 1;
  const color = inkOf(style, mark.color);
  const dash = plotlyDash(style, mark.dash);
  // plotly leaves out points by how far they are off a line, and by its width: a run that leaps across the frame from far
  // outside would be drawn elsewhere, and its casing elsewhere again
  const simplify = dash === 'solid' && mark.head?.outside !== 'arrow';
  const alone = trail.alone >= 0 && trail.alone < count;
  const common = {
    ...{ ...COMMON, ...on(mark.axes), mode: alone ? 'markers' : 'lines', connectgaps: false },
    ...{ x: part(mark.x, count), y: heights(trail, count) },
    marker: { color, size: style.strokes.dots.large[0], line: { width: 0 } },
  };
  const casing = {
    ...{ ...common, uid: `${uid}-casing`, mode: 'lines' },
    line: { width: style.strokes.casing, color: style.paper, dash, simplify },
  };
  const line = {
    ...{ ...common, uid: `${uid}-line`, name: escaped(mark.name), meta: mark.racer },
    line: { width: style.strokes.weights[mark.weight], color, dash, simplify },
    ...hoverOf(mark, count, naming.unit),
  };
  return [...(mark.casing ? [casing] : []), line, ...(mark.dots ? [stepDots(trail, style, count, color, uid)] : [])];
}

/**
 * @param {Trail} trail
 * @param {Style} style
 * @param {number} count
 * @param {string} color
 * @param {string} uid
 * @returns {Trace}
 */
function stepDots(trail, style, count, color, uid) {
  const { mark, box } = trail;
  const apart = Array.from({ length: count }, (_, k) => k).filter((k) => k > 0 && trail.sparse(k));
  const tiny = 0.01 / box.x.slope;
  return {
    ...{ ...COMMON, ...on(mark.axes), uid: `${uid}-dots`, mode: 'lines', connectgaps: false },
    x: apart.flatMap((k) => [mark.x[k], mark.x[k] + tiny, null]),
    y: apart.flatMap((k) => [mark.y[k], mark.y[k], null]),
    line: { width: style.strokes.step.size, color, simplify: false },
  };
}

/**
 * The label under the pointer: a name, the time, and a row for each of the numbers there.
 * @param {Line | import('./marks.js').Dots} mark
 * @param {number} count
 * @param {string} unit
 */
function hoverOf({ hover, time, name }, count, unit) {
  if (!hover.length) return {};
  const texts = Array.from({ length: count }, (_, k) => {
    const rows = hover.map(([word, values]) => `${word} ${short(values[k], 4)}`.trim());
    return `${time ? `${name ? ', ' : ''}${unit} ${short(time[k])}<br>` : '<br>'}${rows.join('<br>')}`;
  });
  return labelled(texts, name ? '<b>%{fullData.name}</b>%{customdata}' : '%{customdata}');
}

/**
 * Dots at a position of the clock: those that have been, and pale those that are to come.
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
    ...(strength === 1 ? hoverOf(mark, to, '') : {}),
  };
}

/**
 * Dots that can be pointed at, unseen: what is seen is on a canvas.
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
  const many = hoverOf(mark, trace.x.length, naming.unit);
  return {
    ...trace,
    ...many,
    uid: `${naming.stem(mark)}-points`,
    marker: { ...trace.marker, opacity: 0, color: inkOf(style, mark.color) },
  };
}

/**
 * The words and upright lines of the ground, as annotations and shapes of a layout.
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
    if (mark.type === 'text' && mark.layer === 'ground') annotations.push(annotation(mark, 0, style, font));
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

/**
 * Dims the traces of all racers but one, without drawing anything anew.
 * @param {HTMLElement} plot
 * @param {Style} style
 * @param {{id: string}[]} cards
 * @param {string | null} lit
 */
export function dim(plot, style, cards, lit) {
  cards.forEach(({ id }, k) => {
    const strength = emphasis(style, lit, id);
    const opacity = strength === 1 ? '' : String(strength);
    /** @type {NodeListOf<SVGElement>} */
    const traces = plot.querySelectorAll(`.trace[class*="traceracer-${k}-"]`);
    for (const trace of traces) trace.style.opacity = opacity;
  });
}
