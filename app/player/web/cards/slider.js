// One parameter of a racer: a range, and its number as text that can be typed.

import { parsed, short } from '../core/digits.js';
import { h } from '../core/dom.js';

/** As many as the server computes runs for while a slider is dragged. */
const POSITIONS = 100;
/** Digits of a value in full: as many as a slider's arithmetic leaves without rounding. */
const EXACT = 12;

/** Value at a share of the range, 0 to 1. */
function at({ low, high, scale }, share) {
  if (scale === 'log') return low * (high / low) ** share;
  if (scale === 'one_minus_log') return 1 - (1 - low) * ((1 - high) / (1 - low)) ** share;
  return low + share * (high - low);
}

/** Share of the range at which a value lies. */
function share({ low, high, scale }, value) {
  if (scale === 'log') return Math.log(value / low) / Math.log(high / low);
  if (scale === 'one_minus_log') return Math.log((1 - value) / (1 - low)) / Math.log((1 - high) / (1 - low));
  return (value - low) / (high - low);
}

/** Three digits that count: of the distance from one, where that is what the scale spreads. */
function rounded(slider, value) {
  const close = slider.scale === 'one_minus_log' && value > 0.9;
  const neat = close ? 1 - Number((1 - value).toPrecision(3)) : Number(value.toPrecision(3));
  const tiny = Math.abs(neat) < (slider.high - slider.low) * 1e-9;
  return Math.min(slider.high, Math.max(slider.low, tiny ? 0 : Number(neat.toPrecision(12))));
}

/** In short, for reading: four digits that count, more where they crowd against one. */
export function brief(slider, value) {
  const crowded = slider.scale === 'one_minus_log' && value > 0.9 && value < 1;
  return short(value, crowded ? Math.min(EXACT, 3 - Math.floor(Math.log10(1 - value))) : 4);
}

/** A letter with its index, set as mathematics. */
export function letter(symbol) {
  const [head, ...index] = symbol.split('_');
  return h(
    'i',
    { class: 'symbol' },
    head,
    index.length ? h('sub', {}, index.join('_').replace(/[{}]/g, '')) : null,
  );
}

/**
 * @typedef {Object} Dragging what happens while the slider is dragged
 * @property {() => void} ready it may be dragged soon
 * @property {(part: number, exact?: boolean) => number | null} show shows the run at that share of the range, or with
 *   `exact` only if there is one at the very share and not beside it; its value, if it is there
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
      ...{ type: 'range', class: 'range', min: 0, max: POSITIONS, step: 1, 'data-testid': `slider-${id}` },
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
    const part = Math.min(1, Math.max(0, share(this.slider, value)));
    this.home = String(Math.round(part * POSITIONS));
    this.range.value = this.home;
    this.tell(value);
  }

  tell(value) {
    this.range.style.setProperty('--share', String(Number(this.range.value) / POSITIONS));
    this.range.setAttribute('aria-valuetext', brief(this.slider, value));
  }

  write(value) {
    this.value.value = brief(this.slider, value);
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
    return rounded(this.slider, at(this.slider, Number(this.range.value) / POSITIONS));
  }

  follow() {
    this.complain('');
    const home = this.held && this.range.value === this.home;
    // what is shown is what was computed: the slider has the value of the nearest run
    const shown = home ? null : this.dragging.show(Number(this.range.value) / POSITIONS, !this.held);
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
    const { low, high, symbol, value: old } = this.slider;
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
