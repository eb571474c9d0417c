// Trails and heads over the map, on canvases: what moves is drawn here, sixty times a second.

import { frameOf, layer, place, wipe } from './canvas.js';
import { dashes, draw, inside, lengths, project } from '../core/geometry.js';
import { BLEED, emphasis, order } from './emphasis.js';
import { paintArrows } from './arrows.js';
import { paintHead, paintStart } from './heads.js';
import { stepAt, stepsAt } from '../core/pace.js';
import { thick } from '../core/scale.js';
import { Strands } from './strands.js';

export const WIDTH = 2.5;
export const CASING = 5.5;
/** Diameter of the dot at a step, and the distance from the step before below which it is left out. */
export const DOT = 4.6;
export const SPARSE = 5;

/**
 * One canvas off screen keeps each trail, so that a frame only adds what is new and copies the small part of
 * the picture that changed. Within a trail the casing goes under what is there already, as it does in SVG.
 */
export class MapOverlay {
  /** @param {HTMLElement} host the element that also holds the plot */
  constructor(host) {
    this.strands = new Strands(host);
    this.trails = layer(host, 'trails');
    this.heads = layer(host, 'heads', BLEED);
    this.racers = [];
    this.lit = null;
  }

  /**
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {string} font
   */
  show(scene, style, font) {
    Object.assign(this, { scene, style, font });
    this.strands.show(scene, style);
    const old = this.racers;
    this.racers = order(scene.cards).map((index, k) => ({
      ...{ index, card: scene.cards[index], layer: old[k]?.layer ?? layer(null) },
    }));
  }

  /** Reads the view from the drawn plot and starts the picture anew. */
  measure(plot, frame = frameOf(plot)) {
    this.frame = frame;
    this.heads.bleed = thick(this.style, BLEED);
    place(this.trails, this.frame);
    place(this.heads, this.frame);
    for (const racer of this.racers) {
      place(racer.layer, this.frame);
      this.project(racer);
    }
    this.strands.measure(frame);
    this.fresh = true;
  }

  project(racer) {
    const { card } = racer;
    racer.path = project(this.scene.positions[racer.index], card.leaves, this.frame);
    racer.lengths = card.dash === 'solid' ? null : lengths(racer.path, this.frame);
    racer.done = 0;
  }

  /** One racer's run is another now; the others' trails stay as they are drawn. */
  change(index) {
    const racer = this.racers.find((one) => one.index === index);
    if (!this.frame || !racer) return;
    wipe(racer.layer);
    this.project(racer);
    this.strands.measure(this.frame);
    this.fresh = true;
  }

  /** Lights one trail up by dimming all others. */
  light(id) {
    this.lit = id;
    this.fresh = true;
  }

  /** @param {number} position whole steps, and between them a fraction of the way to the next */
  paint(position) {
    if (!this.frame) return;
    const reached = ({ card }) => Math.min(stepAt(card, position), card.leaves);
    if (this.racers.some((racer) => racer.done > reached(racer))) this.rewind();
    this.strands.paint(position, this.lit);
    const dirty = [];
    for (const racer of this.racers) {
      const to = reached(racer);
      if (racer.done < to && !racer.card.hidden) dirty.push(this.extend(racer, racer.done, to));
      racer.done = Math.max(racer.done, to);
    }
    this.compose(dirty);
    this.paintHeads(position);
  }

  rewind() {
    for (const racer of this.racers) {
      wipe(racer.layer);
      racer.done = 0;
    }
    this.fresh = true;
  }

  /** Draws the steps `from` … `to` of one trail on its layer; returns the box that changed. */
  extend(racer, from, to) {
    const { context } = racer.layer;
    // The last segment is drawn again, for the corner between it and the next.
    this.stroke(context, racer, Math.max(0, from - 1), to, 'destination-over');
    const { path } = racer;
    context.fillStyle = racer.card.color;
    const dot = thick(this.style, DOT) / 2;
    context.beginPath();
    for (let k = Math.max(1, from); k <= to; k++) {
      const x = path[2 * k];
      const y = path[2 * k + 1];
      if (!sparse(path, k, this.style) || !inside(x, y, this.frame)) continue;
      context.moveTo(x + dot, y);
      context.arc(x, y, dot, 0, 2 * Math.PI);
    }
    context.fill();
    return bounds(path, Math.max(0, from - 1), to, this.frame, thick(this.style, CASING) + 2);
  }

