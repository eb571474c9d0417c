// What every player is: panels, the transport and the cards on one clock. Subclasses say which panels.

import { Cards } from '../cards/cards.js';
import { Clock } from '../core/clock.js';
import { h, mark, say } from '../core/dom.js';
import { decode } from '../core/envelope.js';
import { Outbox } from '../core/outbox.js';
import { pictureOf } from '../drawing/picture.js';
import { Present } from '../modes/present.js';
import { readTheme, setInks } from '../core/theme.js';
import { Guide } from './guide.js';
import { Lists } from './lists.js';
import { Takeaway } from './takeaway.js';
import { Transport } from './transport.js';

/** Milliseconds of rest after which the trails become plotly's own traces. */
const REST = 250;

/** What a press anywhere else closes: menus, Streamlit's panels, and the lists of its choices. */
const OPENED = '.optiscope-player [role="menu"], [data-testid="stPopoverBody"], [role="listbox"]';

/** What ends a press; a drag that the browser takes over ends without a pointerup. */
const LIFTS = ['pointerup', 'pointercancel', 'mouseup'];

/** Milliseconds after which the page is asked for news of a scene that grows: the first come soon. */
const SOON = 150;
const POLL = 600;

/**
 * @typedef {import('../panels/panel.d.ts').Follower} Follower
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {import('../core/theme.js').Theme} Theme
 *
 * @typedef {Record<string, any> & {kind: string}} Event what the reader did, as `Event` of app/player/scene.py
 *
 * @typedef {Object} Component what Streamlit hands over
 * @property {Uint8Array} data
 * @property {(name: string, value: any) => void} setTriggerValue
 */

export class Stage {
  /** @type {Scene | undefined} */
  scene;
  /** @type {Style | undefined} */
  style;
  /** @type {Theme | undefined} */
  theme;
  /** The last scene that the page's script has sent. @type {Scene | undefined} */
  sent;
  /** The envelope of the scene. @type {Uint8Array | undefined} */
  data;
  /** Whatever follows the clock. @type {Follower[]} */
  panels = [];
  /** The first panel, whose size says when to draw anew. @type {HTMLElement} */
  front = h('div');
  /** What else stands over the cards. @type {HTMLElement[]} */
  aside = [];
  /** And below them. @type {HTMLElement[]} */
  behind = [];
  /** How long the last frames took to paint, in milliseconds. @type {number[]} */
  paints = [];
  /** Changes whenever the picture does. */
  ticket = 0;
  /** The racer that is pointed at. @type {string | null} */
  lit = null;
  /** The size of the first panel when it was drawn. */
  size = '';
  raised = false;
  gone = false;
  pressed = false;
  /** Whether the press that is on its way closes something, and does nothing else. */
  dismissing = false;
  /** Until when a scene that grows is not asked for. */
  wait = SOON / 2;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  polling;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** @type {ResizeObserver | undefined} */
  observer;

  /**
   * @param {HTMLElement} root
   * @param {any} plotly
   */
  constructor(root, plotly) {
    this.root = root;
    this.plotly = plotly;
    /** Where what is played was recorded, '' where that has no address; nothing in the app itself. */
    this.recording = root.dataset.recording;
    const recorded = this.recording !== undefined;
    this.outbox = new Outbox(root);
    this.clock = new Clock(
      () => this.rest(),
      () => this.changed(),
    );
    this.transport = new Transport(this.clock, () => this.clock.pause());
    this.cards = new Cards(
      (event) => this.act(/** @type {Event} */ (event)),
      (id) => this.light(id),
      recorded,
      (racer, name) => this.dragging(racer, name),
      (racer, name) => this.pending(racer, name),
    );
    this.takeaway = recorded
      ? new Takeaway('Save picture', () => this.picture(), this.recording)
      : new Takeaway('Export', () => this.send({ kind: 'export', ...this.screen() }));
    this.guide = new Guide((name) => this.send({ kind: 'preset', name }), recorded);
    this.refusal = h('p', { class: 'hint', role: 'alert', 'data-testid': 'refusal', hidden: true });
    this.live = h('div', { class: 'unseen', 'aria-live': 'polite', 'data-testid': 'live' });
    this.present = new Present(root, () => this.redraw());
    this.lists = new Lists();
    this.onkey = (/** @type {KeyboardEvent} */ event) => {
      this.dismissing = false;
      if (behind(event)) return;
      if (event.key === 'Escape') this.escape(event);
      else if (!this.turn(event)) this.transport.key(event);
    };
    this.onpress = (/** @type {PointerEvent} */ event) => {
      this.pressed = true;
      this.dismiss(event);
      if (root.contains(/** @type {Node} */ (event.target))) leaveField(event.target);
    };
    this.onlift = () => {
      this.pressed = false;
    };
    mark(root, 'data-settled', false);
    mark(root, 'data-playing', false);
  }

