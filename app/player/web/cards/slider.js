// One parameter of a racer: a slider, and its number as text that can be edited.

import { parsed, short } from '../core/digits.js';
import { h } from '../core/dom.js';
import { nearest } from '../core/stops.js';

/** @typedef {import('../core/envelope.js').Slider} Slider */

/** What is written while a slider moves that the picture cannot follow. */
const LATER = 'The picture follows when you let go.';
/** Digits that show a value in full, ready to be overwritten. */
const EXACT = 12;

/**
 * A value as text with four significant digits, or more where values crowd against one.
 * @param {number} value
 */
export function brief(value) {
  const crowded = value > 0.9 && value < 1;
  return short(value, crowded ? Math.min(EXACT, 3 - Math.floor(Math.log10(1 - value))) : 4);
}

/**
 * A letter with its index, typeset as mathematics.
 * @param {string} symbol
 */
export function letter(symbol) {
  const [head, ...index] = symbol.split('_');
  return h('i', { class: 'symbol' }, head, index.length ? h('sub', {}, index.join('_').replace(/[{}]/g, '')) : null);
}

/**
 * @typedef {Object} Dragging what happens while the slider is dragged
 * @property {() => void} ready the slider may be dragged soon
 * @property {(stops: ArrayLike<number>, place: number, exact?: boolean) => number | null} show shows the run at a stop
 *   or at the nearest stop that has a run, or with `exact` only at that very stop; returns the value of the run that is
 *   shown, or null without one
 * @property {() => void} back the slider was released where it was before
 */

/** The rows of some sliders. Each is updated in place, so that focus and drags survive. */
export class SliderRows {
  /** @type {Map<string, SliderRow>} */
  rows = new Map();

  /**
   * @param {HTMLElement} element where they stand
   * @param {(slider: Slider) => SliderRow} make
   */
  constructor(element, make) {
    this.element = element;
    this.make = make;
  }

  /**
   * Gives every slider its row, in order.
   * @param {Slider[]} sliders
   */
  update(sliders) {
    for (const [name, row] of this.rows) {
      if (sliders.some((slider) => slider.name === name)) continue;
      row.element.remove();
      this.rows.delete(name);
    }
    sliders.forEach((slider, k) => {
      const row = this.rows.get(slider.name) ?? this.make(slider);
      this.rows.set(slider.name, row);
      row.update(slider);
      const { element } = this;
      if (element.children[k] !== row.element) element.insertBefore(row.element, element.children[k] ?? null);
    });
  }

  /** Shows again what is dragged, or was chosen since, over a scene that knows only older values. */
  resume() {
    for (const row of this.rows.values()) row.resume();
  }
}

export class SliderRow {
  /** Whether the pointer holds the thumb. */
  held = false;
  /** The position of the thumb before it was dragged. */
  home = '';
  /** The value where the thumb is now, while it is dragged. @type {number | undefined} */
  picked;
  /** Whether the slider has been updated before. */
  ready = false;

  /**
   * @param {string} racer
   * @param {Slider} slider
   * @param {(value: number) => void} commit called on release and with a value that was typed
   * @param {Dragging} dragging
   * @param {() => boolean} pending whether a value that was committed has no answer yet, so that whatever arrives
   *   knows only an older one
   * @param {boolean} [worded] whether the label is written beside the symbol
   */
  constructor(racer, slider, commit, dragging, pending, worded = false) {
    this.worded = worded;
    this.slider = slider;
    this.commit = commit;
    this.dragging = dragging;
    this.pending = pending;
    const id = `${racer}-${slider.name}`;
    this.range = h('input', {
      ...{ type: 'range', class: 'range', min: 0, step: 1, 'data-testid': `slider-${id}` },
      pointerenter: () => this.dragging.ready(),
      pointerdown: () => {
        this.held = true;
        this.dragging.ready();
      },
      pointerup: () => (this.held = false),
      pointercancel: () => (this.held = false),
      focus: () => this.dragging.ready(),
      input: () => this.follow(),
      change: () => this.release(),
    });
    this.value = h('input', {
      ...{ type: 'text', class: 'value', inputmode: 'decimal', autocomplete: 'off', spellcheck: 'false' },
      ...{ 'data-testid': `value-${id}` },
      focus: () => this.expand(),
      blur: () => {
        if (!this.refused()) this.write(this.slider.value);
      },
      input: () => this.complain(''),
      change: () => this.type(),
      keydown: (event) => this.key(event),
    });
    this.hint = h('p', { class: 'hint', role: 'alert', hidden: true, 'data-testid': `hint-${id}` });
    this.later = h('p', { class: 'later', role: 'status', hidden: true, 'data-testid': `later-${id}` }, LATER);
    this.letter = h('span', { class: 'letter' });
    this.element = h('div', { class: 'slider' }, this.letter, this.range, this.value, this.hint, this.later);
    this.update(slider);
  }

