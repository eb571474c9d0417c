// One player: the panels, the transport and the cards on one clock.

import { Cards } from './cards.js';
import { Clock } from './clock.js';
import { h, mark, say } from './dom.js';
import { decode } from './envelope.js';
import { LossPanel } from './loss.js';
import { MapPanel } from './map.js';
import { Outbox } from './outbox.js';
import { Save } from './save.js';
import { readTheme } from './theme.js';
import { Transport } from './transport.js';

/** Milliseconds of rest after which the trails become plotly's own traces. */
const REST = 250;

/** What ends a press; a drag that the browser takes over ends without a pointerup. */
const LIFTS = ['pointerup', 'pointercancel', 'mouseup'];

export class Player {
  /**
   * @param {HTMLElement} root
   * @param {any} plotly
   */
  constructor(root, plotly) {
    this.root = root;
    this.plotly = plotly;
    this.outbox = new Outbox();
    this.paints = [];
    this.ticket = 0;
    const send = (event) => this.outbox.send(event);
    const moved = () => this.rest();
    const hover = (id) => this.cards.highlight(id);
    this.clock = new Clock(moved, () => this.changed());
    this.transport = new Transport(this.clock, () => this.clock.pause());
    this.map = new MapPanel(plotly, { moved, hover, start: (x, y) => send({ kind: 'start', x, y }) });
    this.loss = new LossPanel(plotly, { moved, hover, scrub: (step) => this.scrub(step) });
    this.cards = new Cards(
      (event) => this.act(event),
      (id) => this.light(id),
    );
    this.save = new Save(() => this.shot());
    this.live = h('div', { class: 'unseen', 'aria-live': 'polite', 'data-testid': 'live' });
    root.replaceChildren(
      h('div', { class: 'stage' }, this.map.element, this.transport.element, this.loss.element),
      h('div', { class: 'side' }, this.save.element, this.cards.list, this.cards.adder),
      this.live,
    );
    mark(root, 'data-settled', false);
    mark(root, 'data-playing', false);
    this.listen();
  }

  listen() {
    this.onkey = (event) => this.transport.key(event);
    this.onpress = (event) => {
      this.pressed = true;
      this.dismiss(event);
    };
    this.onlift = () => (this.pressed = false);
    document.addEventListener('keydown', this.onkey);
    document.addEventListener('pointerdown', this.onpress, true);
    for (const end of LIFTS) document.addEventListener(end, this.onlift, true);
    this.root.addEventListener('click', release, true);
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.map.element);
  }

  /** Streamlit's call: new data, a new theme, or nothing new. */
  async update({ data, setTriggerValue }) {
    this.outbox.open((event) => setTriggerValue('event', event));
    const theme = readTheme(this.root);
    const same = data === this.data && theme.key === this.theme?.key;
    if (!data || same) return;
    const first = !this.scene;
    const before = this.scene;
    const scene = data === this.data ? this.scene : decode(data);
    const style = scene.styles[theme.dark ? 'dark' : 'light'];
    Object.assign(this, { data, theme, scene, style });
    mark(this.root, 'data-theme', theme.dark ? 'dark' : 'light');
    this.size = this.measured();

    this.unsettle();
    // Before anything is waited for, the clock knows the new length and the cards the new words.
    this.clock.resize(scene.steps);
    if (first) this.clock.position = scene.steps;
    this.transport.resize(scene.steps);
    this.cards.update(scene);
    // A card that is gone sends no word that the pointer left it.
    const lit = this.map.overlay.lit;
    if (!scene.cards.some((card) => card.id === lit)) this.map.overlay.lit = this.loss.overlay.lit = null;
    this.announce(before, scene);
    await Promise.all([this.map.update(scene, style, theme), this.loss.update(scene, style, theme)]);
    if (this.scene === scene && !this.gone) this.rest();
  }

  /** An event of the cards; what it does to the picture is shown at once where it needs no new arrays. */
  act(event) {
    if (event.kind === 'hide') {
      this.scene.cards.find((card) => card.id === event.racer).hidden = event.hidden;
      this.remeasure();
    }
    this.outbox.send(event);
  }

  remeasure() {
    this.map.overlay.measure(this.map.plot);
    this.loss.overlay.measure(this.loss.plot);
    this.rest();
  }

  changed() {
    mark(this.root, 'data-playing', this.clock.playing);
    this.transport.paint(this.clock.position);
    if (this.clock.playing) this.unsettle();
  }

  scrub(step) {
    this.clock.pause();
    this.clock.seek(step);
  }

  paint() {
    const began = performance.now();
    const { position } = this.clock;
    this.map.overlay.paint(position);
    this.loss.overlay.paint(position);
    this.transport.paint(position);
    this.cards.paint(Math.floor(position));
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
    await this.map.settle(step);
    if (ticket !== this.ticket || this.gone) return;
    await this.loss.settle(step);
    if (ticket === this.ticket && !this.gone) mark(this.root, 'data-settled', true);
  }

  /** Lights one racer up on both panels; the others dim. */
  light(id) {
    if (!this.scene) return;
    this.map.light(id);
    this.loss.light(id);
    if (!this.clock.playing) this.paint();
  }

  announce(before, scene) {
    if (!before) return;
    const old = new Map(before.cards.map((card) => [card.id, card.status]));
    const news = scene.cards.filter((card) => card.status && old.get(card.id) !== card.status);
    if (news.length) say(this.live, news.map((card) => `${card.title}: ${card.status}`).join('; '));
  }

  shot() {
    return {
      ...{ plotly: this.plotly, scene: this.scene, view: this.map.range(), limits: this.map.limits() },
      ...{ step: Math.floor(this.clock.position), scale: this.loss.scale },
      dark: this.theme.dark,
    };
  }

  measured() {
    const { clientWidth, clientHeight } = this.map.element;
    return `${clientWidth} × ${clientHeight} @ ${window.devicePixelRatio}`;
  }

  async resized() {
    const size = this.measured();
    if (!this.scene || size === this.size || this.gone) return;
    this.size = size;
    await Promise.all([this.map.look(), this.loss.look()]);
  }

  /** Closes panel and menu on a press anywhere else. */
  dismiss(event) {
    if (!this.save.element.contains(event.target)) this.save.open(false);
    if (!this.cards.adder.contains(event.target) && !this.cards.menu.hidden) this.cards.open(false);
  }

  destroy() {
    this.gone = true;
    this.clock.pause();
    this.unsettle();
    this.outbox.close();
    this.root.removeEventListener('click', release, true);
    this.observer.disconnect();
    document.removeEventListener('keydown', this.onkey);
    document.removeEventListener('pointerdown', this.onpress, true);
    for (const end of LIFTS) document.removeEventListener(end, this.onlift, true);
    this.map.destroy();
    this.loss.destroy();
    this.root.replaceChildren();
  }
}

/** A button pressed with the mouse lets go of the focus: the space bar is to play, not to press it again. */
function release(event) {
  const button = event.target.closest?.('button');
  if (event.detail && button && !button.hasAttribute('aria-haspopup')) button.blur();
}
