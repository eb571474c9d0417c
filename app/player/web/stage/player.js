// The player: the panels of a scene as its page arranges them, the cards, and the modes that a page offers.

import { Inspector } from '../cards/inspector.js';
import { RACE } from '../core/clock.js';
import { h, mark } from '../core/dom.js';
import { panelOf, slotsOf } from '../core/envelope.js';
import { stepAt } from '../core/pace.js';
import { Dragging } from '../dragging/dragging.js';
import { paintArrows } from '../drawing/arrows.js';
import { Beside, Linking } from '../modes/beside.js';
import { Predict } from '../modes/predict.js';
import { BigPanel } from '../panels/big.js';
import { MultiplesPanel } from '../panels/multiples.js';
import { PlotPanel } from '../panels/plot.js';
import { SlotPanel } from '../panels/slot.js';
import { SurfacePanel } from '../panels/surface.js';
import { Stage } from './stage.js';

/** Panels that can be exchanged for others, at most: below a large one, and where two stand over the third. */
const SLOTS = { 'one above': 2, 'two above': 3 };
/** Steps a second above which the arrows of single steps would only flicker. */
const HURRIED = 10;

export class Player extends Stage {
  /** Builds the panels that a scene has, or may have. */
  build(scene) {
    const { send, ...listeners } = this.listeners();
    const fixed = scene.panels.filter(({ choices }) => !choices.length).map(({ key }) => key);
    const plots = fixed.map((key) => this.plot(key, listeners, send));
    this.slots = Array.from({ length: Math.max(0, SLOTS[scene.arrangement] - (scene.picture ? 0 : fixed.length)) }, (_, slot) => {
      const choose = (kind) => (name) => send({ kind, slot, name });
      return new SlotPanel(this.plotly, slot, listeners, choose('view'), choose('option'));
    });
    this.panels = [...plots, ...this.slots];
    if (scene.picture) this.offer(plots, listeners, send);
    return scene.arrangement === 'one above' ? this.oneAbove(send) : this.twoAbove();
  }

  /** A panel that is always there. */
  plot(key, listeners, send) {
    const start = (x, y) => this.dismissing || this.predict?.click(x, y) || send({ kind: 'start', x, y });
    const dragged = (x, y) => this.drags?.start(this.drags.first, this.map, x, y);
    const acts = { ...listeners, start, drag: { dragged, dropped: start } };
    return new PlotPanel(this.plotly, acts, h('div', { class: key }), key, (scene) => panelOf(scene, key));
  }

  /** What a page offers whose first panel can be shown in several ways: modes, a second race, reasons for each step. */
  offer([map, loss], listeners, send) {
    this.drags = new Dragging(this);
    this.map = map;
    this.loss = loss;
    const find = (scene) => scene.panels[0];
    const heights = (name) => send({ kind: 'heights', name });
    this.surface = new SurfacePanel(this.plotly, { ...listeners, heights }, find);
    this.multiples = new MultiplesPanel(this.plotly, { ...listeners, start: map.listeners.start }, find);
    this.big = new BigPanel(
      { map, surface: this.surface, panels: this.multiples },
      (name) => send({ kind: 'picture', name }),
      listeners.moved,
    );
    this.big.element.append(h('span', { class: 'tag' }, 'A'));
    const start = (x, y) => this.dismissing || this.predict.phase || send({ kind: 'start', x, y, beside: true });
    const dragged = (x, y) => this.drags.start(this.drags.second, this.beside.map, x, y);
    this.beside = new Beside(this.plotly, { ...listeners, start, drag: { dragged, dropped: start } });
    this.linking = new Linking(send, () => this.deal(this.scene));
    this.predict = new Predict(this);
    if (this.recording === undefined) {
      this.present.button.after(this.predict.button, this.linking.button);
      this.aside.push(this.linking.element);
    }
    this.aside.push(this.predict.list);
    this.explaining();
    this.panels = [this.big, loss, this.beside, ...this.slots, this.predict];
    map.painter.more = (pen, { frame }, position) => this.arrows(pen, frame, position);
  }

  /** One large panel over all others, side by side. */
  oneAbove(send) {
    const [first, ...rest] = this.panels.filter((panel) => panel !== this.beside && panel !== this.predict);
    this.adder = h('select', {
      ...{ class: 'view more', 'aria-label': 'Show more beside the losses', title: 'Show more beside the losses' },
      ...{ 'data-testid': 'add-view', change: () => this.choose(send) },
    });
    this.transport.element.append(this.adder);
    this.transport.choose = (name) => send({ kind: 'axis', name });
    this.below = h('div', { class: 'below' }, ...rest.map(({ element }) => element));
    const grounds = h('div', { class: 'grounds' }, first.element);
    this.beside?.stand(grounds, rest[0].element);
    const asking = this.predict ? [this.predict.element] : [];
    return h('div', { class: 'stage' }, ...asking, grounds, this.transport.element, this.below);
  }

