// Histograms of the hidden layers' outputs: a row a racer, a column a layer, at the playhead and, outlined, at step 0.

import { cut, layer, place, wipe } from '../drawing/canvas.js';
import { momentAt } from './chart.js';
import { short } from '../core/digits.js';
import { emphasis } from '../drawing/emphasis.js';
import { letters } from '../core/scale.js';

const HEAD = 18;
const FOOT = 16;

export class HistogramsView {
  constructor(plotly, listeners, host) {
    Object.assign(this, { listeners, host, lit: null });
    this.canvas = layer(host, 'tiles');
  }

  hand(scene) {
    this.scene = scene;
  }

  async draw(panel, scene, style, theme) {
    Object.assign(this, { panel, scene, style, theme, shown: undefined });
    const { clientWidth: width, clientHeight: height } = this.host;
    place(this.canvas, { left: 0, top: 0, width, height });
    this.rows = panel.rows.filter((row) => !scene.cards[row.racer]?.hidden);
    // the tallest of all moments, layer by layer, so that heights can be compared along the run
    for (const row of this.rows) {
      row.tallest = row.layers.map((frames) =>
        Math.sqrt(frames.reduce((top, frame) => frame.reduce((a, b) => Math.max(a, b), top), 1e-9)),
      );
    }
    this.size = { width, height };
  }

  light(id) {
    this.lit = id;
    this.shown = undefined;
  }

  paint(position) {
    if (!this.rows) return;
    const moments = this.rows.map((row) => momentAt(row.steps, position)).join();
    if (moments === this.shown) return;
    this.shown = moments;
    wipe(this.canvas);
    const { context } = this.canvas;
    const { width, height } = this.size;
    const head = letters(this.style, HEAD);
    const foot = letters(this.style, FOOT);
    const tall = (height - 4) / Math.max(1, this.rows.length);
    this.rows.forEach((row, r) => {
      const card = this.scene.cards[row.racer];
      context.globalAlpha = emphasis(this.lit, card);
      const top = r * tall + head;
      context.font = `600 ${letters(this.style, 12)}px ${this.theme.font}`;
      context.fillStyle = card.color;
      context.textAlign = 'left';
      context.textBaseline = 'alphabetic';
      context.fillText(cut(context, card.title, width * 0.6), 10, top - 5);
      const wide = (width - 20) / row.layers.length;
      row.layers.forEach((_, k) =>
        this.cell(context, card, row, k, momentAt(row.steps, position), {
          ...{ left: 10 + k * wide, top, width: wide - 8, height: tall - head - foot },
        }),
      );
    });
    context.globalAlpha = 1;
  }

  cell(context, card, row, k, moment, box) {
    const { left, top, width, height } = box;
    if (width < 4 || height < 4) return;
    const now = row.layers[k][moment];
    const first = row.layers[k][0];
    const wide = width / now.length;
    // square roots, for the spike of ReLU's zeros would flatten all else
    const tall = (value) => (height * Math.sqrt(value)) / row.tallest[k];
    context.fillStyle = card.color;
    now.forEach((value, b) => context.fillRect(left + b * wide, top + height - tall(value), wide + 0.3, tall(value)));
    context.lineWidth = 1;
    context.strokeStyle = this.style.ink;
    context.beginPath();
    first.forEach((value, b) => {
      context.lineTo(left + b * wide, top + height - tall(value));
      context.lineTo(left + (b + 1) * wide, top + height - tall(value));
    });
    context.stroke();
    context.strokeStyle = this.style.grid;
    context.beginPath();
    context.moveTo(left, top + height + 0.5);
    context.lineTo(left + width, top + height + 0.5);
    context.stroke();
    context.font = `${letters(this.style, 10)}px ${this.theme.font}`;
    context.fillStyle = this.style.muted;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const deviation = row.deviations[k][moment];
    const spread = short(Number.isNaN(deviation) ? Infinity : deviation, 2);
    const text = width > letters(this.style, 90) ? `layer ${k + 1}, −4 … 4, σ ${spread}` : `${k + 1}: σ ${spread}`;
    context.fillText(cut(context, text, width + 6), left + width / 2, top + height + 3);
  }

  destroy() {}
}
