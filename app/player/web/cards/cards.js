// The cards of the racers in one column. Each is updated in place, so that focus and drags survive.

import { h, iconButton, mark, relabel, say } from '../core/dom.js';
import { stepsAt } from '../core/pace.js';
import { SliderRow, SliderRows } from './slider.js';
import { inkVariable } from '../core/theme.js';

/**
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../core/envelope.js').Slider} Slider
 * @typedef {import('../core/types.js').PlayerEvent} PlayerEvent
 * @typedef {import('./slider.js').Dragging} Dragging
 *
 * @typedef {Object} Listeners
 * @property {(event: PlayerEvent) => void} send
 * @property {(racer: string | null) => void} light emphasizes one racer on all panels, or none
 * @property {(racer: string, name: string) => Dragging} dragging what happens while a slider is dragged
 * @property {(racer: string, name: string) => boolean} pending whether a value of a slider has no answer yet
 */

/** Outlines of the heads, as they are drawn on the map. @type {Record<string, string>} */
export const SHAPES = {
  circle: '<circle cx="8" cy="8" r="6"/>',
  square: '<rect x="2.5" y="2.5" width="11" height="11"/>',
  diamond: '<path d="M8 .8 15.2 8 8 15.2.8 8z"/>',
  'triangle-up': '<path d="M8 1.5 15 14H1z"/>',
};

/** Pixels of the menu of racers: its heights, and what it leaves free at the edge of the window. */
const MENU = { smallest: 160, largest: 420, margin: 24 };

const CAUTION =
  'λ is the largest curvature at the minimum, and the smallest such value if there are several minima. At a larger ' +
  'learning rate, a step that starts beside a minimum ends farther from it.';

class CardView {
  /** What the card shows now. @type {Card | undefined} */
  card;
  /** The step of the clock for which the card was last written. @type {number | undefined} */
  position;
  /** A line below the sliders. @type {HTMLElement | undefined} */
  note;

  /**
   * @param {string} id
   * @param {Listeners} listeners
   * @param {boolean} recorded whether the card belongs to a recording, in which a racer can be hidden and nothing else
   * @param {boolean} fixed whether nothing can be done with the racer
   */
  constructor(id, listeners, recorded, fixed) {
    this.id = id;
    this.listeners = listeners;
    const { send, light } = listeners;
    /** @type {(name: import('../core/icons.js').IconName, act: () => void) => HTMLButtonElement} */
    const button = (name, act) =>
      iconButton(name, '', { class: 'quiet icon', 'data-testid': `${name}-${id}`, click: act });
    this.explain = button('explain', () => send({ kind: 'explain', racer: id }));
    this.duplicate = button('duplicate', () => send({ kind: 'duplicate', racer: id }));
    this.hide = button('hide', () => this.toggle());
    this.remove = button('remove', () => send({ kind: 'remove', racer: id }));
    this.dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
    this.title = h('h3', {});
    this.status = h('span', { class: 'status', 'data-testid': `status-${id}` });
    this.why = h('span', { class: 'unseen' });
    this.sliders = h(recorded ? 'fieldset' : 'div', { class: 'sliders', disabled: recorded });
    this.rows = new SliderRows(this.sliders, (slider) => this.row(slider));
    /** @type {(word: string, title: string, click: () => void) => HTMLButtonElement} */
    const tool = (word, title, click) =>
      h('button', { type: 'button', class: 'link', title, 'data-testid': `${word}-${id}`, click }, word);
    this.suggest = tool('suggest', '', () => this.take());
    this.reset = tool('reset', 'Reset all values to those that the racer had when it was added', () =>
      send({ kind: 'reset', racer: id }),
    );
    this.caution = h('span', { class: 'caution', 'data-testid': `caution-${id}` });
    this.foot = h('p', { class: 'foot' }, this.caution, ...(recorded || fixed ? [] : [this.suggest, this.reset]));
    const all = recorded ? [this.hide] : [this.explain, this.duplicate, this.hide, this.remove];
    const actions = fixed ? [] : all;
    const lit = () => light(this.card?.hidden ? null : id);
    this.element = h(
      'article',
      {
        ...{ class: 'card', 'data-testid': `card-${id}` },
        pointerenter: lit,
        pointerleave: () => light(null),
        focusin: lit,
        focusout: (event) => {
          if (!(event.currentTarget instanceof Element && event.currentTarget.matches(':hover'))) light(null);
        },
      },
      h('header', {}, this.dot, this.title, this.status, this.why, h('span', { class: 'actions' }, ...actions)),
      this.sliders,
      this.foot,
    );
  }

