// Draws trails and heads on the map in three dimensions. They are projected with plotly's camera and painted like those
// of the map.

import { inside, lengths } from '../core/geometry.js';
import { letters, thick } from '../core/scale.js';
import { wipe } from './canvas.js';
import { emphasis } from './emphasis.js';
import { paintEdges } from './edges.js';
import { drape } from './ground.js';
import { GAP, INWARD, paintArrow, paintLabel, paintMark, paintStart, paintWords } from './heads.js';
import { landmarksOf, paintLandmarks, placeLandmarks } from './landmarks.js';
import { handleOf } from './marks.js';
import { Painter, spotOf } from './painter.js';
import { cameraOf, toScreen } from './projection.js';
import { boundsOf, Trail } from './trail.js';

/**
 * @typedef {import('./ground.js').Ground} Ground
 * @typedef {import('./ground.js').Lie} Lie
 * @typedef {import('./projection.js').Camera} Camera
 */

/** A run that lies on the ground. */
export class DrapedTrail extends Trail {
  /** @type {Lie} */
  lie;
  /** The pixels of all points of the run on the ground, which are more than its steps. @type {Float64Array} */
  long = new Float64Array(0);

  /**
   * @param {import('./marks.js').Line} mark
   * @param {import('./strokes.js').Style} style
   * @param {DrapedPainter} painter
   */
  constructor(mark, style, painter) {
    super(mark, style);
    this.painter = painter;
    this.lie = this.drape();
  }

  get line() {
    return this.long;
  }

  /** The run on the ground. */
  drape() {
    const { x, y, heights } = this.mark;
    return drape(x, y, heights ?? [], y.length - 1, this.painter.solid);
  }

  /** On the ground it has more points than steps, and all of them are drawn. */
  thin() {
    return null;
  }

  /** @param {import('./canvas.js').Box} frame */
  measure(frame) {
    super.measure(frame);
    const { camera } = this.painter;
    if (!camera) return;
    const { points, at } = this.lie;
    this.long = toScreen(points, camera);
    at.forEach((point, k) => {
      this.path[2 * k] = this.long[2 * point];
      this.path[2 * k + 1] = this.long[2 * point + 1];
    });
    this.alone = -1;
    this.lengths = this.dash?.length ? lengths(this.long, frame) : null;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} from
   * @param {number} to
   */
  extend(context, from, to) {
    const { at } = this.lie;
    this.stroke(context, this.long, at[Math.max(0, from - 1)], at[to], this.lengths, 'destination-over');
    const radius = thick(this.style, this.style.strokes.step.size) / 2;
    context.fillStyle = this.color ?? '';
    context.beginPath();
    for (let k = Math.max(1, from); k <= to; k++) {
      if (!this.lie.inside[k] || !this.sparse(k)) continue;
      context.moveTo(this.path[2 * k] + radius, this.path[2 * k + 1]);
      context.arc(this.path[2 * k], this.path[2 * k + 1], radius, 0, 2 * Math.PI);
    }
    context.fill();
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  bounds(from, to) {
    const { at } = this.lie;
    const pad = thick(this.style, this.style.strokes.casing) + 2;
    return boundsOf(this.long, at[Math.max(0, from - 1)], at[to], this.box, pad);
  }

  /**
   * Draws the part from the last whole step to the head. Outside the box, the head is NaN.
   * @param {CanvasRenderingContext2D} context
   * @param {number} position
   */
  advance(context, position) {
    const { long, last } = this;
    const { at, inside: within } = this.lie;
    const { time } = this.mark;
    const step = this.index(position);
    /** @type {(k: number) => [number, number]} */
    const point = (k) => [long[2 * k], long[2 * k + 1]];
    this.head = /** @type {[number, number]} */ ([NaN, NaN]);
    if (step < 0) return;
    if (step >= last) {
      if (within[last]) this.head = point(at[last]);
      return;
    }
    const part = time ? (position - time[step]) / (time[step + 1] - time[step]) : 0;
    if (!within[step] || !within[step + 1]) {
      if (within[step] && part === 0) this.head = point(at[step]);
      return;
    }
    const way = at[step] + part * (at[step + 1] - at[step]);
    const k = Math.floor(way);
    const [x, y] = point(k);
    const [nx, ny] = way > k ? point(k + 1) : [x, y];
    this.head = /** @type {[number, number]} */ ([x + (way - k) * (nx - x), y + (way - k) * (ny - y)]);
    if (!(part > 0)) return;
    const path = [...long.subarray(2 * at[step], 2 * k + 2), ...this.head];
    this.stroke(context, path, 0, path.length / 2 - 1, this.lengths && this.lengths.subarray(at[step]), 'source-over');
  }

  /**
   * Draws the head on the ground, or an arrow with the run's name where the run has left the box.
   * @param {import('./heads.js').Pen} pen
   * @param {number} position
   * @param {import('./heads.js').Label[]} labels
   */
  stand(pen, position, labels) {
    const { style, box, long, head: at, lie } = this;
    const { head } = this.mark;
    if (!head) return;
    const color = this.color ?? '';
    const ending = position >= head.ended ? head.ending : '';
    if (!Number.isNaN(at[0])) {
      paintMark(pen, head.symbol, color, at, style.strokes.heads.trail);
      if (ending) paintLabel(pen, box, ending, color, at[0], at[1] - letters(style, 14), labels);
      return;
    }
    let last = lie.at[Math.min(this.index(position) + 1, this.last)];
    while (last > 0 && Number.isNaN(long[2 * last])) last -= 1;
    if (!last || Number.isNaN(long[2 * last])) return;
    const [x, y, dx, dy] = [long[2 * last], long[2 * last + 1], long[2 * last - 2], long[2 * last - 1]];
    const angle = Number.isNaN(dx) ? -Math.PI / 2 : Math.atan2(y - dy, x - dx);
    paintArrow(pen, { x, y, angle }, color);
    paintLabel(
      pen,
      box,
      ending || head.label,
      color,
      x - INWARD * Math.cos(angle),
      y - INWARD * Math.sin(angle),
      labels,
    );
  }
}

export class DrapedPainter extends Painter {
  /** @type {Ground | undefined} */
  ground;
  /** @type {Camera | null} */
  camera = null;
  /** @type {import('./landmarks.js').Landmark[]} */
  landmarks = [];
  /** The start on the ground: x, y and z. @type {Float64Array} */
  origin = new Float64Array(0);
  /** Whether plotly's own traces are shown, so that only the heads are painted. */
  resting = false;

