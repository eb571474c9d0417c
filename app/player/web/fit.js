// Samples as plotly's points, and over them what each network says at the playhead: a curve, or dots.

import { PlotView, momentAt } from './chart.js';
import { wipe } from './canvas.js';
import { dashes } from './geometry.js';
import { tint } from './figures.js';

export class FitView extends PlotView {
  traces() {
    return this.panel.data.map((trace) => ({ ...tint(trace, this.style), showlegend: false }));
  }

  light(id) {
    this.lit = id;
    this.shown = undefined;
  }

  measured() {
    this.shown = undefined;
  }

  paint(position) {
    if (!this.frames) return;
    const moments = this.panel.curves.map((curve) => momentAt(curve.steps, position)).join();
    if (moments === this.shown) return;
    this.shown = moments;
    wipe(this.above);
    const [frame] = this.frames;
    const { context } = this.above;
    context.save();
    context.translate(frame.left, frame.top);
    context.beginPath();
    context.rect(0, 0, frame.width, frame.height);
    context.clip();
    for (const curve of this.panel.curves) {
      const card = this.scene.cards[curve.racer];
      if (!card || card.hidden) continue;
      context.globalAlpha = this.opacity(card);
      this.stroke(context, frame, card, curve.frames[momentAt(curve.steps, position)]);
    }
    context.restore();
  }

  stroke(context, { x, y }, card, values) {
    const point = (k) => [x.offset + x.slope * this.panel.x[k], y.offset + y.slope * values[k]];
    if (this.panel.mode === 'dots') {
      context.fillStyle = card.color;
      for (let k = 0; k < values.length; k++) {
        context.beginPath();
        context.arc(...point(k), 3, 0, 2 * Math.PI);
        context.fill();
      }
      return;
    }
    context.setLineDash(dashes(card.dash));
    context.lineWidth = 2.5;
    context.strokeStyle = card.color;
    context.beginPath();
    // far outside, a canvas draws nothing at all; the line goes as far as the eye can follow
    for (let k = 0; k < values.length; k++) {
      const [at, up] = point(k);
      context.lineTo(at, Math.min(1e5, Math.max(-1e5, up)));
    }
    context.stroke();
  }
}