  /** Two panels side by side over the third. */
  twoAbove() {
    const [left, right, ...below] = this.panels.map(({ element }) => element);
    return h('div', { class: 'stage board' }, h('div', { class: 'pair' }, left, right), this.transport.element, ...below);
  }

  /** What a card's slider does while it is dragged. */
  dragging(racer, name) {
    return this.drags?.slider(racer, name) ?? { ready() {}, show: () => null, back() {} };
  }

  explaining() {
    const about = () => this.outbox.send({ kind: 'explain', racer: this.scene.inspected.racer });
    const close = () => this.outbox.send({ kind: 'inspect', racer: '' });
    this.inspector = new Inspector(about, close, this.recording !== undefined);
    this.behind.push(this.inspector.element);
  }

  /** What explains a rule here explains each of its steps. */
  act(event) {
    if (event.kind === 'parameter' && this.linking?.second) return super.act({ ...event, beside: true });
    if (event.kind !== 'explain' || !this.inspector) return super.act(event);
    const open = this.scene.inspected?.racer === event.racer;
    return super.act({ kind: 'inspect', racer: open ? '' : event.racer });
  }

  /** The card whose steps are explained. */
  get inspected() {
    return this.scene.cards.find(({ id }) => id === this.scene.inspected?.racer);
  }

  paint() {
    super.paint();
    if (this.inspected) this.inspector?.paint(stepAt(this.inspected, this.clock.position));
  }

  /** The step that is explained, as arrows on the map. */
  arrows(pen, frame, position) {
    const { playing, speed, steps } = this.clock;
    const hurried = playing && (speed * steps) / RACE > HURRIED;
    const card = this.inspected;
    if (!card || card.hidden || hurried || this.scene.exchanged.size || this.veiled(this.scene).untold) return;
    paintArrows(pen, frame, this.scene.inspected, card, stepAt(card, position));
  }

  choose(send) {
    const name = this.adder.value;
    this.adder.value = '';
    send({ kind: 'view', slot: slotsOf(this.scene).length, name });
  }

  /** Panels that have nothing to show leave their room to the others. */
  arrange(scene) {
    if (!this.adder) return;
    const slots = slotsOf(scene).length;
    const shown = scene.beside ? 0 : slots;
    this.slots.forEach((slot, k) => (slot.element.hidden = k >= shown));
    mark(this.below, 'data-slots', shown);
    mark(this.root, 'data-beside', Boolean(scene.beside));
    this.adder.hidden = Boolean(scene.beside) || slots >= SLOTS[scene.arrangement] || !scene.addable.length;
    this.transport.count(scene);
    if (this.predict) this.arrangeModes(scene);
    const spelled = JSON.stringify(scene.addable);
    if (spelled === this.spelled) return;
    this.spelled = spelled;
    this.adder.replaceChildren(
      h('option', { value: '' }, '+ view'),
      ...scene.addable.map(([name, text]) => h('option', { value: name }, text)),
    );
  }

  arrangeModes(scene) {
    this.drags.arrived(scene);
    this.big.force(scene.beside || this.predict.phase ? 'map' : null);
    this.linking.update(scene, Boolean(this.predict.phase));
    this.predict.button.disabled = Boolean(scene.beside);
    this.predict.button.title = scene.beside ? 'One race alone can be predicted' : 'Guess where they end';
    const { inspected } = scene;
    const racer = inspected?.racer ?? '';
    mark(this.root, 'data-inspecting', racer !== '');
    this.cards.inspect(racer);
    const explained = inspected && scene.beside ? { ...inspected, title: `A · ${inspected.title}` } : inspected;
    this.inspector.update(explained, scene.cards.find((card) => card.id === racer), this.style);
  }

  /** The cards of the race whose values they show. */
  deal(scene) {
    const second = this.linking?.second && scene.beside && !scene.linked;
    this.cards.update(second ? { ...scene, cards: scene.beside.cards } : scene);
  }

  veiled(scene) {
    return this.predict?.veiled(scene) ?? scene;
  }

  turned(before, scene) {
    this.predict?.changed(before, scene);
  }

  changed() {
    super.changed();
    this.predict?.played();
  }

  announce(before, scene) {
    if (!this.veiled(scene).untold) super.announce(before, scene);
  }

  escape(event) {
    return super.escape(event) || this.predict?.back();
  }

  shot() {
    const slots = slotsOf(this.scene).length;
    return {
      ...{ plotly: this.plotly, scene: this.scene, scale: this.loss.scale },
      // a map that is not shown may never have been drawn, or with another scene
      view: this.big.shown === 'map' ? this.map.range() : null,
      position: Math.floor(this.clock.position),
      dark: this.theme.dark,
      ...(this.big.shown === 'surface' ? { figure: (wanted) => this.surface.figure(wanted) } : {}),
      ...(this.big.shown === 'panels' ? { hint: 'The picture is of the map with all racers.' } : {}),
      ...(slots ? { hint: 'The picture is of map and losses; Export has the other views too.' } : {}),
      ...(this.scene.beside ? { hint: 'The picture is of A alone.' } : {}),
    };
  }
}