  /**
   * Puts all in its place, once the first scene says what there is.
   * @param {Scene} scene
   */
  raise(scene) {
    const recorded = this.recording !== undefined;
    if (!recorded) this.takeaway.element.prepend(this.present.button);
    this.takeaway.element.append(this.present.leaving);
    const stage = this.build(scene);
    if (recorded) for (const choice of selectsOf(stage)) choice.disabled = true;
    const last = recorded ? wayBack(this.recording ?? '') : this.cards.adder;
    this.root.replaceChildren(
      this.guide.element,
      stage,
      h(
        'div',
        { class: 'side' },
        this.takeaway.element,
        ...this.aside,
        h('h2', { class: 'unseen' }, 'Racers'),
        this.cards.list,
        ...this.behind,
        last,
        this.refusal,
      ),
      this.live,
    );
    this.raised = true;
    this.listen();
  }

  /**
   * Builds the panels that a scene has, or may have, and returns what holds them.
   * @param {Scene} _scene
   * @returns {HTMLElement}
   */
  build(_scene) {
    return h('div', { class: 'stage' });
  }

  /**
   * What is on the screen, as `read_screen` of app/player/screen.py takes it.
   * @returns {Record<string, any>}
   */
  screen() {
    const theme = this.theme?.dark ? 'dark' : 'light';
    return { step: Math.floor(this.clock.position), picture: '', windows: [], camera: null, scale: 'log', theme };
  }

  /** Saves what is seen of a recording, which has no server to make a file. */
  async picture() {
    this.clock.pause();
    this.light(null);
    while (this.root.dataset.settled !== 'true') await new Promise((next) => requestAnimationFrame(next));
    const address = await pictureOf(this.root, this.plotly);
    h('a', { href: address, download: 'optiscope.png' }).click();
  }

  /**
   * What a card's slider does while it is dragged.
   * @param {string} _racer
   * @param {string} _name
   * @returns {import('../cards/slider.js').Dragging}
   */
  dragging(_racer, _name) {
    return { ready() {}, show: () => null, back() {} };
  }

  /**
   * Whether a value of a card's slider has no answer yet.
   * @param {string} racer
   * @param {string} name
   * @param {boolean} [beside] whether it is a value of the race beside
   */
  pending(racer, name, beside = false) {
    return this.outbox.holds(
      (event) =>
        event.kind === 'parameter' && event.racer === racer && event.name === name && Boolean(event.beside) === beside,
    );
  }

  /**
   * What panels report: the view moved, the pointer is over a racer, the playhead is dragged.
   * @returns {import('../panels/plot.js').Listeners}
   */
  listeners() {
    return {
      moved: () => this.rest(),
      hover: (id) => this.cards.highlight(id),
      scrub: (position) => this.scrub(position),
    };
  }

  /** @param {Event} event */
  send(event) {
    this.outbox.send(event);
  }