  /** The ground that trails lie on. */
  get solid() {
    if (!this.ground) throw new Error('a run is draped before there is a ground');
    return this.ground;
  }

  /** The trails. Only the first seed of a bundle is drawn on the ground. @type {DrapedTrail[]} */
  get trails() {
    return /** @type {DrapedTrail[]} */ (this.groups.flatMap((group) => group.trails));
  }

  /**
   * @param {import('./marks.js').Panel} map
   * @param {import('./painter.js').Showing} showing
   * @param {Ground} ground
   */
  lay(map, showing, ground) {
    this.ground = ground;
    const paths = map.marks.filter((mark) => mark.type === 'line' && mark.follows === 'path');
    this.show(map.axes.slice(0, 1), paths, showing);
    this.landmarks = landmarksOf(map, ground);
    const start = handleOf(map);
    const first = paths.find((mark) => mark.type === 'line');
    const height = first?.type === 'line' && first.heights ? first.heights[0] : NaN;
    this.origin = start ? drape(start.x, start.y, [height], 0, ground).points : new Float64Array(0);
  }

  /**
   * @param {import('./marks.js').Line} mark
   * @param {import('./strokes.js').Style} style
   */
  trail(mark, style) {
    return new DrapedTrail(mark, style, this);
  }

  /**
   * Reads the camera of a drawn plot, and restarts the picture.
   * @param {HTMLElement} plot
   */
  look(plot) {
    const camera = cameraOf(plot);
    if (!camera || !this.ground) return;
    this.camera = camera;
    const { left, top, width, height } = camera;
    this.measure([{ left, top, width, height, x: { slope: 1, offset: 0 }, y: { slope: 1, offset: 0 } }]);
  }

  /** @param {string} racer */
  change(racer) {
    for (const trail of this.trails) if (trail.mark.racer === racer) trail.lie = trail.drape();
    super.change(racer);
  }

  /** @param {number} position */
  paint(position) {
    if (!this.measured) return;
    if (this.resting) {
      this.position = position;
      this.paintHeads(position);
    } else super.paint(position);
  }

  /**
   * Where the start is seen.
   * @param {Camera} camera
   * @returns {[number, number]}
   */
  pixel(camera) {
    const [x, y] = toScreen(this.origin, camera);
    return [x, y];
  }

  /**
   * Finds places for the words of the landmarks and of the start, once for each camera.
   * @param {import('./heads.js').Pen} pen
   * @param {Painter['groups'][0]} group
   */
  arrange(pen, group) {
    const { camera } = this;
    if (!camera || group.arranged) return;
    group.arranged = 'placed';
    const starts = this.origin.length ? [this.pixel(camera)] : [];
    const places = this.places(group, starts);
    group.spots = placeLandmarks(pen, this.landmarks, camera, places, spotOf);
    for (const at of starts) {
      if (!inside(...at, group.frame)) continue;
      group.spots.push(spotOf(pen, places, { words: ['start'], side: 'top center', color: 'muted' }, at, GAP.start));
    }
  }

  /** @param {number} position */
  paintHeads(position) {
    const { style, font } = this.shown;
    const { camera } = this;
    const [group] = this.groups;
    wipe(this.heads);
    if (!camera || !group) return;
    const { context } = this.heads;
    const pen = { context, style, font };
    this.arrange(pen, group);
    paintEdges(pen, this.solid, camera);
    paintLandmarks(pen, this.landmarks, camera);
    if (this.origin.length) paintStart(pen, group.frame, this.pixel(camera));
    for (const spot of group.spots) paintWords(pen, spot);
    for (const trail of group.trails) {
      context.globalAlpha = emphasis(style, this.lit, trail.mark.racer);
      trail.advance(context, position);
    }
    const labels = group.spots.map(({ box }) => ({ x: box.x, y: box.y + box.height / 2, width: box.width }));
    for (const trail of group.trails) {
      context.globalAlpha = emphasis(style, this.lit, trail.mark.racer);
      trail.stand(pen, position, labels);
    }
    context.globalAlpha = 1;
  }
}
