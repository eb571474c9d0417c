// The racers' cards, one column of them, each updated in place so that focus and drags survive.

import { h, iconButton, mark, relabel, say } from '../core/dom.js';
import { stepsAt } from '../core/pace.js';
import { brief, letter, SliderRow } from './slider.js';

/** Outlines of the heads, as they are drawn on the map. */
export const SHAPES = {
  circle: '<circle cx="8" cy="8" r="6"/>',
  square: '<rect x="2.5" y="2.5" width="11" height="11"/>',
  diamond: '<path d="M8 .8 15.2 8 8 15.2.8 8z"/>',
  'triangle-up': '<path d="M8 1.5 15 14H1z"/>',
};

class CardView {
  /**
   * @param {string} id
   * @param {(event: object) => void} send
   * @param {(id: string | null) => void} light
   * @param {boolean} recorded there is nobody to send to: sliders stand still, and it can only be hidden
   * @param {(racer: string, name: string) => import('./slider.js').Dragging} dragging
   */
  constructor(id, send, light, recorded, dragging) {
    this.dragging = dragging;
    this.id = id;
    this.send = send;
    this.light = light;
    this.rows = new Map();
    const act = (name, label, kind, click) =>
      iconButton(name, label, { class: 'quiet icon', 'data-testid': `${kind}-${id}`, click });
    this.explain = act('explain', '', 'explain', () => send({ kind: 'explain', racer: id }));
    this.duplicate = act('duplicate', '', 'duplicate', () => send({ kind: 'duplicate', racer: id }));
    this.hide = act('hide', '', 'hide', () => this.toggle());
    this.remove = act('remove', '', 'remove', () => send({ kind: 'remove', racer: id }));
    this.dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
    this.title = h('h3', {});
    this.status = h('span', { class: 'status', 'data-testid': `status-${id}` });
    this.why = h('span', { class: 'unseen' });
    this.sliders = h(recorded ? 'fieldset' : 'div', { class: 'sliders', disabled: recorded });
    this.values = h('p', { class: 'values', 'data-testid': `values-${id}` });
    const actions = recorded ? [this.hide] : [this.explain, this.duplicate, this.hide, this.remove];
    this.element = h(
      'article',
      {
        ...{ class: 'card', 'data-testid': `card-${id}` },
        pointerenter: () => light(this.card.hidden ? null : id),
        pointerleave: () => light(null),
        focusin: () => light(this.card.hidden ? null : id),
        focusout: () => this.element.matches(':hover') || light(null),
      },
      h('header', {}, ...[this.dot, this.title, this.status, this.why], h('span', { class: 'actions' }, ...actions)),
      this.sliders,
      this.values,
    );
  }

  toggle() {
    const hidden = !this.card.hidden;
    this.update({ ...this.card, hidden });
    this.light(hidden ? null : this.id);
    this.send({ kind: 'hide', racer: this.id, hidden });
  }

  /** @param {import('../core/envelope.js').Card} card */
  update(card) {
    if (this.card?.shape !== card.shape) {
      this.dot.innerHTML = `<svg viewBox="0 0 16 16" fill="currentColor">${SHAPES[card.shape]}</svg>`;
    }
    if (this.card?.title !== card.title) this.name(card.title);
    this.card = card;
    this.element.style.setProperty('--racer', card.color);
    this.reveal(this.position ?? Infinity);
    mark(this.element, 'data-hidden', card.hidden);
    relabel(this.hide, ...(card.hidden ? ['show', `Show ${card.title}`] : ['hide', `Hide ${card.title}`]));
    this.values.replaceChildren(...card.sliders.map(spelled));
    const names = card.sliders.map((slider) => slider.name);
    for (const [name, row] of this.rows) {
      if (names.includes(name)) continue;
      row.element.remove();
      this.rows.delete(name);
    }
    card.sliders.forEach((slider, k) => {
      if (!this.rows.has(slider.name)) this.rows.set(slider.name, this.row(slider));
      const row = this.rows.get(slider.name);
      row.update(slider);
      if (this.sliders.children[k] !== row.element) {
        this.sliders.insertBefore(row.element, this.sliders.children[k]);
      }
    });
  }

  /** Says what became of the run once the clock has come to where that holds, and not before. */
  reveal(position) {
    this.position = position;
    const { other, second } = this.card;
    const pair = second ? [other, this.card] : [this.card, other];
    const told = pair.filter(Boolean).map((card) => ({ ...card, known: stepsAt(card, position) >= card.settled }));
    const known = told.some((card) => card.known);
    const each = (said) => told.map((card, k) => (other ? `${'AB'[k]} ${said(card)}` : said(card))).join(' · ');
    say(
      this.status,
      each((card) => (card.known ? card.status : 'running')),
    );
    const why = each((card) => (card.known ? card.why : ''));
    this.status.title = known ? why : 'What becomes of it shows when the clock is there.';
    say(this.why, known ? why : '');
    mark(this.element, 'data-pending', !known);
  }

  name(title) {
    say(this.title, title);
    mark(this.element, 'aria-label', title);
    relabel(this.explain, 'explain', `Explain ${title}`);
    relabel(this.duplicate, 'duplicate', `Duplicate ${title}`);
    relabel(this.remove, 'remove', `Remove ${title}`);
  }

