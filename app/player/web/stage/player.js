// The race: the map above, the loss curve below, and beside it what else is to be seen.

import { Beside, Linking } from '../modes/beside.js';
import { BigPanel } from '../panels/big.js';
import { RACE } from '../core/clock.js';
import { h, mark } from '../core/dom.js';
import { Dragging } from '../dragging/dragging.js';
import { decode } from '../core/envelope.js';
import { Inspector } from '../cards/inspector.js';
import { LossPanel } from '../panels/loss.js';
import { MapPanel } from '../panels/map.js';
import { stepAt } from '../core/pace.js';
import { Predict } from '../modes/predict.js';
import { MultiplesPanel } from '../panels/multiples.js';
import { SlotPanel } from '../panels/slot.js';
import { Stage } from './stage.js';
import { SurfacePanel } from '../panels/surface.js';

/** Panels beside the losses, at most. */
const SLOTS = 2;
/** Steps a second above which the arrows of single steps would only flicker. */
const HURRIED = 10;

export class Player extends Stage {
  build() {
    const { send, ...listeners } = this.listeners();
    const drags = (this.drags = new Dragging(this));
    const start = (x, y) => this.dismissing || this.predict.click(x, y) || send({ kind: 'start', x, y });
    const drag = { dragged: (x, y) => drags.start(drags.first, this.map, x, y), dropped: start };
    const startBeside = (x, y) => this.dismissing || this.predict.phase || send({ kind: 'start', x, y, beside: true });
    const dragBeside = { dragged: (x, y) => drags.start(drags.second, this.beside.map, x, y), dropped: startBeside };
    this.beside = new Beside(this.plotly, { ...listeners, start: startBeside, drag: dragBeside });
    this.linking = new Linking(send, () => this.deal(this.scene));
    this.map = new MapPanel(this.plotly, { ...listeners, start, drag });
    const heights = (name) => send({ kind: 'heights', name });
    this.surface = new SurfacePanel(this.plotly, { ...listeners, heights });
    this.multiples = new MultiplesPanel(this.plotly, { ...listeners, start });
    this.big = new BigPanel(
      { map: this.map, surface: this.surface, panels: this.multiples },
      (name) => send({ kind: 'picture', name }),
      listeners.moved,
    );
    this.loss = new LossPanel(this.plotly, listeners);
    const choose = (slot) => (name) => send({ kind: 'view', slot, name });
    this.slots = Array.from(
      { length: SLOTS },
      (_, slot) => new SlotPanel(this.plotly, slot, listeners, choose(slot), () => {}),
    );
    this.adder = h('select', {
      ...{ class: 'view more', 'aria-label': 'Show more beside the losses', title: 'Show more beside the losses' },
      ...{ 'data-testid': 'add-view', change: () => this.choose(send) },
    });
    this.transport.element.append(this.adder);
    this.transport.choose = (name) => send({ kind: 'axis', name });
    const slots = this.slots.map((slot) => slot.element);
    this.below = h('div', { class: 'below' }, this.loss.element, ...slots);
    this.big.element.append(h('span', { class: 'tag' }, 'A'));
    this.predict = new Predict(this);
    if (this.recording === undefined) this.present.button.after(this.predict.button, this.linking.button);
    if (this.recording === undefined) this.aside.push(this.linking.element);
    this.aside.push(this.predict.list);
    this.explaining();
    this.panels = [this.big, this.loss, this.beside, ...this.slots, this.predict];
    const grounds = h('div', { class: 'grounds' }, this.big.element);
    this.beside.stand(grounds, this.loss.element);
    return h('div', { class: 'stage' }, this.predict.element, grounds, this.transport.element, this.below);
  }

  /** What a card's slider does while it is dragged. */
  dragging(racer, name) {
    return this.drags.slider(racer, name);
  }

  explaining() {
    const about = () => this.outbox.send({ kind: 'explain', racer: this.scene.inspected.racer });
    const close = () => this.outbox.send({ kind: 'inspect', racer: '' });
    this.inspector = new Inspector(about, close, this.recording !== undefined);
    this.behind.push(this.inspector.element);
  }

