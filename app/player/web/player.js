// The race: the map above, the loss curve below, and beside it what else is to be seen.

import { h, mark } from './dom.js';
import { decode } from './envelope.js';
import { LossPanel } from './loss.js';
import { MapPanel } from './map.js';
import { SlotPanel } from './slot.js';
import { Stage } from './stage.js';

/** Panels beside the losses, at most. */
const SLOTS = 2;

export class Player extends Stage {
  build() {
    const { send, ...listeners } = this.listeners();
    const start = (x, y) => this.dismissing || send({ kind: 'start', x, y });
    this.map = new MapPanel(this.plotly, { ...listeners, start });
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
    this.below = h('div', { class: 'below' }, this.loss.element, ...this.slots.map((slot) => slot.element));
    this.panels = [this.map, this.loss, ...this.slots];
    return h('div', { class: 'stage' }, this.map.element, this.transport.element, this.below);
  }

  choose(send) {
    const name = this.adder.value;
    this.adder.value = '';
    send({ kind: 'view', slot: this.scene.slots.length, name });
  }

  /** Panels that have nothing to show leave their room to the others. */
  arrange(scene) {
    this.slots.forEach((slot, k) => (slot.element.hidden = k >= scene.slots.length));
    mark(this.below, 'data-slots', scene.slots.length);
    this.adder.hidden = scene.slots.length >= SLOTS;
    const spelled = JSON.stringify(scene.views);
    if (spelled === this.spelled) return;
    this.spelled = spelled;
    this.adder.replaceChildren(
      h('option', { value: '' }, '+ view'),
      ...scene.views.map(([name, text]) => h('option', { value: name }, text)),
    );
  }

  decode(data) {
    return decode(data);
  }

  shot() {
    return {
      ...{ plotly: this.plotly, scene: this.scene, view: this.map.range(), limits: this.map.limits() },
      ...{ step: Math.floor(this.clock.position), scale: this.loss.scale },
      dark: this.theme.dark,
    };
  }
}
