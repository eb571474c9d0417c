// The player: the panels of a scene as its page arranges them, the cards, and the modes that a page offers.

import { Inspector } from '../cards/inspector.js';
import { RACE } from '../core/clock.js';
import { Subject } from '../cards/subject.js';
import { h, mark } from '../core/dom.js';
import { panelOf, slotsOf } from '../core/envelope.js';
import { stepAt } from '../core/pace.js';
import { StartClick } from '../dragging/click.js';
import { Dragging } from '../dragging/dragging.js';
import { SceneDrag } from '../dragging/scenes.js';
import { paintArrows } from '../drawing/arrows.js';
import { Beside, Linking } from '../modes/beside.js';
import { Fair } from '../modes/fair.js';
import { Predict } from '../modes/predict.js';
import { BigPanel } from '../panels/big.js';
import { MultiplesPanel } from '../panels/multiples.js';
import { PlotPanel } from '../panels/plot.js';
import { SlotPanel } from '../panels/slot.js';
import { SurfacePanel } from '../panels/surface.js';
import { Stage } from './stage.js';

/**
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../panels/plot.js').Listeners} Listeners
 * @typedef {import('../panels/panel.d.ts').StagePanel} StagePanel
 * @typedef {import('./stage.js').Event} Event
 */

/** Panels that can be exchanged for others: at most below a large one, and all where two stand over the third. */
const SLOTS = 2;
const THREE = 3;
/** Steps a second above which the arrows of single steps would only flicker. */
const HURRIED = 10;

export class Player extends Stage {
  /** Panels that can be exchanged for others. @type {SlotPanel[]} */
  slots = [];
  /** What stands below a large panel. @type {HTMLElement | undefined} */
  below;
  /** What holds panels that stand side by side. @type {HTMLElement | undefined} */
  row;
  /** The choice of one more view. @type {HTMLSelectElement | undefined} */
  adder;
  addable = '';
  /** The clicks on maps that wait for a second one. @type {StartClick[]} */
  clicks = [];
  // What pages offer whose first panel can be shown in several ways.
  /** @type {PlotPanel | undefined} */
  map;
  /** @type {PlotPanel | undefined} */
  loss;
  /** @type {BigPanel | undefined} */
  big;
  /** @type {SurfacePanel | undefined} */
  surface;
  /** @type {Beside | undefined} */
  beside;
  /** @type {Linking | undefined} */
  linking;
  /** @type {Fair | undefined} */
  fair;
  /** @type {Predict | undefined} */
  predict;
  /** @type {Dragging | undefined} */
  drags;
  /** @type {Inspector | undefined} */
  inspector;
  /** @type {SceneDrag | undefined} */
  scenes;
  /** The sliders of the surface, and of that of the race beside. @type {Subject[]} */
  subjects = [];

  /**
   * @param {Scene} scene
   * @returns {HTMLElement}
   */
  build(scene) {
    const listeners = this.listeners();
    const fixed = scene.panels.filter(({ choices }) => !choices.length).map(({ key }) => key);
    const plots = fixed.map((key) => this.plot(key, listeners));
    const most = scene.arrangement === 'one above' ? SLOTS : THREE - fixed.length;
    const beside = scene.arrangement === 'one beside';
    const slotted = beside ? { ...listeners, ...this.choosing() } : listeners;
    this.slots = Array.from({ length: most }, (_, slot) => {
      /** @type {(kind: string) => (name: string) => void} */
      const choose = (kind) => (name) => this.send({ kind, slot, name });
      return new SlotPanel(this.plotly, slot, slotted, choose('view'), choose('option'), choose('press'));
    });
    const panels = beside ? [...this.slots, ...plots] : [...plots, ...this.slots];
    const arranged = scene.picture ? this.offer(plots, listeners) : panels;
    if (!scene.picture) this.panels = arranged;
    if (beside) {
      [this.map, this.loss] = plots;
      this.drags = new Dragging(this);
    }
    this.front = arranged[0].element;
    if (scene.arrangement === 'side by side') return this.sideBySide(arranged);
    if (scene.arrangement === 'one above') return this.oneAbove(arranged);
    const stage = this.twoBelow(arranged);
    if (beside) stage.classList.add('beside');
    return stage;
  }

  /** What can be done on a panel of cells: a click chooses one, and the window can be moved. */
  choosing() {
    /** @type {(view: import('../panels/plot.js').View | null) => void} */
    const window = (view) => {
      if (!view) this.send({ kind: 'window', whole: true });
      else {
        const [[left, right], [bottom, top]] = view;
        this.send({ kind: 'window', left, right, bottom, top });
      }
    };
    const recorded = this.recording !== undefined;
    return {
      start: (/** @type {number} */ x, /** @type {number} */ y) => {
        if (!this.dismissing && !recorded) this.send({ kind: 'cell', x, y });
      },
      cells: {
        window,
        recorded,
        waits: () => this.outbox.holds(({ kind }) => kind === 'window'),
      },
    };
  }

