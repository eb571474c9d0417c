// The loss curve's overlay: whole curves pale, over them in full colour what has been, and the playhead.

import { frameOf, layer, outline, place, wipe } from './canvas.js';
import { BLEED, emphasis, order } from './emphasis.js';
import { height, pallor } from './heights.js';
import { dashes, draw, exit, inside, lengths } from '../core/geometry.js';
import { stepAt, stepsAt } from '../core/pace.js';
import { thick } from '../core/scale.js';
import { Around, curveOf } from './strands.js';

export const PALE_WIDTH = 1.5;
export const STRONG_WIDTH = 2.25;
export const SPOT = 4.5;

export class CurveOverlay {
  /** @param {HTMLElement} host the element that also holds the plot */
  constructor(host) {
    this.around = new Around(host);
    this.pale = layer(host, 'trails pale');
    this.strong = layer(host, 'trails');
    this.heads = layer(host, 'heads', BLEED);
    this.racers = [];
    this.lit = null;
  }

  /**
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {'log' | 'linear'} scale
   */
  show(scene, style, scale) {
    Object.assign(this, { scene, style, scale });
    this.racers = order(scene.cards).map((index) => ({ index, card: scene.cards[index] }));
  }

  /** Reads the view from the drawn plot and starts the picture anew. */
  measure(plot) {
    this.frame = frameOf(plot);
    this.heads.bleed = thick(this.style, BLEED);
    for (const one of [this.pale, this.strong, this.heads]) place(one, this.frame);
    for (const racer of this.racers) this.follow(racer);
    this.refresh();
  }

  follow(racer) {
    const { values, last } = curveOf(this.scene, racer.index);
    racer.last = last;
    racer.path = this.project(values, last, racer.card.pace);
    racer.lengths = racer.card.dash === 'solid' ? null : lengths(racer.path, this.frame);
  }

  /** One racer's run is another now. */
  change(index) {
    const racer = this.racers.find((one) => one.index === index);
    if (!this.frame || !racer) return;
    this.follow(racer);
    this.refresh();
  }

  /** A loss that a log axis cannot show is not a number here, and leaves a gap. */
  project(losses, last, pace) {
    const { x, y } = this.frame;
    const path = new Float64Array(2 * (last + 1));
    for (let k = 0; k <= last; k++) {
      const value = height(losses[k], this.scale);
      path[2 * k] = x.offset + x.slope * pace * k;
      path[2 * k + 1] = y.offset + y.slope * value;
    }
    return path;
  }

  light(id) {
    this.lit = id;
    if (this.frame) this.refresh();
  }

  refresh() {
    wipe(this.pale);
    this.around.refresh(this.scene, this.style, this.scale, this.frame, this.lit);
    const pale = pallor(this.style);
    for (const racer of this.racers) {
      this.stroke(this.pale.context, racer, 0, racer.last, PALE_WIDTH, pale);
    }
    this.around.paint(this.position ?? 0);
    this.rewind();
  }

  rewind() {
    wipe(this.strong);
    for (const racer of this.racers) racer.done = 0;
  }

  /** @param {number} position */
  paint(position) {
    if (!this.frame) return;
    this.position = position;
    const reached = ({ card, last }) => Math.min(stepAt(card, position), last);
    if (this.racers.some((racer) => racer.done > reached(racer))) this.rewind();
    this.around.paint(position);
    for (const racer of this.racers) {
      const to = reached(racer);
      if (racer.done < to)
        this.stroke(this.strong.context, racer, Math.max(0, racer.done - 1), to, STRONG_WIDTH, 1);
      racer.done = to;
    }
    this.paintHeads(position);
  }

  /** An arrow at the upper edge where a run's loss left the frame. */
  paintExit(context, racer, step) {
    const { card, path, spot } = racer;
    if (!(spot[1] < 0)) return;
    const left = exit(path, Math.min(step, racer.last), spot, this.frame);
    if (!left) return;
    const x = Math.min(this.frame.width - 5, Math.max(5, left.x));
    context.globalAlpha = this.opacity(racer);
    context.setLineDash([]);
    context.beginPath();
    const tall = thick(this.style, 9);
    context.moveTo(x, 1);
    context.lineTo(x - (5 * tall) / 9, 1 + tall);
    context.lineTo(x + (5 * tall) / 9, 1 + tall);
    context.closePath();
    context.lineWidth = 3;
    context.strokeStyle = this.style.paper;
    context.stroke();
    context.fillStyle = card.color;
    context.fill();
  }

  stroke(context, racer, from, to, width, opacity) {
    if (racer.card.hidden) return;
    context.globalAlpha = opacity * this.opacity(racer);
    context.setLineDash(dashes(racer.card.dash));
    context.lineDashOffset = racer.lengths ? racer.lengths[from] : 0;
    context.lineWidth = thick(this.style, width);
    context.strokeStyle = racer.card.color;
    context.beginPath();
    draw(context, racer.path, from, to, this.frame);
    context.stroke();
  }

  opacity(racer) {
    return emphasis(this.lit, racer.card);
  }

  paintHeads(position) {
    wipe(this.heads);
    const { context } = this.heads;
    const { x, height: bottom } = this.frame;
    const line = Math.round(x.offset + x.slope * position) + 0.5;
    context.globalAlpha = 1;
    context.setLineDash([]);
    context.lineWidth = thick(this.style, 1);
    context.strokeStyle = this.style.muted;
    context.beginPath();
    context.moveTo(line, 0);
    context.lineTo(line, bottom);
    context.stroke();
    const shown = this.racers.filter((racer) => !racer.card.hidden);
    context.save();
    context.beginPath();
    context.rect(0, 0, this.frame.width, bottom);
    context.clip();
    for (const racer of shown) {
      racer.spot = this.advance(context, racer, stepsAt(racer.card, position), stepAt(racer.card, position));
    }
    context.restore();
    for (const racer of shown) this.paintSpot(context, racer, stepAt(racer.card, position));
  }

  /** Draws the way from the last whole step towards the next; returns where the spot is. */
  advance(context, racer, position, step) {
    const { path, card, last } = racer;
    if (position >= last) return [path[2 * last], path[2 * last + 1]];
    const part = position - step;
    const k = 2 * step;
    const spot = [path[k] + part * (path[k + 2] - path[k]), path[k + 1] + part * (path[k + 3] - path[k + 1])];
    if (part > 0) {
      const piece = { card, path: [path[k], path[k + 1], ...spot] };
      if (racer.lengths) piece.lengths = [racer.lengths[step]];
      this.stroke(context, piece, 0, 1, STRONG_WIDTH, 1);
    }
    return spot;
  }

  paintSpot(context, racer, step) {
    const { card, spot } = racer;
    if (!inside(spot[0], spot[1], this.frame)) {
      this.paintExit(context, racer, step);
      return;
    }
    context.globalAlpha = this.opacity(racer);
    outline(context, card.shape, spot[0], spot[1], thick(this.style, SPOT));
    context.setLineDash([]);
    context.lineWidth = 3;
    context.strokeStyle = this.style.paper;
    context.stroke();
    context.fillStyle = card.color;
    context.fill();
  }
}
