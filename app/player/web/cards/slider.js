// One parameter of a racer: a range, and its number as text that can be typed.

import { parsed, short } from '../core/digits.js';
import { h } from '../core/dom.js';
import { nearest } from '../core/stops.js';

/** Digits of a value in full, as it is shown to be typed over. */
const EXACT = 12;

/** In short, for reading: four digits that count, more where they crowd against one. */
export function brief(value) {
  const crowded = value > 0.9 && value < 1;
  return short(value, crowded ? Math.min(EXACT, 3 - Math.floor(Math.log10(1 - value))) : 4);
}

/** A letter with its index, set as mathematics. */
export function letter(symbol) {
  const [head, ...index] = symbol.split('_');
  return h('i', { class: 'symbol' }, head, index.length ? h('sub', {}, index.join('_').replace(/[{}]/g, '')) : null);
}

/**
 * @typedef {Object} Dragging what happens while the slider is dragged
 * @property {() => void} ready it may be dragged soon
 * @property {(stops: ArrayLike<number>, place: number, exact?: boolean) => number | null} show shows the run at the stop
 *   of that place or at the nearest one that has a run, or with `exact` only if it has one itself; its value, if there is
 *   one
 * @property {() => void} back the slider was let go where it was
 */

export class SliderRow {
  /**
   * @param {string} racer
   * @param {import('../core/envelope.js').Slider} slider
   * @param {(value: number) => void} commit called on release and on an exact value
   * @param {Dragging} dragging
   */
  constructor(racer, slider, commit, dragging) {
    this.commit = commit;
    this.dragging = dragging;
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
      blur: () => this.wrong() || this.write(this.slider.value),
      input: () => this.complain(''),
      change: () => this.type(),
      keydown: (event) => this.key(event),
    });
    this.hint = h('p', { class: 'hint', role: 'alert', hidden: true, 'data-testid': `hint-${id}` });
    this.letter = h('span', { class: 'letter' });
    this.element = h('div', { class: 'slider' }, this.letter, this.range, this.value, this.hint);
    this.update(slider);
  }

  /** @param {import('../core/envelope.js').Slider} slider */
  update(slider) {
    const other = !this.slider || this.slider.symbol !== slider.symbol || this.slider.label !== slider.label;
    // changed elsewhere, by the browser's Back for one: that is shown even where something is being typed
    const moved = this.slider?.value !== slider.value;
    this.slider = slider;
    if (other) {
      this.letter.replaceChildren(letter(slider.symbol));
      this.letter.title = slider.label;
      this.range.setAttribute('aria-label', slider.label);
      this.value.setAttribute('aria-label', `${slider.label}, exact value`);
    }
    if (this.held) return;
    this.place(slider.value);
    if (moved) this.complain('');
    if (moved || (document.activeElement !== this.value && !this.wrong())) this.write(slider.value);
  }

  place(value) {
    const { stops } = this.slider;
    this.range.max = String(stops.length - 1);
    this.home = String(nearest(stops, value));
    this.range.value = this.home;
    this.tell(value);
  }

  tell(value) {
    this.range.style.setProperty('--share', String(Number(this.range.value) / Number(this.range.max)));
    this.range.setAttribute('aria-valuetext', brief(value));
  }

  write(value) {
    this.value.value = brief(value);
    this.value.title = short(value, EXACT);
  }

  /** What was typed last was refused, and stays to be mended. */
  wrong() {
    return this.value.getAttribute('aria-invalid') === 'true';
  }

  /** To be typed over, the number stands there in full. */
  expand() {
    if (this.wrong()) return;
    this.value.value = short(this.slider.value, EXACT);
    this.value.select();
  }

  chosen() {
    return this.slider.stops[Number(this.range.value)];
  }

  follow() {
    this.complain('');
    const home = this.held && this.range.value === this.home;
    // what is shown is what was computed: the slider has the value of the nearest run
    const { stops } = this.slider;
    const shown = home ? null : this.dragging.show(stops, Number(this.range.value), !this.held);
    if (home) this.dragging.back();
    this.picked = home ? this.slider.value : (shown ?? this.chosen());
    this.tell(this.picked);
    this.write(this.picked);
  }

  release() {
    this.held = false;
    const value = this.picked ?? this.chosen();
    this.picked = undefined;
    if (value !== this.slider.value) this.accept(value);
    else this.dragging.back();
  }

  accept(value) {
    this.slider = { ...this.slider, value };
    this.commit(value);
  }

  type() {
    const { stops, symbol, value: old } = this.slider;
    const [low, high] = [stops[0], stops[stops.length - 1]];
    const value = parsed(this.value.value);
    if (!(value >= low && value <= high)) {
      const name = symbol.replace('_', '');
      this.complain(`${name} takes a number from ${short(low, EXACT)} to ${short(high, EXACT)}.`);
      return;
    }
    this.write(value);
    this.complain('');
    if (short(value, EXACT) === short(old, EXACT)) return;
    this.place(value);
    this.accept(value);
  }

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

  complain(text) {
    this.hint.textContent = text;
    this.hint.hidden = text === '';
    this.value.setAttribute('aria-invalid', String(text !== ''));
  }
}