  /** What explains a rule here explains each of its steps. */
  act(event) {
    if (event.kind === 'parameter' && this.linking.second) return super.act({ ...event, beside: true });
    if (event.kind !== 'explain') return super.act(event);
    const open = this.scene.inspected?.racer === event.racer;
    return super.act({ kind: 'inspect', racer: open ? '' : event.racer });
  }

  paint() {
    const { playing, speed, steps } = this.clock;
    this.map.overlay.hurried = playing && (speed * steps) / RACE > HURRIED;
    super.paint();
    const card = this.scene.cards.find(({ id }) => id === this.scene.inspected?.racer);
    if (card) this.inspector.paint(stepAt(card, this.clock.position));
  }

  choose(send) {
    const name = this.adder.value;
    this.adder.value = '';
    send({ kind: 'view', slot: this.scene.slots.length, name });
  }

  /** Panels that have nothing to show leave their room to the others. */
  arrange(scene) {
    this.drags.arrived(scene);
    const shown = scene.beside ? 0 : scene.slots.length;
    this.big.force(scene.beside || this.predict.phase ? 'map' : null);
    this.linking.update(scene, Boolean(this.predict.phase));
    this.predict.button.disabled = Boolean(scene.beside);
    this.predict.button.title = scene.beside ? 'One race alone can be predicted' : 'Guess where they end';
    mark(this.root, 'data-beside', Boolean(scene.beside));
    this.slots.forEach((slot, k) => (slot.element.hidden = k >= shown));
    mark(this.below, 'data-slots', shown);
    this.adder.hidden = Boolean(scene.beside) || scene.slots.length >= SLOTS;
    this.transport.count(scene);
    const inspected = scene.inspected?.racer ?? '';
    mark(this.root, 'data-inspecting', inspected !== '');
    this.cards.inspect(inspected);
    const { inspected: found } = scene;
    const explained = found && scene.beside ? { ...found, title: `A · ${found.title}` } : found;
    this.inspector.update(
      explained,
      scene.cards.find((card) => card.id === inspected),
      this.style,
    );
    const spelled = JSON.stringify(scene.views);
    if (spelled === this.spelled) return;
    this.spelled = spelled;
    this.adder.replaceChildren(
      h('option', { value: '' }, '+ view'),
      ...scene.views.map(([name, text]) => h('option', { value: name }, text)),
    );
  }

  /** The cards of the race whose values they show. */
  deal(scene) {
    const second = this.linking.second && scene.beside && !scene.linked;
    this.cards.update(second ? { ...scene, cards: scene.beside.cards } : scene);
  }

  veiled(scene) {
    return this.predict.veiled(scene);
  }

  turned(before, scene) {
    this.predict.changed(before, scene);
  }

  changed() {
    super.changed();
    this.predict.played();
  }

  announce(before, scene) {
    if (!this.veiled(scene).untold) super.announce(before, scene);
  }

  escape(event) {
    return super.escape(event) || this.predict.back();
  }

  decode(data) {
    return decode(data);
  }

  shot() {
    return {
      ...{ plotly: this.plotly, scene: this.scene, limits: this.map.limits(this.scene) },
      // a map that is not shown may never have been drawn, or with another scene
      view: this.big.shown === 'map' ? this.map.range() : this.scene.window,
      ...{ step: Math.floor(this.clock.position), scale: this.loss.scale },
      dark: this.theme.dark,
      ...(this.big.shown === 'surface' ? { figure: (wanted) => this.surface.figure(wanted) } : {}),
      ...(this.big.shown === 'panels' ? { hint: 'The picture is of the map with all racers.' } : {}),
      ...(this.scene.slots.length ? { hint: 'The picture is of map and losses; Export has the other views too.' } : {}),
      ...(this.scene.beside ? { hint: 'The picture is of A alone.' } : {}),
    };
  }
}
