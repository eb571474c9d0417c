// Why this step? The equations of one racer, and below each line its numbers for the step at the playhead.

import { partColors, reached } from '../drawing/arrows.js';
import { inkOf } from '../drawing/strokes.js';
import { short } from '../core/digits.js';
import { h, iconButton, mark, say } from '../core/dom.js';
import { inkVariable } from '../core/theme.js';

/**
 * @typedef {[number, number]} Point
 *
 * @typedef {Object} Values
 * @property {Float64Array} flat (steps · columns,)
 * @property {number} columns
 *
 * @typedef {Object} Line
 * @property {string} symbols MathML
 * @property {string} numbers MathML with empty elements in place of numbers
 * @property {string} result the slot of the result
 *
 * @typedef {Object} Inspected
 * @property {string} racer
 * @property {string} title
 * @property {string} note
 * @property {Line[]} lines
 * @property {Record<string, Values>} values by the name of their slot
 * @property {Float64Array} at (steps · 2,) where the gradient was taken
 * @property {Float64Array} slope (steps · 2,) the gradient there
 * @property {[string, Float64Array][]} parts named vectors, each (steps · 2,), that sum to the step
 * @property {number} count the number of steps that were taken
 *
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {{inspected: Inspected, card: Card, style: Style}} Subject what is explained, and how it is drawn
 */

const SLOT = /<mrow data-slot="([^"]*)"><\/mrow>/g;
const WIDTH = 320;
const HEIGHT = 126;
/** The length of the arrow of the gradient, relative to the farthest point of the step. */
const SLOPE = 0.6;

export class Inspector {
  /** @type {Subject | undefined} */
  subject;
  /** The step whose numbers are shown; -1 for the first step before it is taken. @type {number | undefined} */
  shown;
  /** The equations as they were last written. */
  written = '';
  /** The elements of numbers in the equations. @type {{place: HTMLElement, name: string, column: number}[]} */
  places = [];

  /**
   * @param {() => void} about opens the documentation of the rule
   * @param {() => void} close
   * @param {boolean} recorded whether this is a recording, which can neither open nor close anything
   */
  constructor(about, close, recorded) {
    this.title = h('h3', {}, 'Why this step?');
    this.which = h('span', { class: 'which', 'data-testid': 'inspected-step' });
    this.about = h('button', { type: 'button', class: 'link', 'data-testid': 'about-rule', click: about }, 'About');
    this.close = iconButton('remove', 'Close', { class: 'quiet icon', 'data-testid': 'close-inspector', click: close });
    this.lines = h('div', { class: 'lines' });
    this.sum = h('figure', { class: 'step-sum', 'data-testid': 'step-sum' });
    this.note = h('p', { class: 'note' });
    this.element = h(
      'section',
      { class: 'inspector', 'data-testid': 'inspector', hidden: true },
      h('header', {}, this.title, this.which, ...(recorded ? [] : [this.about, this.close])),
      h('div', { class: 'scroll' }, this.sum, this.lines, this.note),
    );
  }

  /**
   * @param {Inspected | null | undefined} inspected
   * @param {Card | undefined} card
   * @param {Style} style
   */
  update(inspected, card, style) {
    this.element.hidden = !inspected || !card;
    this.shown = undefined;
    this.subject = inspected && card ? { inspected, card, style } : undefined;
    if (!this.subject || !inspected || !card) return;
    mark(this.element, 'aria-label', `Why this step? ${inspected.title}`);
    this.element.style.setProperty('--racer', inkVariable(card.color));
    say(this.note, inspected.note);
    const columns = Object.entries(inspected.values).map(([name, values]) => [name, values.columns]);
    const written = JSON.stringify([inspected.lines, columns]);
    if (written === this.written) return;
    this.written = written;
    this.lines.replaceChildren(...inspected.lines.map((line) => lineOf(line, inspected.values)));
    /** @type {NodeListOf<HTMLElement>} */
    const places = this.lines.querySelectorAll('mn[data-slot]');
    this.places = [...places].map((place) => ({
      place,
      name: place.dataset.slot ?? '',
      column: Number(place.dataset.column),
    }));
  }

  /**
   * Writes the numbers of the step that led to a step of the clock, or at the start of the first step.
   * @param {number} step
   */
  paint(step) {
    if (!this.subject) return;
    const { inspected } = this.subject;
    const k = reached(inspected, step);
    const shown = step < 1 ? -1 : k;
    if (shown === this.shown) return;
    this.shown = shown;
    say(this.which, `${inspected.title}, step ${k + 1}${step < 1 ? ' (next)' : ''}`);
    for (const { place, name, column } of this.places) {
      const { flat, columns } = inspected.values[name];
      say(place, short(flat[k * columns + column], 4, columns > 1));
    }
    this.draw(k, this.subject);
  }

