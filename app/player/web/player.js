// The race: the map above, the loss curve below.

import { h } from './dom.js';
import { decode } from './envelope.js';
import { LossPanel } from './loss.js';
import { MapPanel } from './map.js';
import { Stage } from './stage.js';

export class Player extends Stage {
  build() {
    const { send, ...listeners } = this.listeners();
    const start = (x, y) => this.dismissing || send({ kind: 'start', x, y });
    this.map = new MapPanel(this.plotly, { ...listeners, start });
    this.loss = new LossPanel(this.plotly, listeners);
    this.panels = [this.map, this.loss];
    return h('div', { class: 'stage' }, this.map.element, this.transport.element, this.loss.element);
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