  listen() {
    this.lists.listen();
    document.addEventListener('keydown', this.onkey);
    document.addEventListener('pointerdown', this.onpress, true);
    for (const end of LIFTS) document.addEventListener(end, this.onlift, true);
    this.root.addEventListener('click', release, true);
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.front);
  }

  /**
   * Streamlit's call: new data, a new theme, or nothing new.
   * @param {Component} component
   */
  async update({ data, setTriggerValue }) {
    const scene = !data || data === this.data ? this.scene : decode(data);
    if (scene?.again) this.outbox.hold();
    else this.outbox.open((/** @type {Event} */ event) => setTriggerValue('event', event), scene?.answered);
    const theme = this.present.theme(readTheme(this.root));
    const same = data === this.data && theme.key === this.theme?.key;
    if (!data || same || !scene) return;
    this.data = data;
    this.sent = scene;
    await this.show(scene, theme);
  }

  /**
   * Hands a scene to all panels, which draw what changed.
   * @param {Scene} scene
   * @param {Theme} theme
   */
  async show(scene, theme) {
    if (!this.raised) this.raise(scene);
    const first = !this.scene;
    const before = this.scene;
    const style = this.present.style(scene.styles[theme.dark ? 'dark' : 'light']);
    this.theme = theme;
    this.scene = scene;
    this.style = style;
    mark(this.root, 'data-theme', theme.dark ? 'dark' : 'light');
    setInks(this.root, style.strokes.themes[style.theme]);
    this.size = this.measured();

    this.unsettle();
    // Before anything is waited for, the clock knows the new length and the cards the new words.
    const length = scene.clock.end;
    this.clock.resize(length);
    if (first) this.clock.position = length;
    this.guide.update(scene);
    if (this.guide.opening) this.open();
    this.transport.count(scene);
    this.deal(scene);
    // A card that is gone sends no word that the pointer left it.
    if (!scene.cards.some((card) => card.id === this.lit)) this.lit = null;
    this.announce(before, scene);
    this.turned(before, scene);
    this.ask(scene);
    this.refusal.hidden = !scene.refusal;
    say(this.refusal, scene.refusal);
    this.arrange(scene);
    const told = this.veiled(scene);
    await Promise.all(this.panels.map((panel) => panel.update(told, style, theme, this.lit)));
    if (this.scene !== scene || this.gone) return;
    this.rest();
    if (this.guide.takeOpening() && this.clock.position === 0) this.clock.play();
  }

  /** Goes back to the start of a scene that is to be played once it is drawn, unless motion is not wanted. */
  open() {
    this.clock.pause();
    if (this.still || this.clock.reduced.matches) this.guide.takeOpening();
    else this.clock.position = 0;
  }

  /** Whether scenes wait for the reader to play them. */
  get still() {
    return false;
  }

  /**
   * Turns to another preset: the keys of a presenter's remote. Returns whether the key was meant for that.
   * @param {KeyboardEvent} event
   */
  turn(event) {
    const steps = { PageUp: -1, PageDown: 1 }[event.key];
    if (!steps || !this.present.on || this.guide.element.hidden) return false;
    event.preventDefault();
    this.guide.step(steps);
    return true;
  }

  /**
   * A scene that grows is asked for again.
   * @param {Scene} scene
   */
  ask({ busy }) {
    clearTimeout(this.polling);
    this.wait = busy ? Math.min(POLL, 2 * this.wait) : SOON / 2;
    if (busy) this.polling = setTimeout(() => this.poll(), this.wait);
  }

  /** Asks for news, unless something that brings them anyway is on its way. */
  poll() {
    const { idle } = this.outbox;
    if (idle) this.outbox.send({ kind: 'poll' });
    this.polling = setTimeout(() => this.poll(), idle ? POLL : SOON);
  }

  /** Draws everything in another scale, and in the room that it has then. */
  async redraw() {
    if (!this.scene || this.gone) return;
    await this.show(this.scene, this.present.theme(readTheme(this.root)));
    if (!this.gone) await Promise.all(this.panels.map((panel) => panel.look()));
  }

  /**
   * Leaves a mode, unless something else has its own use of the key; returns whether that is settled.
   * @param {KeyboardEvent} event
   * @returns {boolean}
   */
  escape(event) {
    return event.defaultPrevented || wanted(event.target) || this.present.escape();
  }

  /**
   * Hands out the cards.
   * @param {Scene} scene
   */
  deal(scene) {
    this.cards.update(scene);
  }

  /**
   * What a scene changes of the panels' places, before they draw.
   * @param {Scene} _scene
   */
  arrange(_scene) {}

  /**
   * What another scene changes of a mode.
   * @param {Scene | undefined} _before
   * @param {Scene} _scene
   */
  turned(_before, _scene) {}

  /**
   * The scene as the panels may show it.
   * @param {Scene} scene
   */
  veiled(scene) {
    return scene;
  }

  /**
   * An event of the cards; what it does to the picture is shown at once where it needs no new arrays.
   * @param {Event} event
   */
  act(event) {
    if (event.kind === 'hide') {
      const card = this.scene?.cards.find(({ id }) => id === event.racer);
      for (const one of [card, card?.other]) if (one) one.hidden = event.hidden;
      for (const panel of this.panels) panel.remeasure();
      this.rest();
    }
    this.outbox.send(event);
  }

  changed() {
    mark(this.root, 'data-playing', this.clock.playing);
    this.transport.paint(this.clock.position);
    if (this.clock.playing) this.unsettle();
  }

  /** @param {number} position */
  scrub(position) {
    this.clock.pause();
    this.clock.seek(position);
  }

  paint() {
    const began = performance.now();
    const { position } = this.clock;
    for (const panel of this.panels) panel.paint(position);
    this.transport.paint(position);
    this.cards.paint(position);
    mark(this.root, 'data-step', Math.floor(position));
    this.paints.push(performance.now() - began);
    if (this.paints.length > 600) this.paints.shift();
  }

  /** Paints, and unless the clock runs, waits for rest. */
  rest() {
    if (!this.scene || this.gone) return;
    this.unsettle();
    this.paint();
    clearTimeout(this.timer);
    if (!this.clock.playing) this.timer = setTimeout(() => this.settle(), REST);
  }

  unsettle() {
    this.ticket += 1;
    clearTimeout(this.timer);
    mark(this.root, 'data-settled', false);
  }

  async settle() {
    // Plotly drawn anew under a drag would drop it.
    if (this.pressed) {
      this.timer = setTimeout(() => this.settle(), REST);
      return;
    }
    const { ticket } = this;
    const step = Math.floor(this.clock.position);
    for (const panel of this.panels) {
      await panel.settle(step);
      if (ticket !== this.ticket || this.gone) return;
    }
    mark(this.root, 'data-settled', true);
  }

  /**
   * Lights one racer up on all panels; the others dim.
   * @param {string | null} id
   */
  light(id) {
    if (id && this.present.still) return;
    this.lit = id;
    if (!this.scene) return;
    for (const panel of this.panels) panel.light(id);
    if (!this.clock.playing) this.paint();
  }

  /**
   * Says what became of the runs that are others now.
   * @param {Scene | undefined} before
   * @param {Scene} scene
   */
  announce(before, scene) {
    if (!before) return;
    const old = new Map(before.cards.map((card) => [card.id, card.status]));
    const news = scene.cards.filter((card) => card.status && old.get(card.id) !== card.status);
    if (news.length) say(this.live, news.map((card) => `${card.title}: ${card.status}`).join('; '));
  }

  measured() {
    const { clientWidth, clientHeight } = this.front;
    return `${clientWidth} × ${clientHeight} @ ${window.devicePixelRatio}`;
  }

  async resized() {
    const size = this.measured();
    if (!this.scene || size === this.size || this.gone) return;
    this.size = size;
    await Promise.all(this.panels.map((panel) => panel.look()));
  }

  /**
   * Closes the menu on a press anywhere else, which is meant to do nothing but that.
   * @param {PointerEvent} event
   */
  dismiss(event) {
    const target = /** @type {Node} */ (event.target);
    const opened = [...document.querySelectorAll(OPENED)].filter((one) => one.checkVisibility());
    this.dismissing = opened.length > 0 && !opened.some((one) => one.contains(target));
    if (!this.cards.adder.contains(target) && !this.cards.menu.hidden) this.cards.open(false);
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.polling);
    this.clock.pause();
    this.present.destroy();
    this.lists.destroy();
    this.unsettle();
    this.outbox.close();
    this.root.removeEventListener('click', release, true);
    this.observer?.disconnect();
    document.removeEventListener('keydown', this.onkey);
    document.removeEventListener('pointerdown', this.onpress, true);
    for (const end of LIFTS) document.removeEventListener(end, this.onlift, true);
    for (const panel of this.panels) panel.destroy();
    this.root.replaceChildren();
  }
}

