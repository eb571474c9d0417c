// The loss landscape: plotly's contours of the plane, and over them the runs as they are seen from it. A dot has the
// colour of its true loss: where that is not the ground's, the run is off the plane.

import { MomentView } from './chart.js';
import { caption, outline } from '../drawing/canvas.js';
import { short } from '../core/digits.js';
import { dashes } from '../core/geometry.js';
import { mapTraces } from '../drawing/figures.js';
import { letters, thick } from '../core/scale.js';
import { blend } from '../core/theme.js';

export class PlaneView extends MomentView {
  traces() {
    const ground = mapTraces({ map: this.panel }, this.style, this.theme.font);
    const paths = this.panel.paths.map((path) => {
      const card = this.scene.cards[path.racer];
      return {
        ...{ type: 'scatter', mode: 'markers', x: path.x, y: path.y, showlegend: false, visible: !card.hidden },
        ...{ meta: card.id, name: card.title, marker: { size: 9, opacity: 0, color: card.color } },
        text: Array.from(
          path.steps,
          (step, k) =>
            `step ${step}<br>true loss ${short(path.loss[k], 4)}<br>${short(path.distance[k], 4)} off the plane`,
        ),
        hovertemplate: '<b>%{fullData.name}</b>, %{text}<extra></extra>',
      };
    });
    return [...ground, ...paths];
  }

  runs() {
    return this.panel.paths;
  }

  clear() {
    super.clear();
    this.taken = [];
  }

  stroke(context, { x, y }, card, path, last) {
    const point = (k) => [x.offset + x.slope * path.x[k], y.offset + y.slope * path.y[k]];
    context.setLineDash(dashes(card.dash));
    for (const [width, color] of [
      [5, this.style.paper],
      [2.25, card.color],
    ]) {
      context.lineWidth = thick(this.style, width);
      context.strokeStyle = color;
      context.beginPath();
      for (let k = 0; k <= last; k++) context.lineTo(...point(k));
      context.stroke();
    }
    context.setLineDash([]);
    for (let k = 0; k <= last; k++) {
      context.beginPath();
      context.arc(...point(k), thick(this.style, 3.6), 0, 2 * Math.PI);
      context.fillStyle = blend(this.style.colorscale, path.shares[k]);
      context.fill();
      context.lineWidth = thick(this.style, 1.4);
      context.strokeStyle = card.color;
      context.stroke();
    }
    const [left, top] = point(last);
    outline(context, card.shape, left, top, thick(this.style, 6));
    context.fillStyle = card.color;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = this.style.paper;
    context.stroke();
    context.font = `${letters(this.style, 11)}px ${this.theme.font}`;
    context.textBaseline = 'middle';
    const [low, high] = this.panel.layout.xaxis.range;
    if (path.distance[last] < 1e-3 * (high - low)) return;
    const text = `${short(path.distance[last], 2)} off the plane`;
    const wide = context.measureText(text).width;
    const beside = left + 9 + wide > this.frames[0].width ? left - 9 - wide : left + 9;
    let level = top - 9;
    while (this.taken.some(([x, y]) => Math.abs(beside - x) < wide + 4 && Math.abs(level - y) < letters(this.style, 14))) level += 1;
    this.taken.push([beside, level]);
    caption(context, text, beside, level, this.style.muted, this.style.paper);
  }
}
