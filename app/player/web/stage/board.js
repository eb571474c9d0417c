// A board: three panels of any kind on one clock, each with a choice of what it shows.

import { h } from '../core/dom.js';
import { decodeBoard } from '../core/envelope.js';
import { SlotPanel } from '../panels/slot.js';
import { Stage } from './stage.js';

/** Milliseconds after which the page is asked for news of a training: the first come soon. */
const SOON = 150;
const POLL = 600;

export class Board extends Stage {
  build() {
    this.wait = SOON / 2;
    const { send, ...listeners } = this.listeners();
    const choose = (kind, slot) => (name) => send({ kind, slot, name });
    this.panels = [0, 1, 2].map(
      (slot) => new SlotPanel(this.plotly, slot, listeners, choose('view', slot), choose('option', slot)),
    );
    const [left, right, below] = this.panels.map((panel) => panel.element);
    return h('div', { class: 'stage board' }, h('div', { class: 'pair' }, left, right), this.transport.element, below);
  }

  decode(data) {
    return decodeBoard(data);
  }

  arrange(scene) {
    clearTimeout(this.polling);
    this.wait = scene.busy ? Math.min(POLL, 2 * this.wait) : SOON / 2;
    if (scene.busy) this.polling = setTimeout(() => this.poll(), this.wait);
  }

  /** Asks for news, unless something that brings them anyway is on its way. */
  poll() {
    if (this.outbox.idle) this.outbox.send({ kind: 'poll' });
    this.polling = setTimeout(() => this.poll(), POLL);
  }

  destroy() {
    clearTimeout(this.polling);
    super.destroy();
  }
}