  /**
   * A panel that is always there.
   * @param {string} key
   * @param {Listeners} listeners
   */
  plot(key, listeners) {
    /** @type {(x: number, y: number) => void} */
    const send = (x, y) => this.send({ kind: 'start', x, y });
    /** @type {(x: number, y: number) => void} */
    const show = (x, y) => {
      if (this.drags && this.map) this.drags.start(this.drags.first, this.map, x, y);
    };
    const starting = this.starting(() => this.map, send, show);
    /** @type {(act: (x: number, y: number) => void) => (x: number, y: number) => void} */
    const unlessGuessed = (act) => (x, y) => {
      if (this.dismissing || !this.predict?.click(x, y)) act(x, y);
    };
    const drag = { ...starting.drag, dropped: unlessGuessed(starting.drag.dropped) };
    const acts = { ...listeners, ...starting, start: unlessGuessed(starting.start), drag };
    return new PlotPanel(this.plotly, acts, h('div', { class: key }), key, (scene) => panelOf(scene, key));
  }

  /**
   * Builds what a page offers whose first panel can be shown in several ways, modes and a race beside the race among
   * them; returns the panels that are arranged.
   * @param {PlotPanel[]} plots
   * @param {Listeners} listeners
   * @returns {StagePanel[]}
   */
  offer([map, loss], listeners) {
    this.map = map;
    this.loss = loss;
    this.big = this.pictures(map, listeners);
    this.beside = this.second(listeners);
    this.drags = new Dragging(this);
    this.scenes = new SceneDrag(this);
    const subjects = [false, true].map((beside) => this.subject(beside));
    this.subjects = subjects;
    this.aside.push(...subjects.map(({ element }) => element));
    this.linking = new Linking(
      (event) => this.send(/** @type {Event} */ (event)),
      () => this.scene && this.deal(this.scene),
    );
    this.predict = new Predict(this, map);
    this.fair = new Fair((name) => this.send({ kind: 'fair', name }));
    if (this.recording === undefined) {
      this.present.button.after(this.predict.button, this.linking.button, this.fair.button);
      this.aside.push(this.linking.element);
    }
    this.aside.push(this.fair.element);
    this.aside.push(this.predict.list);
    this.inspector = new Inspector(
      () => this.send({ kind: 'explain', racer: this.scene?.inspected?.racer }),
      () => this.send({ kind: 'inspect', racer: '' }),
      this.recording !== undefined,
    );
    this.behind.push(this.inspector.element);
    this.panels = [this.big, loss, this.beside, ...this.slots, this.predict];
    map.painter.more = (pen, { frame }, position) => this.arrows(pen, frame, position);
    return [this.big, loss, ...this.slots];
  }

  /**
   * The sliders of a race's surface.
   * @param {boolean} beside whether it is the race beside
   */
  subject(beside) {
    const flag = beside ? { beside } : {};
    /** @type {import('../cards/subject.js').Acts} */
    const acts = {
      commit: (name, value) => this.send({ kind: 'slide', name, value, ...flag }),
      dragging: (name) => this.scenes?.slider(name, beside) ?? super.dragging('', name),
      pending: (name) =>
        this.outbox.holds((event) => event.kind === 'slide' && event.name === name && Boolean(event.beside) === beside),
    };
    return new Subject(beside ? 'scene-b' : 'scene', beside ? 'B' : 'A', acts, this.recording !== undefined);
  }

  /**
   * Shows a scene that the page's script has not sent, for as long as a slider of the surface is dragged.
   * @param {Scene} scene
   */
  async preview(scene) {
    if (!this.theme) return;
    const drawn = this.show(scene, this.theme);
    this.drags?.markStale(true);
    await drawn;
  }

  async putBack() {
    if (this.sent && this.theme) await this.show(this.sent, this.theme);
  }

  /**
   * The first panel in each of its ways.
   * @param {PlotPanel} map
   * @param {Listeners} listeners
   */
  pictures(map, listeners) {
    /** @type {(scene: Scene) => import('../drawing/marks.js').Panel} */
    const find = (scene) => scene.panels[0];
    const heights = (/** @type {string} */ name) => this.send({ kind: 'heights', name });
    this.surface = new SurfacePanel(this.plotly, { ...listeners, heights }, find);
    const { start, withdraw } = map.listeners;
    const multiples = new MultiplesPanel(this.plotly, { ...listeners, start, withdraw }, find);
    const choose = (/** @type {string} */ name) => this.send({ kind: 'picture', name });
    const big = new BigPanel({ map, surface: this.surface, panels: multiples }, choose, listeners.moved);
    big.element.append(h('span', { class: 'tag' }, 'A'));
    return big;
  }

