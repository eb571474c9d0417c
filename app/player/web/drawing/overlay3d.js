// Trails and heads over the surface, projected with the scene's own camera and painted as those of the map are.

import { wipe } from './canvas.js';
import { inside, lengths } from '../core/geometry.js';
import { drape } from './ground.js';
import { INWARD, paintArrow, paintLabel, paintMark, paintStart } from './heads.js';
import { landmarksOf, paintLandmarks } from './landmarks.js';
import { bounds, CASING, DOT, MapOverlay, sparse } from './overlay.js';
import { stepAt, stepsAt } from '../core/pace.js';
import { letters, thick } from '../core/scale.js';
import { cameraOf, toScreen } from './projection.js';

export class SurfaceOverlay extends MapOverlay {
  /**
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {string} font
   * @param {import('./ground.js').Ground} ground
   */
  show(scene, style, font, ground) {
    super.show({ ...scene, bundle: null }, style, font); // of a bundle the first seed alone lies on the ground
    this.ground = ground;
    for (const racer of this.racers) {
      const { index, card } = racer;
      racer.lie = drape(scene.positions[index], scene.losses[index], card.leaves, ground);
    }
    this.landmarks = landmarksOf(scene, ground);
    const [x, y] = scene.start;
    this.origin = drape([x, y], [this.racers.length ? scene.losses[0][0] : NaN], 0, ground).points;
  }

  /** Reads the camera, and starts the picture anew. */
  measure(plot) {
    const camera = cameraOf(plot);
    if (!camera || !this.ground) return;
    this.camera = camera;
    const { left, top, width, height } = camera;
    super.measure(plot, { left, top, width, height });
  }

  project(racer) {
    const { points, at } = racer.lie;
    racer.long = toScreen(points, this.camera);
    racer.path = new Float64Array(2 * at.length);
    at.forEach((point, k) => racer.path.set(racer.long.subarray(2 * point, 2 * point + 2), 2 * k));
    racer.lengths = racer.card.dash === 'solid' ? null : lengths(racer.long, this.frame);
    racer.done = 0;
  }

  /** One racer's run is another now. */
  change(index) {
    const racer = this.racers.find((one) => one.index === index);
    if (!this.frame || !racer) return;
    racer.lie = drape(this.scene.positions[index], this.scene.losses[index], racer.card.leaves, this.ground);
    super.change(index);
  }

  extend(racer, from, to) {
    const { context } = racer.layer;
    const { path, long } = racer;
    const { at, inside: within } = racer.lie;
    const first = at[Math.max(0, from - 1)];
    this.stroke(context, { ...racer, path: long }, first, at[to], 'destination-over');
    context.fillStyle = racer.card.color;
    const dot = thick(this.style, DOT) / 2;
    context.beginPath();
    for (let k = Math.max(1, from); k <= to; k++) {
      const [x, y] = [path[2 * k], path[2 * k + 1]];
      if (!within[k] || !sparse(path, k, this.style) || !inside(x, y, this.frame)) continue;
      context.moveTo(x + dot, y);
      context.arc(x, y, dot, 0, 2 * Math.PI);
    }
    context.fill();
    return bounds(long, first, at[to], this.frame, thick(this.style, CASING) + 2);
  }

  /** @param {boolean} [resting] plotly's own traces are shown: only what stands on the trails is painted */
  paint(position, resting = false) {
    if (!this.frame) return;
    if (resting) this.paintHeads(position);
    else super.paint(position);
  }

  paintHeads(position) {
    wipe(this.heads);
    const { context } = this.heads;
    const { frame, style, font } = this;
    const ground = { context, frame, style, font };
    paintLandmarks(ground, this.landmarks, this.camera);
    const [x, y] = toScreen(this.origin, this.camera);
    const here = { ...frame, x: { offset: x, slope: 0 }, y: { offset: y, slope: 0 } };
    paintStart({ ...ground, frame: here }, [0, 0], 'start');
    const shown = this.racers.filter((racer) => !racer.card.hidden);
    const labels = [];
    for (const racer of shown) {
      context.globalAlpha = this.opacity(racer);
      racer.head = this.advance(context, racer, stepsAt(racer.card, position), stepAt(racer.card, position));
    }
    for (const racer of shown) {
      context.globalAlpha = this.opacity(racer);
      this.paintHead(ground, racer, stepAt(racer.card, position), labels);
    }
    context.globalAlpha = 1;
  }

  /** The head on the ground, or an arrow with the run's name where it left the box. */
  paintHead(ground, racer, step, labels) {
    const { card, head, lie } = racer;
    const ended = card.gone && step >= card.leaves;
    if (!Number.isNaN(head[0])) {
      paintMark(ground, card, head);
      if (ended) paintLabel(ground, card, step, head[0], head[1] - letters(this.style, 14), labels);
      return;
    }
    const { long } = racer;
    let last = lie.at[Math.min(step + 1, card.leaves)];
    while (last > 0 && Number.isNaN(long[2 * last])) last -= 1;
    if (!last || Number.isNaN(long[2 * last])) return;
    const [x, y, dx, dy] = [long[2 * last], long[2 * last + 1], long[2 * last - 2], long[2 * last - 1]];
    const angle = Number.isNaN(dx) ? -Math.PI / 2 : Math.atan2(y - dy, x - dx);
    paintArrow(ground, { x, y, angle }, card.color);
    paintLabel(ground, card, step, x - INWARD * Math.cos(angle), y - INWARD * Math.sin(angle), labels);
  }

  /** Draws the way from the last whole step towards the next; returns where the head is, no number outside the box. */
  advance(context, racer, position, step) {
    const { card, long } = racer;
    const { at, inside: within } = racer.lie;
    const { leaves } = card;
    const point = (k) => [long[2 * k], long[2 * k + 1]];
    const none = [NaN, NaN];
    if (position >= leaves) return within[leaves] ? point(at[leaves]) : none;
    if (!within[step] || !within[step + 1]) return within[step] && position === step ? point(at[step]) : none;
    const way = at[step] + (position - step) * (at[step + 1] - at[step]);
    const k = Math.floor(way);
    const part = way - k;
    const [x, y] = point(k);
    const [nx, ny] = part ? point(k + 1) : [x, y];
    const head = [x + part * (nx - x), y + part * (ny - y)];
    if (position > step) {
      const path = [...long.subarray(2 * at[step], 2 * k + 2), ...head];
      const piece = { ...racer, path };
      if (racer.lengths) piece.lengths = racer.lengths.subarray(at[step]);
      this.stroke(context, piece, 0, path.length / 2 - 1, 'source-over');
    }
    return head;
  }
}