  /**
   * Draws a step as the sum of its parts, as large as there is room for.
   * @param {number} k
   * @param {Subject} subject
   */
  draw(k, { inspected, card, style }) {
    const vectors = inspected.parts.map(([name, flat]) => ({ name, x: flat[2 * k], y: flat[2 * k + 1] }));
    /** @type {Point} */
    let tip = [0, 0];
    /** @type {Point[]} */
    const points = [tip, ...vectors.map(({ x, y }) => (tip = /** @type {Point} */ ([tip[0] + x, tip[1] + y])))];
    const length = Math.hypot(...tip);
    if (!points.flat().every(Number.isFinite) || !points.some(([x, y]) => x || y)) {
      const words = length === 0 ? 'No movement: the step is zero.' : 'The step is not a finite number.';
      this.sum.replaceChildren(h('figcaption', {}, words));
      return;
    }
    const colors = partColors(style, card);
    const start = gradientPoint(inspected, k, points);
    const end = gradientTip(inspected, k, points, start);
    const place = fitted([...points, end]);
    const arrows = [
      arrow(place(start), place(end), style.muted, 1.4, '3 3'),
      ...vectors.map(({ name }, i) => arrow(place(points[i]), place(points[i + 1]), colors(name), 2.2)),
    ];
    /** @type {(name: string, color: string) => HTMLElement} */
    const named = (name, color) => h('b', { style: `text-decoration-color:${color}` }, name);
    const names = vectors.map(({ name }) => named(name, colors(name)));
    if (vectors.length > 1) {
      const ink = inkOf(style, card.color);
      arrows.push(arrow(place([0, 0]), place(tip), ink, 2.6));
      names.unshift(named('step', ink));
    }
    this.sum.innerHTML = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label="The step as the sum of its parts">${arrows.join('')}</svg>`;
    const signs = names.map((_, i) => (i === 0 ? '' : i === 1 ? ' = ' : ' + '));
    const rest = `, length ${short(length, 4)}; dashed: direction of −g`;
    this.sum.append(h('figcaption', {}, ...names.flatMap((name, i) => [signs[i], name]), rest));
  }
}

/**
 * One line: the equation, and the same with places for numbers.
 * @param {Line} line
 * @param {Record<string, Values>} values
 */
function lineOf({ symbols, numbers, result }, values) {
  const element = h('div', { class: 'line', 'data-result': result });
  const filled = numbers
    .replace(SLOT, (_, /** @type {string} */ name) => numberOf(name, values[name].columns))
    .replace(/<\/?math[^>]*>/g, '');
  const outcome = `<mrow><mo>=</mo>${numberOf(result, values[result].columns)}</mrow>`;
  element.innerHTML =
    `<div class="symbols">${symbols}</div>` +
    `<div class="numbers" tabindex="0"><math display="inline">${filled}${outcome}</math></div>`;
  return element;
}

/**
 * A place for a number, or for a column of numbers between lines: brackets grow only in fonts made for mathematics.
 * @param {string} name
 * @param {number} columns
 */
function numberOf(name, columns) {
  const cell = (/** @type {number} */ column) => `<mn data-slot="${name}" data-column="${column}"></mn>`;
  if (columns === 1) return cell(0);
  const rows = Array.from({ length: columns }, (_, k) => `<mtr><mtd>${cell(k)}</mtd></mtr>`).join('');
  return `<mtable class="vector">${rows}</mtable>`;
}

/**
 * The point of the step at which the gradient was taken: its start, or where a part ends if the rule looks ahead.
 * @param {Inspected} inspected
 * @param {number} k
 * @param {Point[]} points
 * @returns {Point}
 */
function gradientPoint({ at, values }, k, points) {
  const { flat, columns } = values.w;
  const ahead = [at[2 * k] - flat[columns * k], at[2 * k + 1] - flat[columns * k + 1]];
  const tolerance = 1e-9 * (Math.hypot(...ahead) + 1e-300);
  return points.find(([x, y]) => Math.hypot(x - ahead[0], y - ahead[1]) < tolerance) ?? [0, 0];
}

/**
 * The tip of an arrow downhill from a point, whose length fits that of the step.
 * @param {Inspected} inspected
 * @param {number} k
 * @param {Point[]} points
 * @param {Point} start
 * @returns {Point}
 */
function gradientTip({ slope }, k, points, [x, y]) {
  const [dx, dy] = [-slope[2 * k], -slope[2 * k + 1]];
  const steepness = Math.hypot(dx, dy);
  if (!(steepness > 0 && Number.isFinite(steepness))) return [x, y];
  const length = SLOPE * Math.max(...points.map((point) => Math.hypot(...point)));
  return [x + (dx / steepness) * length, y + (dy / steepness) * length];
}

/**
 * A map from the plane to the figure that shows all points as large as there is room for.
 * @param {Point[]} points
 * @returns {(point: Point) => Point}
 */
function fitted(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const unit = Math.min((WIDTH - 30) / Math.max(x1 - x0, 1e-300), (HEIGHT - 20) / Math.max(y1 - y0, 1e-300));
  return ([x, y]) => [WIDTH / 2 + unit * (x - (x0 + x1) / 2), HEIGHT / 2 - unit * (y - (y0 + y1) / 2)];
}

/**
 * An arrow as SVG; one too short to be seen is empty.
 * @param {Point} from
 * @param {Point} to
 * @param {string} color
 * @param {number} width
 * @param {string} [dash]
 */
function arrow([x0, y0], [x1, y1], color, width, dash = '') {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 0.5) return '';
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const head = Math.min(10, length);
  const [bx, by] = [x1 - head * ux, y1 - head * uy];
  const corners = [
    [x1, y1],
    [bx - 0.5 * head * uy, by + 0.5 * head * ux],
    [bx + 0.5 * head * uy, by - 0.5 * head * ux],
  ];
  const outline = corners.map((corner) => corner.join(' ')).join('L');
  return `<g style="color:${color}"><path d="M${x0} ${y0}L${bx} ${by}" stroke="currentColor" stroke-width="${width}"
    stroke-dasharray="${dash}" fill="none"/><path d="M${outline}Z" fill="currentColor"/></g>`;
}
