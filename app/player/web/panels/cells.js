// A panel of cells: names the cell under the pointer, chooses a cell on a click, and asks for the window in view.

import { h, say } from '../core/dom.js';
import { cellAt, labelOf } from '../drawing/cells.js';
import { PlotPanel } from './plot.js';

/**
 * @typedef {import('../drawing/marks.js').Cells} Cells
 * @typedef {import('./plot.js').View} View
 *
 * @typedef {Object} Choices
 * @property {(view: View | null) => void} window called when the view rests in another window, null for the whole map
 * @property {() => boolean} waits whether a window has no answer yet
 * @property {boolean} recorded whether there is no server that computes windows
 */

/** Milliseconds for which the view rests before its cells are computed. */
const PAUSE = 250;
/** Pixels between the pointer and the label. */
const AWAY = 14;

export class CellsPanel extends PlotPanel {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {any} plotly
   * @param {import('./plot.js').Listeners & {cells: Choices}} listeners
   * @param {HTMLElement} element
   * @param {string} testid
   * @param {(scene: import('../core/envelope.js').Scene) => import('../drawing/marks.js').Panel | undefined} find
   */
  constructor(plotly, listeners, element, testid, find) {
    super(plotly, listeners, element, testid, find);
    this.choices = listeners.cells;
    this.tip = h('div', { class: 'tip', 'data-testid': `tip-${testid}`, hidden: true });
    element.append(this.tip);
    element.addEventListener('pointermove', (event) => this.point(event));
    element.addEventListener('pointerleave', () => this.leave());
  }

  get ranges() {
    return this.view;
  }

  get zoomable() {
    return this.movable;
  }

  /** Whether the view is ahead of the scene, which then must not move it back. */
  get ahead() {
    return this.timer !== undefined || this.choices.waits();
  }

  /** @param {View | null} view */
  see(view) {
    if (view || !this.ahead) super.see(view);
  }

  follow() {
    super.follow();
    this.leave();
    this.want();
  }

  arrive() {
    this.follow();
  }

  /** Asks for the cells of the window in view, once the view rests. */
  want() {
    if (this.choices.recorded) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.choices.window(this.range());
    }, PAUSE);
  }

  /** @param {number} factor */
  async zoom(factor) {
    await super.zoom(factor);
    this.want();
  }

  async return() {
    if (this.choices.recorded) return super.return();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.choices.window(null);
  }

  async look() {
    if (!this.panel || !this.element.clientWidth) return;
    const { edition } = this;
    this.place();
    this.own += 1;
    await this.draw(this.base);
    this.own -= 1;
    if (edition !== this.edition) return;
    this.painter.groups.forEach((group, k) => (group.axes = this.axes[k]));
    this.settled = '';
    this.measure();
    this.listeners.moved();
  }

  leave() {
    this.tip.hidden = true;
  }

  /**
   * Names the cell under the pointer.
   * @param {PointerEvent} event
   */
  point(event) {
    const { left, top, width } = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const text = event.buttons ? '' : this.named(x, y);
    this.tip.hidden = !text;
    if (!text) return;
    say(this.tip, text);
    const { offsetWidth } = this.tip;
    const at = x + AWAY + offsetWidth > width ? Math.max(0, x - AWAY - offsetWidth) : x + AWAY;
    this.tip.style.transform = `translate(${at}px, ${Math.max(0, y - AWAY - this.tip.offsetHeight)}px)`;
  }

  /**
   * What the cell at a place of the panel is called; an empty text where there is none.
   * @param {number} x
   * @param {number} y
   */
  named(x, y) {
    for (const [k, { frame }] of this.painter.groups.entries()) {
      const [left, top] = [x - frame.left, y - frame.top];
      if (left < 0 || top < 0 || left >= frame.width || top >= frame.height) continue;
      const cells = (this.panel?.marks ?? []).filter(
        /** @returns {one is Cells} */ (one) => one.type === 'cells' && one.axes === k,
      );
      for (const mark of cells.reverse()) {
        const cell = cellAt(mark, frame, left, top);
        if (cell) return labelOf(mark, cell.row, cell.column);
      }
    }
    return '';
  }

  destroy() {
    clearTimeout(this.timer);
    super.destroy();
  }
}
