// Layouts of plotly for the axes of a panel, in the colours of a style.

import { percent, short } from '../core/digits.js';
import { fade } from '../core/theme.js';

/**
 * @typedef {import('./marks.js').Axis} Axis
 * @typedef {import('./marks.js').Axes} Axes
 * @typedef {import('./strokes.js').Style} Style
 * @typedef {[number, number]} Range
 */

/** The first digits of ticks between decades: the first of these choices with at least two ticks in view. */
const DIGITS = [[1, 2, 5], [1, 1.5, 2, 3, 5, 7], Array.from({ length: 90 }, (_, k) => (10 + k) / 10)];

/** The mean width of a letter of a title, and the room beside it for the numbers of the axis and for a switch. */
const LETTER = 6.2;
const ASIDE = 160;

/** The configuration of a plot without zoom and tools. */
export const STILL = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };

/**
 * The margins of a panel. They are equal at the left and the right of all panels, so that panels and the transport are
 * aligned. Above there is room for the titles of axes, and below for numbers and a title.
 * @param {import('./marks.js').Panel} panel
 * @param {number} [lines] the most lines of a title of a vertical axis
 */
export function marginsOf({ axes }, lines = 1) {
  const titled = axes.some(({ x, y }) => y.title || y.alternatives.length || x.alternatives.length);
  const below = axes.some(({ x }) => x.title) ? 36 : 26;
  const movable = axes.some(({ x }) => x.limits);
  return {
    l: 46,
    r: 18,
    t: titled ? (lines > 1 ? 17 * lines + 4 : 28) : movable ? 10 : 8,
    b: below,
    pad: 0,
    autoexpand: false,
  };
}

/**
 * Plotly's name of the k-th axis.
 * @param {string} letter
 * @param {number} k
 */
export function nth(letter, k) {
  return k ? `${letter}${k + 1}` : letter;
}

/**
 * The layout that all figures share, updated by `extra`.
 * @param {Style} style
 * @param {string} font
 * @param {any} extra
 */
export function baseLayout(style, font, extra) {
  return {
    paper_bgcolor: 'rgba(0, 0, 0, 0)',
    plot_bgcolor: 'rgba(0, 0, 0, 0)',
    showlegend: false,
    hovermode: 'closest',
    hoverlabel: {
      bgcolor: style.paper,
      bordercolor: style.grid,
      font: { family: font, size: style.strokes.words.text, color: style.ink },
    },
    font: { size: style.strokes.words.text, family: font, color: style.ink },
    ...extra,
  };
}

/**
 * @param {Axis} axis
 * @param {Style} style
 * @param {Range} range in the units of plotly: decades on a log axis
 * @param {any} extra
 */
function plotlyAxis(axis, style, range, extra) {
  const { log10 } = Math;
  const ticks = axis.ticks.length
    ? {
        tickmode: 'array',
        tickvals: axis.ticks,
        ticktext: axis.words.length
          ? axis.words.map(escaped)
          : axis.ticks.map((tick) => (axis.percent ? percent(tick) : short(tick / axis.unit))),
        tickangle: 0,
      }
    : axis.scale === 'log'
      ? decades([log10(axis.low), log10(axis.high)])
      : axis.whole && axis.high - axis.low < 6
        ? { dtick: 1 }
        : {};
  return {
    ...{ type: axis.scale, range, autorange: false, fixedrange: !axis.limits },
    ...{ gridcolor: style.grid, linecolor: style.grid, zeroline: false, showline: false, automargin: false },
    ...{ showgrid: axis.grid, showticklabels: axis.numbers, ticks: axis.numbers ? 'outside' : '', ticklen: 4 },
    tickcolor: style.muted,
    ...(axis.limits ? { minallowed: axis.limits[0], maxallowed: axis.limits[1] } : {}),
    ...ticks,
    ...extra,
  };
}

/**
 * The range of an axis in the units of plotly.
 * @param {Axis} axis
 * @returns {Range}
 */
export function rangeOf({ low, high, scale }) {
  return scale === 'log' ? [Math.log10(low), Math.log10(high)] : [low, high];
}

/**
 * The layout of all pairs of axes of a panel. Those that can be moved move together.
 * @param {Axes[]} axes
 * @param {Style} style
 * @param {string} font
 * @param {[Range, Range] | null} view the ranges of axes that can be moved, if they are not those of the scene
 */
