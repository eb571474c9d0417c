// What the colours of cells mean: a bar with numbers, and keys.

import { h, say } from '../core/dom.js';
import { inkOf } from '../drawing/strokes.js';

/** The length of the bar in pixels. */
const LONG = 150;

export class Legend {
  drawn = '';

  /** @param {string} testid */
  constructor(testid) {
    this.title = h('span', {});
    this.bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
    this.ticks = h('span', { class: 'ticks' });
    this.scale = h('span', { class: 'ramp' }, this.title, h('span', {}, this.bar, this.ticks));
    this.keys = h('span', { class: 'keys' });
    this.element = h('div', { class: 'legend', 'data-testid': testid, hidden: true }, this.scale, this.keys);
  }

  /**
   * @param {import('../core/records.js').Legend | null} legend
   * @param {import('../core/envelope.js').Style} style
   */
  update(legend, style) {
    const key = JSON.stringify([legend, style.theme]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.element.hidden = !legend;
    if (!legend) return;
    const { title, colors, ticks, keys } = legend;
    this.scale.hidden = !colors.length;
    say(this.title, title);
    this.bar.style.background = `linear-gradient(to right, ${colors.map((color) => inkOf(style, color)).join()})`;
    this.bar.style.width = this.ticks.style.width = `${LONG}px`;
    this.ticks.replaceChildren(
      ...ticks.map(([share, words]) => h('span', { style: `left: ${Math.round(share * LONG)}px` }, words)),
    );
    this.keys.replaceChildren(
      ...keys.map(([words, color]) =>
        h('span', {}, h('i', { style: `background: ${inkOf(style, color)}`, 'aria-hidden': 'true' }), words),
      ),
    );
  }
}