  row(slider) {
    const commit = (value) => this.send({ kind: 'parameter', racer: this.id, name: slider.name, value });
    return new SliderRow(this.id, slider, commit, this.dragging(this.id, slider.name));
  }

  /** A word on what is drawn while a slider is dragged. */
  remark(text) {
    this.remarks ??= this.element.appendChild(h('p', { class: 'remark', 'data-testid': `remark-${this.id}` }));
    say(this.remarks, text);
    this.remarks.hidden = !text;
  }
}

/** A slider that is dragged changes nothing before it is released. */
const STILL = { ready() {}, show: () => null, back() {} };

/** A slider's value as text, for a card without sliders. */
function spelled(slider) {
  return h('span', {}, letter(slider.symbol), ` ${brief(slider.value)}`);
}

export class Cards {
  /**
   * @param {(event: object) => void} send
   * @param {(id: string | null) => void} light
   * @param {boolean} [recorded]
   * @param {(racer: string, name: string) => import('./slider.js').Dragging} [dragging]
   */
  constructor(send, light, recorded = false, dragging = () => STILL) {
    Object.assign(this, { send, light, recorded, dragging });
    this.views = new Map();
    this.list = h('div', { class: 'cards', role: 'group', 'aria-label': 'Racers', 'data-testid': 'cards' });
    this.add = h(
      'button',
      {
        ...{ type: 'button', class: 'add', 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
        ...{ 'data-testid': 'add-racer', click: () => this.open(this.menu.hidden) },
      },
      '+ Add a racer',
    );
    this.menu = h('div', { class: 'menu', role: 'menu', 'aria-label': 'Add a racer', hidden: true });
    this.adder = h('div', { class: 'adder', keydown: (event) => this.key(event) }, this.add, this.menu);
  }

  /** @param {import('../core/envelope.js').Scene} scene */
  update(scene) {
    this.cards = scene.cards;
    const ids = scene.cards.map((card) => card.id);
    const before = this.views.size;
    for (const [id, view] of this.views) {
      if (ids.includes(id)) continue;
      view.element.remove();
      this.views.delete(id);
    }
    scene.cards.forEach((card, k) => {
      if (!this.views.has(card.id)) {
        this.views.set(card.id, new CardView(card.id, this.send, this.light, this.recorded, this.dragging));
      }
      const view = this.views.get(card.id);
      view.position ??= this.whole; // one that joins tells no more than the others
      view.update(card);
      if (this.list.children[k] !== view.element) this.list.insertBefore(view.element, this.list.children[k]);
    });
    // a card that joins others is shown, where they are too many to be seen at once
    if (before && scene.cards.length > before) {
      this.views.get(ids.at(-1)).element.scrollIntoView({ block: 'nearest' });
    }
    const choices = JSON.stringify(scene.choices);
    if (choices === this.choices) return;
    this.choices = choices;
    this.add.disabled = scene.choices.length === 0;
    this.menu.replaceChildren(...scene.choices.map(([key, title]) => this.item(key, title)));
  }

  item(key, title) {
    const click = () => {
      this.open(false);
      this.add.focus();
      this.send({ kind: 'add', name: key });
    };
    return h('button', { type: 'button', role: 'menuitem', 'data-testid': `add-${key}`, click }, title);
  }

  /** @param {number} position the playhead's */
  paint(position) {
    const whole = Math.floor(position);
    if (whole === this.whole) return;
    this.whole = whole;
    for (const view of this.views.values()) view.reveal(whole);
  }

  /** One card has other words while something is dragged. */
  change(id) {
    const view = this.views.get(id);
    view?.update(this.cards.find((card) => card.id === id));
  }

  /** A word on what is drawn while one of its sliders is dragged. */
  remark(id, text) {
    this.views.get(id)?.remark(text);
  }

  /** Opens the card of the racer that is inspected, and folds the others. */
  inspect(id) {
    for (const [key, view] of this.views) {
      mark(view.element, 'data-folded', id !== '' && key !== id);
      mark(view.explain, 'aria-pressed', key === id);
    }
  }

  /** Marks the card whose trail is under the pointer. */
  highlight(id) {
    for (const [key, view] of this.views) view.element.classList.toggle('lit', key === id);
  }

  open(open) {
    const { top, bottom } = this.add.getBoundingClientRect();
    this.menu.classList.toggle('above', top > window.innerHeight - bottom);
    const room = Math.max(top, window.innerHeight - bottom) - 24;
    this.menu.style.maxHeight = `${Math.max(160, Math.min(420, room))}px`;
    this.menu.hidden = !open;
    mark(this.add, 'aria-expanded', open);
    if (open) this.menu.firstElementChild?.focus();
  }

  key(event) {
    if (this.menu.hidden) return;
    const items = [...this.menu.children];
    const here = items.indexOf(document.activeElement);
    const next = {
      ArrowDown: (here + 1) % items.length,
      ArrowUp: (here - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    }[event.key];
    if (next !== undefined) items[next]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') {
      this.open(false);
      this.add.focus();
    } else return;
    if (event.key !== 'Tab') event.preventDefault();
  }
}