export function axesLayout(axes, style, font, view) {
  /** @type {Record<string, any>} */
  const layout = {};
  const size = style.strokes.words.text;
  axes.forEach(({ x, y, place: [left, bottom, right, top], equal }, k) => {
    const title = { text: x.title, standoff: 4, font: { size, color: style.muted } };
    const [across, upward] = view ?? [rangeOf(x), rangeOf(y)];
    const together = k > 0 && (equal || x.limits);
    const small =
      axes.length > 1 && equal ? { nticks: 5, tickfont: { size: style.strokes.words.small, family: font } } : {};
    layout[`xaxis${k ? k + 1 : ''}`] = plotlyAxis(x, style, across, {
      ...{ domain: [left, right], anchor: nth('y', k), title, ...small },
      ...(together ? { matches: 'x' } : {}),
    });
    layout[`yaxis${k ? k + 1 : ''}`] = plotlyAxis(y, style, upward, {
      ...{ domain: [bottom, top], anchor: nth('x', k), ...small },
      ...(together ? { matches: 'y' } : equal ? { scaleanchor: 'x', scaleratio: 1, constrain: 'range' } : {}),
      ...(equal ? {} : { ticks: '' }),
    });
  });
  return layout;
}

/**
 * The lines of the title of a vertical axis: as few as there is room for, broken after a comma, a colon, or a preposition.
 * @param {string} title
 * @param {number} width of the panel
 */
export function titleLines(title, width) {
  /** @type {string[]} */
  const lines = [];
  for (const part of title.replace(/(,|:| above| of) /g, '$1\n').split('\n')) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${part}` : part;
    if (lines.length && longer.length * LETTER < width - ASIDE) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/**
 * The title of a vertical axis, above the axes at the right, where most curves have fallen. Several lines begin at the
 * top of the margin, which has room for them.
 * @param {Axes} axes
 * @param {number} k
 * @param {Style} style
 * @param {string} font
 * @param {number} width
 * @param {number} [above] the room above the axes, in pixels
 */
export function uprightTitle({ y }, k, style, font, width, above = 0) {
  const lines = titleLines(y.title, width);
  const place = lines.length > 1 ? { yanchor: 'top', yshift: above + 1 } : { yanchor: 'bottom', yshift: above ? 4 : 0 };
  return {
    ...{ showarrow: false, xref: `${nth('x', k)} domain`, yref: `${nth('y', k)} domain`, x: 1, y: 1 },
    ...{ xanchor: 'right', bgcolor: fade(style.paper, 0.7), borderpad: 2, align: 'right', ...place },
    text: lines.map(escaped).join('<br>'),
    font: { family: font, size: style.strokes.words.text, color: style.muted },
  };
}

/**
 * Escapes a text for plotly, which interprets tags.
 * @param {string} text
 */
export function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/**
 * About five ticks at whole decades, or ticks between them if there are few decades. In the ticks of plotly, the powers
 * would be larger than all other text.
 * @param {Range} range in decades
 */
export function decades([low, high]) {
  if (high - low < 1.6) return between(low, high);
  const stride = Math.max(1, Math.ceil((high - low) / 5));
  const first = Math.ceil(low / stride) * stride;
  const powers = Array.from({ length: Math.floor((high - first) / stride) + 1 }, (_, k) => first + k * stride);
  /** @type {(power: number) => string} */
  const text = (power) => ['1', '10'][power] ?? `10<sup>${String(power).replace('-', '−')}</sup>`;
  return { tickmode: 'array', tickvals: powers.map((power) => 10 ** power), ticktext: powers.map(text) };
}

/**
 * @param {number} low
 * @param {number} high
 */
function between(low, high) {
  const whole = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, k) => Math.floor(low) + k);
  /** @type {(digits: number[]) => number[]} */
  const among = (digits) =>
    whole
      .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
      .filter((value) => value >= 10 ** low && value <= 10 ** high);
  const values =
    DIGITS.map(among).find((found) => found.length > 1) ??
    [10 ** low, 10 ** high].map((end) => Number(end.toPrecision(3)));
  return { tickmode: 'array', tickvals: values, ticktext: values.map((value) => short(value)) };
}
