// The switch between the scales of a vertical axis.

import { h, mark } from '../core/dom.js';

/** Its width beside a title, in pixels. */
const WIDE = 88;

export class ScaleSwitch {
  /** The chosen scale, empty before there is a choice. */
  scale = '';
  /** @type {HTMLElement[]} */
  buttons = [];
  offered = '';

  /** @param {(scale: string) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    this.element = h('div', { class: 'scale', role: 'group', 'aria-label': 'Loss axis', hidden: true });
  }

  /** @param {import('../drawing/marks.js').Panel} panel */
  update({ axes }) {
    const { y } = axes.find((pair) => pair.y.alternatives.length) ?? {};
    const scales = y ? [y, ...y.alternatives].map(({ scale }) => /** @type {string} */ (scale)) : [];
    this.element.hidden = scales.length < 2;
    if (!scales.includes(this.scale)) this.scale = scales[0] ?? '';
    if (scales.join() !== this.offered) {
      this.offered = scales.join();
      this.buttons = scales.map((scale) =>
        h('button', { type: 'button', 'data-testid': `scale-${scale}`, click: () => this.chosen(scale) }, scale),
      );
      this.element.replaceChildren(...this.buttons);
    }
    this.choose(this.scale);
  }

  /** @param {string} scale */
  choose(scale) {
    this.scale = scale;
    for (const button of this.buttons) mark(button, 'aria-pressed', button.textContent === scale);
  }

  /**
   * Its width beside a title. It is hidden where text is enlarged.
   * @param {import('../core/envelope.js').Style} style
   */
  wide(style) {
    return this.element.hidden || style.scale ? 0 : WIDE;
  }
}
