// Samples as plotly's points, and over them what each network says at the playhead: a curve, or dots.

import { MomentView } from './chart.js';
import { dashes } from '../core/geometry.js';
import { tint } from '../drawing/figures.js';
import { thick } from '../core/scale.js';

export class FitView extends MomentView {
  traces() {
    return this.panel.data.map((trace) => ({ ...tint(trace, this.style), showlegend: false }));
  }

  runs() {
    return this.panel.curves;
  }

  stroke(context, { x, y }, card, curve, moment) {
    const values = curve.frames[moment];
    const point = (k) => [x.offset + x.slope * this.panel.x[k], y.offset + y.slope * values[k]];
    if (this.panel.mode === 'dots') {
      context.fillStyle = card.color;
      for (let k = 0; k < values.length; k++) {
        context.beginPath();
        context.arc(...point(k), thick(this.style, 3), 0, 2 * Math.PI);
        context.fill();
      }
      return;
    }
    context.setLineDash(dashes(card.dash));
    context.lineWidth = thick(this.style, 2.5);
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