  stroke(context, racer, from, to, casing) {
    context.beginPath();
    draw(context, racer.path, from, to, this.frame);
    context.globalCompositeOperation = casing;
    // The casing has the gaps too: through them shows a trail that runs below along the same way.
    context.setLineDash(dashes(racer.card.dash));
    context.lineDashOffset = racer.lengths ? racer.lengths[from] : 0;
    context.lineWidth = thick(this.style, CASING);
    context.strokeStyle = this.style.paper;
    context.stroke();
    context.globalCompositeOperation = 'source-over';
    context.lineWidth = thick(this.style, WIDTH);
    context.strokeStyle = racer.card.color;
    context.stroke();
  }

  /** Copies what changed from the layers, in the racers' order. */
  compose(dirty) {
    const { width, height } = this.frame;
    const area = dirty.reduce((sum, [left, top, right, bottom]) => sum + (right - left) * (bottom - top), 0);
    const whole = this.fresh || area > width * height;
    const boxes = whole ? [[0, 0, width, height]] : dirty;
    this.fresh = false;
    const { context, ratio, canvas } = this.trails;
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const box of boxes) {
      const [left, top] = [Math.max(0, Math.floor(box[0] * ratio)), Math.max(0, Math.floor(box[1] * ratio))];
      const w = Math.min(canvas.width, Math.ceil(box[2] * ratio)) - left;
      const h = Math.min(canvas.height, Math.ceil(box[3] * ratio)) - top;
      if (w <= 0 || h <= 0) continue;
      context.clearRect(left, top, w, h);
      for (const racer of this.racers) {
        if (racer.card.hidden) continue;
        context.globalAlpha = this.opacity(racer);
        context.drawImage(racer.layer.canvas, left, top, w, h, left, top, w, h);
      }
    }
    context.globalAlpha = 1;
  }

  opacity(racer) {
    return emphasis(this.lit, racer.card);
  }

  paintHeads(position) {
    wipe(this.heads);
    const { context } = this.heads;
    const { frame, style, font, scene } = this;
    const ground = { context, frame, style, font };
    paintStart(ground, scene.start, scene.still ? 'start' : this.words);
    const shown = this.racers.filter((racer) => !racer.card.hidden);
    const labels = [];
    context.save();
    context.beginPath();
    context.rect(0, 0, frame.width, frame.height);
    context.clip();
    for (const racer of shown) {
      context.globalAlpha = this.opacity(racer);
      racer.head = this.advance(context, racer, stepsAt(racer.card, position), stepAt(racer.card, position));
    }
    context.restore();
    for (const racer of shown) {
      context.globalAlpha = this.opacity(racer);
      paintHead(ground, racer, stepAt(racer.card, position), labels);
    }
    context.globalAlpha = 1;
    const explained = scene.inspected && shown.find(({ card }) => card.id === scene.inspected.racer);
    if (!explained || this.hurried || scene.exchanged || scene.untold) return;
    paintArrows(ground, scene.inspected, explained.card, stepAt(explained.card, position));
  }

  /** Draws the way from the last whole step towards the next; returns where the head is. */
  advance(context, racer, position, step) {
    const { path, card } = racer;
    if (position >= card.leaves) return [path[2 * card.leaves], path[2 * card.leaves + 1]];
    const part = position - step;
    const k = 2 * step;
    const head = [path[k] + part * (path[k + 2] - path[k]), path[k + 1] + part * (path[k + 3] - path[k + 1])];
    if (part > 0) {
      const piece = { ...racer, path: [path[k], path[k + 1], ...head] };
      if (racer.lengths) piece.lengths = [racer.lengths[step]];
      this.stroke(context, piece, 0, 1, 'source-over');
    }
    return head;
  }
}

/** Whether the step is far enough from the one before for a dot of its own. */
export function sparse(path, k, style) {
  const apart = Math.hypot(path[2 * k] - path[2 * k - 2], path[2 * k + 1] - path[2 * k - 1]);
  return apart >= thick(style, SPARSE);
}

export function bounds(path, from, to, frame, pad) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 2 * from; k <= 2 * to; k += 2) {
    left = Math.min(left, path[k]);
    right = Math.max(right, path[k]);
    top = Math.min(top, path[k + 1]);
    bottom = Math.max(bottom, path[k + 1]);
  }
  const within = (value, size) => Math.min(size, Math.max(0, value));
  return [
    within(left - pad, frame.width),
    within(top - pad, frame.height),
    within(right + pad, frame.width),
    within(bottom + pad, frame.height),
  ];
}