  /** @param {Slider} slider */
  update(slider) {
    if (this.ready && this.pending()) return;
    const first = !this.ready;
    this.ready = true;
    const renamed = this.slider.symbol !== slider.symbol || this.slider.label !== slider.label;
    // A value that changed elsewhere, say by the browser's Back, replaces even a text that is being edited.
    const moved = first || this.slider.value !== slider.value;
    this.slider = slider;
    if (first || renamed) {
      this.letter.replaceChildren(letter(slider.symbol), this.worded ? h('span', {}, ` ${slider.label}`) : '');
      this.letter.title = slider.help || slider.label;
      this.range.setAttribute('aria-label', slider.label);
      this.value.setAttribute('aria-label', `${slider.label}, exact value`);
    }
    if (this.held) return;
    this.place(slider.value);
    if (moved) this.complain('');
    if (moved || (document.activeElement !== this.value && !this.refused())) this.write(slider.value);
  }

  /**
   * Moves the thumb to a value.
   * @param {number} value
   */
  place(value) {
    const { stops } = this.slider;
    this.range.max = String(stops.length - 1);
    this.home = String(nearest(stops, value));
    this.range.value = this.home;
    this.fill(value);
  }

  /** The stop at which the thumb is. */
  get stop() {
    return Number(this.range.value);
  }

  /**
   * Fills the slider up to the thumb, and names its value.
   * @param {number} value
   */
  fill(value) {
    this.range.style.setProperty('--share', String(this.stop / Number(this.range.max)));
    this.range.setAttribute('aria-valuetext', brief(value));
  }

  /** @param {number} value */
  write(value) {
    this.value.value = brief(value);
    this.value.title = short(value, EXACT);
  }

  /** Whether the text was refused and waits to be corrected. */
  refused() {
    return this.value.getAttribute('aria-invalid') === 'true';
  }

  /** Shows the number in full, ready to be overwritten. */
  expand() {
    if (this.refused()) return;
    this.value.value = short(this.slider.value, EXACT);
    this.value.select();
  }

  /** The value where the thumb is. */
  chosen() {
    return this.slider.stops[this.stop];
  }

  /** The thumb moves. */
  follow() {
    this.complain('');
    const home = this.held && this.range.value === this.home;
    // The number belongs to the run that is shown: it is that of the nearest run that was computed.
    const shown = home ? null : this.dragging.show(this.slider.stops, this.stop, !this.held);
    if (home) this.dragging.back();
    const value = home ? this.slider.value : (shown ?? this.chosen());
    this.picked = value;
    this.fill(value);
    this.write(value);
    this.later.hidden = home || !this.worded || this.slider.live;
  }

  release() {
    this.held = false;
    this.later.hidden = true;
    const value = this.picked ?? this.chosen();
    this.picked = undefined;
    if (value !== this.slider.value) this.accept(value);
    else this.dragging.back();
  }

  /** Shows again what the thumb stands for, after a scene has arrived that knows only an older value. */
  resume() {
    const dragged = this.held && this.range.value !== this.home;
    const chosen = !this.held && this.pending() && this.chosen() === this.slider.value;
    if (dragged || chosen) this.dragging.show(this.slider.stops, this.stop, chosen);
  }

  /** @param {number} value */
  accept(value) {
    this.slider = { ...this.slider, value };
    this.commit(value);
  }

  /** Takes the number that was typed, or says why not. */
  type() {
    const { low, high, allowed, symbol, value: old } = this.slider;
    const value = parsed(this.value.value);
    if (!(value >= (low ?? -Infinity) && value <= (high ?? Infinity) && Number.isFinite(value))) {
      const name = symbol.replace('_', '');
      this.complain(`${name} must be ${['a number', allowed].filter(Boolean).join(', ')}.`);
      return;
    }
    this.write(value);
    this.complain('');
    if (short(value, EXACT) === short(old, EXACT)) return;
    this.place(value);
    this.accept(value);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === 'Enter') {
      event.preventDefault();
      this.type();
      this.expand();
    } else if (event.key === 'Escape') {
      this.complain('');
      this.write(this.slider.value);
      this.value.blur();
    }
  }

  /** @param {string} text why the number was refused, or nothing */
  complain(text) {
    this.hint.textContent = text;
    this.hint.hidden = text === '';
    this.value.setAttribute('aria-invalid', String(text !== ''));
  }
}
