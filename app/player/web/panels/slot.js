// A panel that can be exchanged for others, with a choice of its view, a note, and the picture.

import { h, mark, say } from '../core/dom.js';
import { slotsOf } from '../core/envelope.js';
import { inkOf } from '../drawing/strokes.js';
import { CellsPanel } from './cells.js';
import { Legend } from './legend.js';
import { Nodes } from './nodes.js';
import { PlotPanel } from './plot.js';

/**
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {import('../core/theme.js').Theme} Theme
 */

export class SlotPanel {
  /** @type {import('../drawing/marks.js').Panel | undefined} */
  panel;
  drawing = '';
  /** The size for which the plot is being drawn anew. */
  looking = '';

  /**
   * @param {any} plotly
   * @param {number} slot its index among the panels that can be exchanged
   * @param {import('./plot.js').Listeners & {cells?: import('./cells.js').Choices}} listeners
   * @param {(name: string) => void} choose called when another view was chosen
   * @param {(name: string) => void} option called when an option of the view was chosen
   * @param {(name: string) => void} press called when a button of the view was pressed
   */
  constructor(plotly, slot, listeners, choose, option, press) {
    this.slot = slot;
    this.choice = new Select(`Panel ${slot + 1} shows`, `view-${slot}`, choose);
    this.option = new Select('Option', `option-${slot}`, option);
    this.note = h('p', { class: 'note', 'data-testid': `note-${slot}` });
    this.text = h('p', { class: 'message', hidden: true });
    this.body = h('div', { class: 'body', 'data-testid': `panel-${slot}` });
    this.legend = new Legend(`legend-${slot}`);
    const { cells } = listeners;
    /** @type {(scene: Scene) => import('../drawing/marks.js').Panel | undefined} */
    const find = (scene) => slotsOf(scene)[slot];
    this.plot = cells
      ? new CellsPanel(plotly, { ...listeners, cells }, this.body, `plot-${slot}`, find)
      : new PlotPanel(plotly, listeners, this.body, `plot-${slot}`, find);
    this.nodes = new Nodes(this.plot, this.body, `plot-${slot}`, press);
    this.element = h(
      'section',
      { class: 'slot' },
      h('header', {}, this.choice.title, this.choice.element, this.option.element),
      h('div', {}, this.note, this.legend.element),
      this.body,
      this.text,
    );
    // A note that needs another line leaves less room, although the panel is as large as before.
    this.observer = new ResizeObserver(
      () => this.plot.measured && this.plot.measured !== this.plot.sized && this.look(),
    );
    this.observer.observe(this.body);
  }

  /**
   * @param {Scene} scene
   * @param {Style} style
   * @param {Theme} theme
   * @param {string | null} lit
   */
  async update(scene, style, theme, lit) {
    this.panel = slotsOf(scene)[this.slot];
    if (!this.panel) return;
    const { key, choices, option, note, legend, message } = this.panel;
    this.choice.set(choices, key);
    this.option.set(option?.choices ?? [], option?.value);
    const words = note.map(({ text, color }) =>
      color ? h('b', { style: `color:${inkOf(style, color)}` }, text) : text,
    );
    this.note.replaceChildren(...words.flatMap((word, k) => (k ? [' ', word] : [word])));
    this.note.title = this.note.textContent ?? '';
    this.legend.update(legend, style);
    this.text.hidden = !message;
    say(this.text, message);
    mark(this.body, 'data-view', message ? 'message' : key);
    await this.plot.update(scene, style, theme, lit);
    this.nodes.arrange();
  }

  /** @param {number} position */
  paint(position) {
    if (!this.panel) return;
    this.plot.paint(position);
    this.nodes.paint(position);
  }

  remeasure() {
    return this.panel && this.plot.remeasure();
  }

  /** @param {number} position */
  async settle(position) {
    if (this.panel) await this.plot.settle(position);
  }

  /** @param {string | null} id */
  light(id) {
    this.plot.light(id);
  }

  /** @param {string} racer */
  change(racer) {
    if (this.panel) this.plot.change(racer);
  }

  async look() {
    const { sized } = this.plot;
    if (!this.panel || this.looking === sized) return;
    this.looking = sized;
    try {
      await this.plot.look();
    } finally {
      this.looking = '';
    }
    this.nodes.arrange();
  }

  destroy() {
    this.observer.disconnect();
    this.plot.destroy();
  }
}

/** A choice that is redrawn only when its options change. Where there is only one option, its name is a title. */
class Select {
  offered = '';
  title = h('h3', { hidden: true });

  /**
   * @param {string} label
   * @param {string} testid
   * @param {(name: string) => void} chosen
   */
  constructor(label, testid, chosen) {
    this.element = /** @type {HTMLSelectElement} */ (
      h('select', {
        ...{ class: 'view', 'aria-label': label, title: label, 'data-testid': testid, hidden: true },
        change: () => chosen(this.element.value),
      })
    );
  }

  /**
   * @param {[string, string][]} choices
   * @param {string | undefined} value
   */
  set(choices, value) {
    const key = JSON.stringify(choices);
    if (key !== this.offered) {
      this.offered = key;
      this.element.replaceChildren(...choices.map(([name, text]) => h('option', { value: name }, text)));
      this.element.hidden = choices.length < 2;
      this.title.hidden = choices.length !== 1;
      say(this.title, choices.length === 1 ? choices[0][1] : '');
    }
    if (value !== undefined && this.element.value !== value) this.element.value = value;
  }
}
