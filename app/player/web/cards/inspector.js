// Why this step? The equations of one racer, and line by line under them the numbers of the step at the playhead.

import { partColors, reached } from '../drawing/arrows.js';
import { short } from '../core/digits.js';
import { h, iconButton, mark, say } from '../core/dom.js';

/**
 * @typedef {Object} Values
 * @property {Float64Array} flat (steps · columns,)
 * @property {number} columns
 *
 * @typedef {Object} Inspected
 * @property {string} racer
 * @property {string} title
 * @property {string} note
 * @property {{symbols: string, numbers: string, result: string}[]} lines MathML with empty elements for numbers
 * @property {Record<string, Values>} values by the name of their slot
 * @property {Float64Array} at (steps · 2,) where the gradient was taken
 * @property {Float64Array} slope (steps · 2,) the gradient there
 * @property {[string, Float64Array][]} parts named vectors, each (steps · 2,), that sum to the step
 * @property {number} count steps that were taken
 */

const SLOT = /<mrow data-slot="([^"]*)"><\/mrow>/g;
const WIDE = 320;
const TALL = 126;

export class Inspector {
  /**
   * @param {() => void} about asks for all that is to be said of the rule
   * @param {() => void} close
   * @param {boolean} recorded there is nobody to ask
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
   * @param {Inspected | null} inspected
   * @param {import('../core/envelope.js').Card | undefined} card
   * @param {import('../core/envelope.js').Style} style
   */
  update(inspected, card, style) {
    this.element.hidden = !inspected || !card;
    Object.assign(this, { inspected: card ? inspected : null, card, style, shown: undefined });
    if (!this.inspected) return;
    mark(this.element, 'aria-label', `Why this step? ${inspected.title}`);
    this.element.style.setProperty('--racer', card.color);
    say(this.note, inspected.note);
    const spelled = JSON.stringify([inspected.lines, Object.entries(inspected.values).map(([k, v]) => [k, v.columns])]);
    if (spelled === this.spelled) return;
    this.spelled = spelled;
    this.lines.replaceChildren(...inspected.lines.map((line) => this.line(line)));
    this.places = [...this.lines.querySelectorAll('mn[data-slot]')].map((place) => ({
      place,
      name: place.dataset.slot,
      column: Number(place.dataset.column),
    }));
  }

  line({ symbols, numbers, result }) {
    const { values } = this.inspected;
    const element = h('div', { class: 'line', 'data-result': result });
    const filled = numbers
      .replace(SLOT, (_, name) => number(name, values[name].columns))
      .replace(/<\/?math[^>]*>/g, '');
    const outcome = `<mrow><mo>=</mo>${number(result, values[result].columns)}</mrow>`;
    element.innerHTML =
      `<div class="symbols">${symbols}</div>` +
      `<div class="numbers" tabindex="0"><math display="inline">${filled}${outcome}</math></div>`;
    return element;
  }

  /** @param {number} step the playhead's: what is explained is the step that led there, at the start the first */
  paint(step) {
    if (!this.inspected) return;
    const k = reached(this.inspected, step);
    const shown = step < 1 ? -1 : k;
    if (shown === this.shown) return;
    this.shown = shown;
    say(this.which, `${this.inspected.title}, step ${k + 1}${step < 1 ? ', to come' : ''}`);
    const { values } = this.inspected;
    for (const { place, name, column } of this.places) {
      const { flat, columns } = values[name];
      const text = short(flat[k * columns + column], 4, columns > 1);
      if (place.textContent !== text) place.textContent = text;
    }
    this.draw(k);
  }

