// A race beside the race: the same racers on another surface or another rotation, on the same clock.

import { h, mark } from '../core/dom.js';
import { panelOf } from '../core/envelope.js';
import { PlotPanel } from '../panels/plot.js';

/**
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {import('../core/theme.js').Theme} Theme
 */

/** A map and a loss panel, drawn only where a scene has a race beside it. One of the stage's panels. */
export class Beside {
  /** @type {PlotPanel[]} */
  panels = [];
  /** @type {PlotPanel | undefined} */
  map;
  /** @type {HTMLElement | undefined} */
  grounds;
  /** @type {HTMLElement | undefined} */
  first;

  /**
   * @param {any} plotly
   * @param {import('../panels/plot.js').Listeners} listeners
   */
  constructor(plotly, listeners) {
    this.plotly = plotly;
    this.listeners = listeners;
  }

  /**
   * Says where map and losses go: beside those of the race.
   * @param {HTMLElement} grounds
   * @param {HTMLElement} losses
   */
  stand(grounds, losses) {
    this.grounds = grounds;
    this.first = losses;
  }

  /** Made on first use, and out of the page where there is nothing beside. */
  show() {
    if (!this.panels.length) {
      this.panels = ['map', 'loss'].map(
        (key) =>
          new PlotPanel(this.plotly, this.listeners, h('div', { class: key }), `${key}-beside`, (scene) =>
            panelOf(scene, key),
          ),
      );
      [this.map] = this.panels;
      this.map.element.append(h('span', { class: 'tag' }, 'B'));
    }
    if (this.on) return;
    this.grounds?.append(this.panels[0].element);
    this.first?.after(this.panels[1].element);
  }

  get on() {
    return Boolean(this.map?.element.isConnected);
  }

  /**
   * @param {Scene} scene
   * @param {Style} style
   * @param {Theme} theme
   * @param {string | null} lit
   */
  async update(scene, style, theme, lit) {
    if (!scene.beside) {
      for (const { element } of this.panels) element.remove();
      return;
    }
    const back = this.panels.length && !this.on;
    this.show();
    const { untold, still, description } = scene;
    const second = { ...scene.beside, still, ...(untold ? { untold, description } : {}) };
    await Promise.all(this.panels.map((panel) => panel.update(second, style, theme, lit)));
    for (const { element } of this.panels) {
      for (const one of /** @type {NodeListOf<HTMLElement>} */ (
        element.querySelectorAll('.zoom [data-testid], .scale [data-testid]')
      )) {
        if (!one.dataset.testid?.endsWith('-beside')) one.dataset.testid += '-beside';
      }
    }
    if (back) await this.look(); // there may be other room than it had
  }

  /**
   * One of its runs is another now, for as long as something is dragged.
   * @param {string} racer
   */
  exchanged(racer) {
    for (const panel of this.panels) panel.change(racer);
  }

  /** @param {number} position */
  paint(position) {
    if (this.on) for (const panel of this.panels) panel.paint(position);
  }

  remeasure() {
    if (this.on) for (const panel of this.panels) panel.remeasure();
  }

  /** @param {number} position */
  async settle(position) {
    if (!this.on) return;
    for (const panel of this.panels) await panel.settle(position);
  }

  /** @param {string | null} id */
  light(id) {
    if (this.on) for (const panel of this.panels) panel.light(id);
  }

  async look() {
    if (this.on) await Promise.all(this.panels.map((panel) => panel.look()));
  }

  destroy() {
    for (const panel of this.panels) panel.destroy();
  }
}

/** The switch for a second race, whether both races have the same values, and whose values the cards show otherwise. */
export class Linking {
  /** Whether the cards show the values of the second race. */
  second = false;
  /** Whether there is a second race. */
  on = false;

  /**
   * @param {(event: import('../core/types.js').PlayerEvent) => void} send
   * @param {() => void} shown called after the cards were switched to the other race
   */
  constructor(send, shown) {
    this.shown = shown;
    this.button = h(
      'button',
      {
        ...{ type: 'button', class: 'plain mode', 'aria-pressed': 'false', 'data-testid': 'beside' },
        title: 'Show a second race beside this one',
        click: () => send({ kind: 'beside', name: this.on ? 'off' : 'on' }),
      },
      'A | B',
    );
    this.link = h('input', {
      ...{ type: 'checkbox', checked: true, 'data-testid': 'linked' },
      change: () => {
        send({ kind: 'beside', name: this.link.checked ? 'linked' : 'apart' });
      },
    });
    this.check = h('label', { class: 'check' }, this.link, 'same values in A and B');
    this.sides = ['A', 'B'].map((name, k) =>
      h('button', { type: 'button', 'data-testid': `cards-of-${name}`, click: () => this.turn(k === 1) }, name),
    );
    this.whose = h(
      'div',
      { class: 'scale', role: 'group', 'aria-label': 'Race that the sliders change' },
      ...this.sides,
    );
    this.element = h('div', { class: 'linking', hidden: true }, this.check, this.whose);
  }

  /** @param {boolean} second whether the cards show the second race */
  turn(second) {
    this.second = second;
    this.press();
    this.shown();
  }

  press() {
    this.sides.forEach((button, k) => mark(button, 'aria-pressed', this.second === (k === 1)));
  }

  /**
   * @param {Scene} scene
   * @param {boolean} blocked whether a mode allows no second race
   */
  update(scene, blocked) {
    this.on = Boolean(scene.beside);
    mark(this.button, 'aria-pressed', this.on);
    this.button.disabled = blocked;
    this.element.hidden = !this.on;
    this.link.checked = scene.linked;
    this.check.hidden = Boolean(scene.fair?.trials);
    this.whose.hidden = scene.linked;
    if (!this.on || scene.linked) this.second = false;
    this.press();
  }
}