  /**
   * Says what becomes of a run. The sliders stay as they are: while one is dragged, the card of the scene does not know
   * its value.
   * @param {Card} card
   */
  tell(card) {
    this.card = card;
    this.reveal(this.position ?? Infinity);
    say(this.caution, card.caution);
    this.caution.title = card.caution && CAUTION;
  }

  /** Takes the learning rate that is suggested. */
  take() {
    const slider = this.card?.sliders.find(({ suggested }) => suggested !== null);
    if (!slider || slider.suggested === null) {
      this.listeners.send({ kind: 'suggest', racer: this.id });
      return;
    }
    this.listeners.send({ kind: 'parameter', racer: this.id, name: slider.name, value: slider.suggested });
  }

  toggle() {
    if (!this.card) return;
    const hidden = !this.card.hidden;
    this.update({ ...this.card, hidden });
    this.listeners.light(hidden ? null : this.id);
    this.listeners.send({ kind: 'hide', racer: this.id, hidden });
  }

  /** @param {Card} card */
  update(card) {
    if (this.card?.shape !== card.shape) {
      this.dot.innerHTML = `<svg viewBox="0 0 16 16" fill="currentColor">${SHAPES[card.shape]}</svg>`;
    }
    if (this.card?.title !== card.title) this.rename(card.title);
    this.element.style.setProperty('--racer', inkVariable(card.color));
    this.tell(card);
    mark(this.element, 'data-hidden', card.hidden);
    relabel(this.hide, card.hidden ? 'show' : 'hide', `${card.hidden ? 'Show' : 'Hide'} ${card.title}`);
    this.rows.update(card.sliders);
    const rate = card.sliders.find(({ suggested }) => suggested !== null);
    this.suggest.hidden = !rate && !card.suggests;
    this.suggest.disabled = rate?.value === rate?.suggested && !card.suggests;
    this.suggest.title = card.suggests || 'Set the learning rate to the value suggested for what is shown';
  }

  /**
   * Shows what becomes of the run once the clock has come to the step from which it holds, and hides it before.
   * @param {number} position
   */
  reveal(position) {
    this.position = position;
    if (!this.card) return;
    const { other, second } = this.card;
    const cards = !other ? [this.card] : second ? [other, this.card] : [this.card, other];
    const known = cards.map((card) => stepsAt(card, position) >= card.settled);
    /** @type {(words: (card: Card, known: boolean) => string) => string} */
    const each = (words) => cards.map((card, k) => `${other ? `${'AB'[k]} ` : ''}${words(card, known[k])}`).join('\n');
    const any = known.includes(true);
    const why = each((card, settled) => (settled ? card.why : ''));
    say(
      this.status,
      each((card, settled) => (settled ? card.status : 'running')),
    );
    mark(this.status, 'data-races', cards.length);
    this.status.title = any ? why : 'The outcome appears when the clock reaches it.';
    say(this.why, any ? why : '');
    mark(this.element, 'data-pending', !any);
  }

  /** @param {string} title */
  rename(title) {
    say(this.title, title);
    mark(this.element, 'aria-label', title);
    relabel(this.explain, 'explain', `Explain ${title}`);
    relabel(this.duplicate, 'duplicate', `Duplicate ${title}`);
    relabel(this.remove, 'remove', `Remove ${title}`);
    mark(this.suggest, 'aria-label', `Suggest a learning rate for ${title}`);
    mark(this.reset, 'aria-label', `Reset ${title}`);
  }

  /** @param {Slider} slider */
  row(slider) {
    const { send, dragging, pending } = this.listeners;
    const commit = (/** @type {number} */ value) =>
      send({ kind: 'parameter', racer: this.id, name: slider.name, value });
    return new SliderRow(this.id, slider, commit, dragging(this.id, slider.name), () => pending(this.id, slider.name));
  }

  /**
   * Writes a line below the sliders, or removes it.
   * @param {string} text
   */
  remark(text) {
    this.note ??= this.element.appendChild(h('p', { class: 'remark', 'data-testid': `remark-${this.id}` }));
    say(this.note, text);
    this.note.hidden = !text;
  }
}

/** A slider that shows nothing while it is dragged. @type {Dragging} */
const STILL = { ready() {}, show: () => null, back() {} };

export class Cards {
  /** @type {Card[]} */
  cards = [];
  /** @type {Map<string, CardView>} */
  views = new Map();
  /** The step of the clock for which the cards were last written. @type {number | undefined} */
  step;
  /** The racers that can be added, as they were last listed. */
  offered = '';