  /** The step as the sum of its parts, as large as there is room for. */
  draw(k) {
    const { parts, slope } = this.inspected;
    const vectors = parts.map(([name, flat]) => [name, flat[2 * k], flat[2 * k + 1]]);
    const points = [[0, 0]];
    for (const [, x, y] of vectors) points.push([points.at(-1)[0] + x, points.at(-1)[1] + y]);
    const long = Math.hypot(...points.at(-1));
    if (!points.flat().every(Number.isFinite) || !points.some(([x, y]) => x || y)) {
      this.sum.replaceChildren(
        h('figcaption', {}, long === 0 ? 'No move: the step is zero.' : 'The step is no number.'),
      );
      return;
    }
    const down = [-slope[2 * k], -slope[2 * k + 1]];
    const far = Math.max(...points.map(([x, y]) => Math.hypot(x, y)));
    const steep = Math.hypot(...down);
    const hint = steep > 0 && Number.isFinite(steep) ? down.map((v) => (v / steep) * 0.6 * far) : [0, 0];
    // the gradient is taken where the first part ends, if the rule looks ahead
    const from = this.ahead(k, points);
    const all = [...points, [from[0] + hint[0], from[1] + hint[1]]];
    const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)];
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const unit = Math.min((WIDE - 30) / Math.max(x1 - x0, 1e-300), (TALL - 20) / Math.max(y1 - y0, 1e-300));
    const place = ([x, y]) => [WIDE / 2 + unit * (x - (x0 + x1) / 2), TALL / 2 - unit * (y - (y0 + y1) / 2)];
    const colors = partColors(this.style, this.card);
    const drawn = [arrow(place(from), place([from[0] + hint[0], from[1] + hint[1]]), this.style.muted, 1.4, '3 3')];
    vectors.forEach(([name], i) => drawn.push(arrow(place(points[i]), place(points[i + 1]), colors(name), 2.2)));
    const named = vectors.map(([name]) => h('b', { style: `color:${colors(name)}` }, name));
    if (vectors.length > 1) {
      drawn.push(arrow(place([0, 0]), place(points.at(-1)), this.card.color, 2.6));
      named.unshift(h('b', { style: `color:${this.card.color}` }, 'step'));
    }
    this.sum.innerHTML = `<svg viewBox="0 0 ${WIDE} ${TALL}" role="img" aria-label="The step as the sum of its parts">
      ${drawn.join('')}</svg>`;
    const signs = named.map((_, i) => (i === 0 ? '' : i === 1 ? ' = ' : ' + '));
    const rest = `, its length ${short(long, 4)}; dashed the direction of −g`;
    this.sum.append(h('figcaption', {}, ...named.flatMap((name, i) => [signs[i], name]), rest));
  }

  ahead(k, points) {
    const { at, values } = this.inspected;
    const { flat, columns } = values.w;
    const away = [at[2 * k] - flat[columns * k], at[2 * k + 1] - flat[columns * k + 1]];
    const close = points.find(([x, y]) => Math.hypot(x - away[0], y - away[1]) < 1e-9 * (Math.hypot(...away) + 1e-300));
    return close ?? [0, 0];
  }
}

function arrow([x0, y0], [x1, y1], color, width, dash = '') {
  const size = Math.hypot(x1 - x0, y1 - y0);
  if (size < 0.5) return '';
  const [ux, uy] = [(x1 - x0) / size, (y1 - y0) / size];
  const head = Math.min(10, size);
  const [bx, by] = [x1 - head * ux, y1 - head * uy];
  const corners = [
    [x1, y1],
    [bx - 0.5 * head * uy, by + 0.5 * head * ux],
    [bx + 0.5 * head * uy, by - 0.5 * head * ux],
  ];
  return `<g style="color:${color}"><path d="M${x0} ${y0}L${bx} ${by}" stroke="currentColor" stroke-width="${width}"
    stroke-dasharray="${dash}" fill="none"/><path d="M${corners.map((p) => p.join(' ')).join('L')}Z" fill="currentColor"/></g>`;
}

/** A place for a number, or a column of them, between lines: brackets grow only in fonts made for mathematics. */
function number(name, columns) {
  const cell = (column) => `<mn data-slot="${name}" data-column="${column}"></mn>`;
  if (columns === 1) return cell(0);
  const rows = Array.from({ length: columns }, (_, k) => `<mtr><mtd>${cell(k)}</mtd></mtr>`).join('');
  return `<mtable class="vector">${rows}</mtable>`;
}