  /**
   * The race beside the race.
   * @param {Listeners} listeners
   */
  second(listeners) {
    /** @type {(x: number, y: number) => void} */
    const send = (x, y) => this.send({ kind: 'start', x, y, beside: true });
    /** @type {(x: number, y: number) => void} */
    const show = (x, y) => {
      if (this.drags && this.beside?.map) this.drags.start(this.drags.second, this.beside.map, x, y);
    };
    return new Beside(this.plotly, { ...listeners, ...this.starting(() => this.beside?.map, send, show) });
  }

  /**
   * What a click on a map and a drag of its start do, unless the press closes something.
   * @param {() => PlotPanel | undefined} find returns the map
   * @param {(x: number, y: number) => void} send
   * @param {(x: number, y: number) => void} show shows the runs from a start before it is sent
   */
  starting(find, send, show) {
    const click = new StartClick(find, { send, show, putBack: () => this.drags?.putBack() });
    this.clicks.push(click);
    /** @type {(act: (x: number, y: number) => void) => (x: number, y: number) => void} */
    const unless = (act) => (x, y) => {
      if (!this.dismissing && !this.predict?.phase && this.recording === undefined) act(x, y);
    };
    return {
      start: unless((x, y) => click.click(x, y)),
      withdraw: () => click.withdraw(),
      drag: { dragged: unless(show), dropped: unless(send) },
    };
  }

  /**
   * One large panel over all others, side by side.
   * @param {StagePanel[]} panels
   */
  oneAbove([first, ...rest]) {
    this.adder = /** @type {HTMLSelectElement} */ (
      h('select', {
        ...{ class: 'view more', 'aria-label': 'Add a view beside the losses', title: 'Add a view beside the losses' },
        ...{ 'data-testid': 'add-view', change: () => this.add() },
      })
    );
    this.transport.element.append(this.adder);
    this.transport.choose = (/** @type {string} */ name) => this.send({ kind: 'axis', name });
    this.below = h('div', { class: 'below' }, ...rest.map(({ element }) => element));
    const grounds = h('div', { class: 'grounds' }, first.element);
    this.beside?.stand(grounds, rest[0].element);
    const asking = this.predict ? [this.predict.element] : [];
    return h('div', { class: 'stage' }, ...asking, grounds, this.transport.element, this.below);
  }

  /**
   * The first panel over the other two.
   * @param {StagePanel[]} panels
   */
  twoBelow(panels) {
    const [first, ...below] = panels.map(({ element }) => element);
    const pair = h('div', { class: 'pair' }, ...below);
    return h('div', { class: 'stage board' }, first, this.transport.element, pair);
  }

  /**
   * All panels in a row over the transport.
   * @param {StagePanel[]} panels
   */
  sideBySide(panels) {
    this.row = h('div', { class: 'row' }, ...panels.map(({ element }) => element));
    return h('div', { class: 'stage' }, this.row, this.transport.element);
  }

  /**
   * @param {string} racer
   * @param {string} name
   */
  dragging(racer, name) {
    return this.drags?.slider(racer, name) ?? super.dragging(racer, name);
  }

  /**
   * @param {string} racer
   * @param {string} name
   */
  pending(racer, name) {
    return super.pending(racer, name, Boolean(this.linking?.second));
  }

  /**
   * What explains a rule explains here each of its steps.
   * @param {Event} event
   */
  act(event) {
    if (event.kind === 'parameter' && this.linking?.second) return super.act({ ...event, beside: true });
    if (event.kind !== 'explain' || !this.inspector) return super.act(event);
    const open = this.scene?.inspected?.racer === event.racer;
    return super.act({ kind: 'inspect', racer: open ? '' : event.racer });
  }

  /** The card whose steps are explained. */
  get inspected() {
    return this.scene?.cards.find(({ id }) => id === this.scene?.inspected?.racer);
  }

  destroy() {
    for (const click of this.clicks) click.destroy();
    super.destroy();
  }

  paint() {
    super.paint();
    if (this.inspected) this.inspector?.paint(stepAt(this.inspected, this.clock.position));
  }

  /**
   * The step that is explained, as arrows on the map.
   * @param {import('../drawing/heads.js').Pen} pen
   * @param {import('../drawing/canvas.js').Box} frame
   * @param {number} position
   */
  arrows(pen, frame, position) {
    const { playing, speed, steps } = this.clock;
    const hurried = playing && (speed * steps) / RACE > HURRIED;
    const { scene, inspected: card } = this;
    if (!scene || !card || card.hidden || hurried || scene.exchanged.size || this.veiled(scene).untold) return;
    paintArrows(pen, frame, scene.inspected, card, stepAt(card, position));
  }

