// Small multiples: the map with a pair of axes for each visible racer, with the same window and clock.

import { stepsAt } from '../core/pace.js';
import { h, mark, say } from '../core/dom.js';
import { emphasis } from '../drawing/emphasis.js';
import { arrange } from './grid.js';
import { PlotPanel } from './plot.js';
import { inkVariable } from '../core/theme.js';

/**
 * @typedef {import('../drawing/marks.js').Panel} Panel
 * @typedef {import('../drawing/marks.js').AnyMark} AnyMark
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../core/envelope.js').Scene} Scene
 *
 * @typedef {Object} Pane
 * @property {HTMLElement} element
 * @property {HTMLElement} title
 * @property {HTMLElement} status
 * @property {Card} card
 */

export class MultiplesPanel extends PlotPanel {
  /** @type {Pane[]} */
  panes = [];
  /** Pairs of a drawn mark and the mark of the map of which it is a copy. @type {[AnyMark, AnyMark][]} */
  copies = [];

  /**
   * @param {any} plotly
   * @param {import('./plot.js').Listeners} listeners
   * @param {(scene: Scene) => Panel | undefined} find returns the map of a scene
   */
  constructor(plotly, listeners, find) {
    super(plotly, listeners, h('div', { class: 'multiples', hidden: true }), 'multiples', find);
    this.names = h('div', { class: 'names' });
    this.element.append(this.names);
  }

  get room() {
    return { l: 0, r: 0, t: 0, b: 0, pad: 0, autoexpand: false };
  }

  /** @param {Scene} scene */
  panelIn(scene) {
    const map = this.find(scene);
    const shown = scene.cards.filter((card) => !card.hidden);
    this.people(shown);
    return map && this.multiplied(map, shown);
  }

  /**
   * The panel with a pair of axes for each racer.
   * @param {Panel} map
   * @param {Card[]} shown
   * @returns {Panel}
   */
  multiplied(map, shown) {
    const [pair] = map.axes;
    const { width, height } = this.size;
    const window = /** @type {import('./plot.js').View} */ ([pair.x, pair.y].map(({ low, high }) => [low, high]));
    const limits = /** @type {import('./plot.js').View} */ (
      [pair.x, pair.y].map(({ limits: ends, low, high }) => ends ?? [low, high])
    );
    this.cells = arrange(shown.length, width, height, window, limits);
    const axes = this.cells.map((cell, k) => ({
      ...{ ...pair, title: '', racer: shown[k].id },
      x: { ...pair.x, numbers: cell.lowest, title: '' },
      y: { ...pair.y, numbers: cell.first },
      place: /** @type {[number, number, number, number]} */ ([
        cell.left / width,
        1 - (cell.top + cell.height) / height,
        (cell.left + cell.width) / width,
        1 - cell.top / height,
      ]),
    }));
    // the bar of colours has no room
    const sources = map.marks.map((one) => (one.type === 'field' ? { ...one, ticks: [] } : one));
    this.copies = shown.flatMap(({ id }, k) =>
      sources.flatMap((one, i) =>
        one.racer && one.racer !== id ? [] : [/** @type {[AnyMark, AnyMark]} */ ([{ ...one, axes: k }, map.marks[i]])],
      ),
    );
    const ground = [map.ground, shown.length, width, height].join();
    return { ...map, axes, marks: this.copies.map(([copy]) => copy), ground };
  }

  /**
   * Writes a name above each pair of axes.
   * @param {Card[]} shown
   */
  people(shown) {
    while (this.panes.length > shown.length) this.panes.pop()?.element.remove();
    while (this.panes.length < shown.length) {
      const [title, status] = [h('b', {}), h('span', { class: 'status' })];
      const element = h('div', { class: 'pane', 'data-testid': 'pane' }, title, status);
      this.names.append(element);
      this.panes.push({ element, title, status, card: shown[0] });
    }
    this.panes.forEach((pane, k) => {
      pane.card = shown[k];
      say(pane.title, pane.card.title);
      mark(pane.element, 'data-racer', pane.card.id);
      pane.element.style.setProperty('--racer', inkVariable(pane.card.color));
    });
  }

  /**
   * @param {Panel} _
   * @param {Scene} scene
   */
  label(_, scene) {
    return `A map for each racer. ${scene.description}`;
  }

  /** @param {number} k */
  startWords(k) {
    if (this.element.closest('[data-recording]')) return 'start';
    return k ? '' : 'start: click to move';
  }

  measure() {
    super.measure();
    this.dim();
    this.panes.forEach(({ element }, k) => {
      const cell = this.cells?.[k];
      if (!cell) return;
      element.style.left = `${cell.left}px`;
      element.style.top = `${cell.top - 20}px`;
      element.style.width = `${cell.width}px`;
    });
  }

  /** Updates the size and the view. The places of the axes depend on the size. */
  async look() {
    if (!this.panel || !this.element.clientWidth) return;
    const { drawing } = this;
    const { scene, style, theme } = this.given;
    await this.update(scene, style, theme);
    if (this.drawing === drawing) await super.look();
    else this.listeners.moved();
  }

  /** @param {number} position */
  paint(position) {
    super.paint(position);
    for (const { card, status } of this.panes) {
      say(status, stepsAt(card, position) >= card.settled ? card.status : 'running');
    }
  }

  /** @param {string} racer */
  change(racer) {
    for (const [copy, source] of this.copies) {
      if (copy.racer === racer) Object.assign(copy, source, { axes: copy.axes });
    }
    super.change(racer);
  }

  /** Called after a racer was hidden or shown, which changes the panes. */
  async remeasure() {
    if (!this.panel) return;
    const { scene, style, theme } = this.given;
    await this.update(scene, style, theme);
    this.listeners.moved();
  }

  /** @param {string | null} id */
  light(id) {
    super.light(id);
    this.dim();
  }

  dim() {
    const { style } = this;
    if (!style) return;
    for (const { element, card } of this.panes) {
      element.style.opacity = emphasis(style, this.painter.lit, card.id) === 1 ? '' : '0.45';
    }
  }
}
