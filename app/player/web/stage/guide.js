// The guide: what the page is for, its presets in one row, and what to look at in the one that is shown.

import { h, iconButton, mark, say } from '../core/dom.js';

/**
 * @typedef {import('../core/records.js').Guide} GuideRecord
 * @typedef {import('../core/envelope.js').Scene} Scene
 */

/** The latest scene that began by itself: a player that is mounted anew does not begin it again. */
let opened = 0;

export class Guide {
  /** The keys of the presets, in their order. @type {string[]} */
  keys = [];
  /** The preset that is shown, or was asked for last; empty without one. */
  current = '';
  /** What is listed. */
  listed = '';
  /** Whether the next scene that is drawn is to be played. */
  opening = false;

  /**
   * @param {(key: string) => void} choose begins a preset
   * @param {boolean} recorded whether the player plays a recording, which cannot begin one
   */
  constructor(choose, recorded) {
    this.choose = choose;
    this.recorded = recorded;
    this.purpose = h('p', { class: 'purpose', 'data-testid': 'purpose' });
    this.list = h('div', { class: 'presets', role: 'group', 'aria-label': 'Presets', 'data-testid': 'presets' });
    this.name = h('h2', { 'data-testid': 'preset-name' });
    this.about = h('span', { class: 'sentence', 'data-testid': 'preset-about' });
    this.changes = h('span', { class: 'changes', 'data-testid': 'preset-changes' });
    this.reset = h(
      'button',
      {
        ...{ type: 'button', class: 'link', title: 'Start this preset again', hidden: true },
        ...{ 'data-testid': 'preset-reset', click: () => this.pick(this.current) },
      },
      'Reset',
    );
    /** @type {(name: 'back' | 'forward', label: string, testid: string, steps: number) => HTMLButtonElement} */
    const button = (name, label, testid, steps) =>
      iconButton(name, label, { class: 'quiet icon', 'data-testid': testid, click: () => this.step(steps) });
    this.steppers = [
      button('back', 'Previous preset (Page Up)', 'preset-previous', -1),
      button('forward', 'Next preset (Page Down)', 'preset-next', 1),
    ];
    this.element = h(
      'section',
      { class: 'guide', 'aria-label': 'Presets', hidden: true, 'data-testid': 'guide' },
      h('div', { class: 'strip' }, this.purpose, this.list),
      h(
        'div',
        { class: 'lesson' },
        ...this.steppers,
        h('div', { class: 'words', 'aria-live': 'polite' }, this.name, this.about, ' ', this.changes, ' ', this.reset),
      ),
    );
    // the row has its width only once the rest of the page is laid out
    new ResizeObserver(() => this.reveal()).observe(this.list);
  }

  /** @param {Scene} scene */
  update({ guide }) {
    this.element.hidden = !guide;
    if (!guide) return;
    this.enumerate(guide);
    const [, , name] = guide.presets.find(([key]) => key === guide.shown) ?? ['', '', ''];
    this.current = guide.shown;
    this.press();
    say(this.purpose, guide.purpose);
    say(this.name, name);
    say(this.about, name ? guide.about : guide.without);
    mark(this.element, 'data-shown', Boolean(name));
    say(this.changes, guide.changes);
    this.reset.hidden = this.recorded || !guide.changes;
    if (guide.opening > opened) {
      opened = guide.opening;
      this.opening = true;
    }
  }

  /**
   * Lists the presets.
   * @param {GuideRecord} guide
   */
  enumerate({ presets }) {
    const listed = JSON.stringify(presets);
    if (listed === this.listed) return;
    this.listed = listed;
    this.keys = presets.map(([key]) => key);
    for (const button of this.steppers) button.hidden = presets.length < 2;
    this.list.replaceChildren(
      ...presets.map(([key, label, title]) =>
        h(
          'button',
          { type: 'button', class: 'plain', title, 'data-testid': `preset-${key}`, click: () => this.pick(key) },
          label,
        ),
      ),
    );
  }

  /** Marks the button of the preset that is shown, and brings it into view. */
  press() {
    this.keys.forEach((key, k) => mark(this.list.children[k], 'aria-pressed', key === this.current));
    this.reveal();
  }

  /** Scrolls the row, and nothing else, to the button of the preset that is shown. */
  reveal() {
    const button = /** @type {HTMLElement | undefined} */ (this.list.children[this.keys.indexOf(this.current)]);
    if (!button) return;
    const { offsetLeft: left, offsetWidth: width } = button;
    const { scrollLeft, clientWidth } = this.list;
    if (left < scrollLeft) this.list.scrollLeft = left;
    else if (left + width > scrollLeft + clientWidth) this.list.scrollLeft = left + width - clientWidth;
  }

  /** @param {string} key */
  pick(key) {
    this.current = key;
    this.press();
    this.choose(key);
  }

  /**
   * Begins the next preset, or with −1 the previous one.
   * @param {number} steps
   */
  step(steps) {
    const { keys } = this;
    if (keys.length < 2) return;
    const here = keys.indexOf(this.current);
    const next = here < 0 ? Math.min(0, steps) : here + steps;
    this.pick(keys[(next + keys.length) % keys.length]);
  }

  /** Whether a scene waits to be played; it does so once. */
  takeOpening() {
    const { opening } = this;
    this.opening = false;
    return opening;
  }
}