  /** One more view was chosen. */
  add() {
    if (!this.scene || !this.adder) return;
    const name = this.adder.value;
    this.adder.value = '';
    this.send({ kind: 'view', slot: slotsOf(this.scene).length, name });
  }

  /**
   * Panels that have nothing to show leave their room to the others.
   * @param {Scene} scene
   */
  arrange(scene) {
    const slots = slotsOf(scene).length;
    if (this.row) {
      this.slots.forEach(({ element }, k) => {
        element.hidden = k >= slots;
      });
      mark(this.row, 'data-slots', slots);
      this.transport.element.hidden = scene.clock.end === 0;
    }
    if (!this.adder || !this.below) return;
    const shown = scene.beside && !scene.fair?.trials ? 0 : slots;
    this.slots.forEach((slot, k) => {
      slot.element.hidden = k >= shown;
    });
    mark(this.below, 'data-slots', shown);
    mark(this.root, 'data-beside', Boolean(scene.beside));
    this.adder.hidden =
      this.recording !== undefined || Boolean(scene.beside) || slots >= SLOTS || !scene.addable.length;
    this.arrangeModes(scene);
    const addable = JSON.stringify(scene.addable);
    if (addable === this.addable) return;
    this.addable = addable;
    this.adder.replaceChildren(
      h('option', { value: '' }, '+ view'),
      ...scene.addable.map(([name, text]) => h('option', { value: name }, text)),
    );
  }

  /** Shows again what is dragged, or was chosen since, over a scene that knows only older values. */
  resume() {
    this.cards.resume();
    for (const { rows } of this.subjects) rows.resume();
  }

  get still() {
    return Boolean(this.predict?.phase);
  }

  /** @param {Scene} scene */
  arrangeModes(scene) {
    const { predict, inspector, linking, big, drags, fair } = this;
    if (!predict || !inspector || !linking || !big || !drags || !fair) return;
    const arrived = drags.arrived(scene);
    if (scene === this.sent) {
      // A scene that answers an older value than the thumb shows moves no thumb.
      this.subjects.forEach((subject, k) => subject.update(k ? scene.beside : scene, Boolean(scene.beside)));
      if (arrived) this.resume();
    }
    big.force(scene.beside || predict.phase ? 'map' : null);
    linking.update(scene, Boolean(predict.phase));
    fair.update(scene, Boolean(predict.phase), this.recording !== undefined);
    mark(this.root, 'data-fair', fair.on);
    predict.button.disabled = Boolean(scene.beside);
    predict.button.title = scene.beside ? 'Only a single race can be predicted' : 'Guess where the racers end';
    const { inspected } = scene;
    const racer = inspected?.racer ?? '';
    mark(this.root, 'data-inspecting', racer !== '');
    this.cards.inspect(racer);
    const explained = inspected && scene.beside ? { ...inspected, title: `A · ${inspected.title}` } : inspected;
    if (this.style) {
      inspector.update(
        explained,
        scene.cards.find((card) => card.id === racer),
        this.style,
      );
    }
  }

  /**
   * The cards of the race whose values they show.
   * @param {Scene} scene
   */
  deal(scene) {
    const second = this.linking?.second && !scene.linked ? scene.beside : null;
    this.cards.update(second ? { ...scene, cards: second.cards } : scene);
  }

  /**
   * @param {Scene} scene
   * @returns {Scene}
   */
  veiled(scene) {
    return this.predict?.veiled(scene) ?? scene;
  }

  /**
   * @param {Scene | undefined} before
   * @param {Scene} scene
   */
  turned(before, scene) {
    this.predict?.changed(before, scene);
  }

  changed() {
    super.changed();
    this.predict?.played();
  }

  /**
   * @param {Scene | undefined} before
   * @param {Scene} scene
   */
  announce(before, scene) {
    if (scene === this.sent && !this.veiled(scene).untold) super.announce(before, scene);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean}
   */
  escape(event) {
    return super.escape(event) || Boolean(this.predict?.back());
  }

  screen() {
    const { scene, big, map, surface, beside, loss } = this;
    if (!scene || !big || !map || !surface) return super.screen();
    const maps = [big.view, ...(scene.beside && beside?.map ? [beside.map] : [])];
    return {
      ...super.screen(),
      ...{ picture: big.shown, camera: surface.camera(), scale: loss?.scale || 'log' },
      windows: maps.map((panel) => (panel instanceof PlotPanel && panel.view ? panel.range() : null)),
    };
  }
}