/**
 * Takes the focus out of a text field on a press elsewhere. plotly.js keeps the browser from doing so where it draws,
 * and what was typed would be shown without being taken.
 * @param {EventTarget | null} target of the press
 */
function leaveField(target) {
  const field = document.activeElement;
  const text = field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === 'text');
  if (text && field !== target) field.blur();
}

/**
 * The choices of views that a recording cannot change.
 * @param {HTMLElement} stage
 * @returns {NodeListOf<HTMLSelectElement>}
 */
function selectsOf(stage) {
  return stage.querySelectorAll('select.view');
}

/**
 * Whether a dialog of Streamlit's stands in front of the player. It has lost the focus to the page where a button in it
 * was disabled for a while, and hears no Escape then.
 * @param {KeyboardEvent} event
 */
function behind(event) {
  const dialog = document.querySelector('[data-testid="stDialog"]');
  const lost = event.target === document.body && event.key === 'Escape';
  if (lost) /** @type {HTMLElement | null | undefined} */ (dialog?.querySelector('[aria-label="Close"]'))?.click();
  return Boolean(dialog);
}

/**
 * Whether what has the focus, or lies open, uses Escape itself.
 * @param {EventTarget | null} target
 */
function wanted(target) {
  const popover = document.querySelector('[data-testid="stPopoverBody"]');
  const within = target instanceof Element && target.closest('.value, textarea, select, [role=dialog], [role=menu]');
  return Boolean(within || popover?.checkVisibility());
}

/**
 * The line that tells a reader of a recording where its settings can be changed.
 * @param {string} address
 */
function wayBack(address) {
  const link = h('a', { href: address, target: '_blank', rel: 'noopener' }, 'open it in Optiscope');
  const words = address ? ['Playback only: ', link, ' to change it.'] : ['Playback only.'];
  return h('p', { class: 'recording', 'data-testid': 'recording' }, ...words);
}

/**
 * A button pressed with the mouse lets go of the focus: the space bar is to play, not to press it again.
 * @param {MouseEvent} event
 */
function release(event) {
  const button = event.target instanceof Element && event.target.closest('button');
  if (event.detail && button && !button.hasAttribute('aria-haspopup')) button.blur();
}