  /**
   * @param {(event: PlayerEvent) => void} send
   * @param {(racer: string | null) => void} light
   * @param {boolean} [recorded]
   * @param {(racer: string, name: string) => Dragging} [dragging]
   * @param {(racer: string, name: string) => boolean} [pending]
   */
  constructor(send, light, recorded = false, dragging = () => STILL, pending = () => false) {
    this.listeners = { send, light, dragging, pending };
    this.recorded = recorded;
    this.list = h('div', { class: 'cards', role: 'group', 'aria-label': 'Racers', 'data-testid': 'cards' });
    this.menu = h('div', { class: 'menu', role: 'menu', 'aria-label': 'Add a racer', hidden: true });
    this.add = h(
      'button',
      {
        ...{ type: 'button', class: 'add', 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
        ...{ 'data-testid': 'add-racer', click: () => this.open(this.menu.hidden === true) },
      },
      '+ Add a racer',
    );
    this.adder = h('div', { class: 'adder', keydown: (event) => this.key(event) }, this.add, this.menu);
  }

  /** @param {{cards: Card[], choices: [string, string][], fixed: boolean}} scene */
  update(scene) {
    this.cards = scene.cards;
    this.adder.hidden = scene.fixed;
    const ids = scene.cards.map((card) => card.id);
    const before = this.views.size;
    for (const [id, view] of this.views) {
      if (ids.includes(id)) continue;
      view.element.remove();
      this.views.delete(id);
    }
    scene.cards.forEach((card, k) => {
      const view = this.views.get(card.id) ?? new CardView(card.id, this.listeners, this.recorded, scene.fixed);
      this.views.set(card.id, view);
      view.position ??= this.step; // a card that joins reveals no more than the others
      view.update(card);
      if (this.list.children[k] !== view.element) this.list.insertBefore(view.element, this.list.children[k]);
    });
    // Where not all cards are visible at once, a card that joins the others is scrolled to.
    if (before && scene.cards.length > before) this.list.lastElementChild?.scrollIntoView({ block: 'nearest' });
    const offered = JSON.stringify(scene.choices);
    if (offered === this.offered) return;
    this.offered = offered;
    this.add.disabled = scene.choices.length === 0;
    this.menu.replaceChildren(...scene.choices.map(([key, title]) => this.item(key, title)));
  }

  /**
   * An item of the menu of racers.
   * @param {string} key
   * @param {string} title
   */
  item(key, title) {
    const click = () => {
      this.open(false);
      this.add.focus();
      this.listeners.send({ kind: 'add', name: key });
    };
    return h('button', { type: 'button', role: 'menuitem', 'data-testid': `add-${key}`, click }, title);
  }

  /** @param {number} position of the playhead */
  paint(position) {
    const step = Math.floor(position);
    if (step === this.step) return;
    this.step = step;
    for (const view of this.views.values()) view.reveal(step);
  }

  /**
   * Updates the card of a racer that shows another run while something is dragged.
   * @param {string} id
   */
  change(id) {
    const card = this.cards.find((one) => one.id === id);
    if (card) this.views.get(id)?.tell(card);
  }

  /** See `SliderRows`. */
  resume() {
    for (const view of this.views.values()) view.rows.resume();
  }

  /**
   * Writes on a card what is drawn while one of its sliders is dragged.
   * @param {string} id
   * @param {string} text
   */
  remark(id, text) {
    this.views.get(id)?.remark(text);
  }

  /**
   * Opens the card of the racer that is inspected, and folds the others.
   * @param {string} id
   */
  inspect(id) {
    for (const [key, view] of this.views) {
      mark(view.element, 'data-folded', id !== '' && key !== id);
      mark(view.explain, 'aria-pressed', key === id);
    }
  }

  /**
   * Marks the card of the racer under the pointer.
   * @param {string | null} id
   */
  highlight(id) {
    for (const [key, view] of this.views) view.element.classList.toggle('lit', key === id);
  }

  /**
   * Opens or closes the menu of racers, on the side that has more room.
   * @param {boolean} open
   */
  open(open) {
    const { top, bottom } = this.add.getBoundingClientRect();
    const below = window.innerHeight - bottom;
    this.menu.classList.toggle('above', top > below);
    const room = Math.max(top, below) - MENU.margin;
    this.menu.style.maxHeight = `${Math.max(MENU.smallest, Math.min(MENU.largest, room))}px`;
    this.menu.hidden = !open;
    mark(this.add, 'aria-expanded', open);
    if (open && this.menu.firstElementChild instanceof HTMLElement) this.menu.firstElementChild.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (this.menu.hidden) return;
    const items = [...this.menu.querySelectorAll('button')];
    const here = items.findIndex((item) => item === document.activeElement);
    /** @type {Record<string, number>} */
    const places = {
      ArrowDown: (here + 1) % items.length,
      ArrowUp: (here - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const next = places[event.key];
    if (next !== undefined) items[next]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') {
      this.open(false);
      this.add.focus();
    } else return;
    if (event.key !== 'Tab') event.preventDefault();
  }
}
