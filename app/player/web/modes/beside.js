// A race beside the race: the same racers on another surface or another rotation, on the same clock.

import { h, mark } from '../core/dom.js';
import { LossPanel } from '../panels/loss.js';
import { MapPanel } from '../panels/map.js';

/** A map and a loss panel, drawn only where a scene has a race beside it. One of the stage's panels. */
export class Beside {
  /**
   * @param {any} plotly
   * @param {import('../panels/map.js').MapListeners & import('../panels/loss.js').LossListeners} listeners
   */
  constructor(plotly, listeners) {
    Object.assign(this, { plotly, listeners, panels: [] });
  }

  /** Where map and losses go: beside those of the race. */
  stand(grounds, loss) {
    Object.assign(this, { grounds, first: loss });
  }

  /** Made on first use, and out of the page where there is nothing beside. */
  show() {
    if (!this.panels.length) {
      this.map = new MapPanel(this.plotly, this.listeners);
      this.loss = new LossPanel(this.plotly, this.listeners);
      this.panels = [this.map, this.loss];
      this.map.element.append(h('span', { class: 'tag' }, 'B'));
      for (const { element } of this.panels) {
        for (const one of element.querySelectorAll('[data-testid]')) one.dataset.testid += '-beside';
      }
    }
    if (this.on) return;
    this.grounds.append(this.map.element);
    this.first.after(this.loss.element);
  }

  get on() {
    return Boolean(this.map?.element.isConnected);
  }

  async update(scene, style, theme, lit) {
    if (!scene.beside) {
      for (const { element } of this.panels) element.remove();
      return;
    }
    const back = this.panels.length && !this.on;
    this.show();
    const told = { ...scene.beside, length: scene.length, still: scene.still };
    if (scene.untold) Object.assign(told, { untold: true, description: scene.description });
    await Promise.all(this.panels.map((panel) => panel.update(told, style, theme, lit)));
    if (back) await this.look(); // there may be other room than it had
  }

  /** One of its runs is another now, for as long as something is dragged. */
  exchanged(index) {
    for (const panel of this.panels) panel.change(index);
  }

  paint(position) {
    if (this.on) for (const panel of this.panels) panel.paint(position);
  }

  remeasure() {
    if (this.on) for (const panel of this.panels) panel.remeasure();
  }

  async settle(step) {
    if (!this.on) return;
    for (const panel of this.panels) await panel.settle(step);
  }

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

/** Whether both races have the same values, and whose the cards show where they have not. */
export class Linking {
  /** @param {(event: object) => void} send */
  constructor(send, shown) {
    this.second = false;
    this.shown = shown;
    this.button = h(
      'button',
      {
        ...{ type: 'button', class: 'plain mode', 'aria-pressed': 'false', 'data-testid': 'beside' },
        ...{
          title: 'Another race beside this one',
          click: () => send({ kind: 'beside', name: this.on ? 'off' : 'on' }),
        },
      },
      'A | B',
    );
    this.link = h('input', {
      ...{ type: 'checkbox', checked: true, 'data-testid': 'linked' },
      change: () => send({ kind: 'beside', name: this.link.checked ? 'linked' : 'apart' }),
    });
    this.sides = ['A', 'B'].map((name, k) =>
      h('button', { type: 'button', 'data-testid': `cards-of-${name}`, click: () => this.turn(k === 1) }, name),
    );
    this.whose = h('div', { class: 'scale', role: 'group', 'aria-label': 'Sliders of' }, ...this.sides);
    this.element = h(
      'div',
      { class: 'linking', hidden: true },
      h('label', { class: 'check' }, this.link, 'same values in A and B'),
      this.whose,
    );
  }

  turn(second) {
    this.second = second;
    this.press();
    this.shown();
  }

  press() {
    this.sides.forEach((button, k) => mark(button, 'aria-pressed', this.second === (k === 1)));
  }

  update(scene, blocked) {
    this.on = Boolean(scene.beside);
    mark(this.button, 'aria-pressed', this.on);
    this.button.disabled = blocked;
    this.element.hidden = !this.on;
    this.link.checked = scene.linked;
    this.whose.hidden = scene.linked;
    if (!this.on || scene.linked) this.second = false;
    this.press();
  }
}
