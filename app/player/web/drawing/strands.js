// The other seeds of a bundle: under the trails their threads, or where each of them is; round the losses their
// threads, or a band.

import { layer, place, wipe } from './canvas.js';
import { height, pallor } from './heights.js';
import { draw, inside, project } from '../core/geometry.js';
import { emphasis } from './emphasis.js';
import { stepAt } from '../core/pace.js';
import { thick } from '../core/scale.js';
import { fade } from '../core/theme.js';

const THREAD = 1;
const FAINT = 0.4;
const BAND = 0.2;
const DOT = 2.2;

/** The bundle of a racer whose run is its own, and not one shown in its place while something is dragged. */
export function bundleOf(scene, k) {
  return scene.exchanged?.has(k) ? undefined : scene.bundle?.racers[scene.cards[k].id];
}

/** The losses that are drawn of a racer: its own, or the median of its bundle; and where they end. */
export function curveOf(scene, k) {
  const { middle } = bundleOf(scene, k) ?? {};
  if (!middle) return { values: scene.losses[k], last: scene.cards[k].last };
  let last = middle.length - 1;
  while (last > 0 && !Number.isFinite(middle[last])) last -= 1;
  return { values: middle, last };
}

/** The last of the steps kept at or before one. */
function keptAt(steps, step) {
  if (steps.length === steps[steps.length - 1] + 1) return Math.min(step, steps.length - 1);
  let at = steps.length - 1;
  while (at > 0 && steps[at] > step) at -= 1;
  return at;
}

/** Under the trails of a map. */
export class Strands {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.layer = layer(host, 'strands');
    this.runs = [];
  }

  show(scene, style) {
    Object.assign(this, { scene, style });
  }

  measure(frame) {
    this.frame = frame;
    place(this.layer, frame);
    const { bundle, cards } = this.scene;
    this.runs = [];
    if (!bundle) return;
    const kept = bundle.steps.length;
    cards.forEach((card, k) => {
      const own = bundleOf(this.scene, k);
      if (!own) return;
      const paths = Array.from({ length: bundle.count }, (_, seed) =>
        project(own.paths.subarray(2 * seed * kept, 2 * (seed + 1) * kept), kept - 1, frame),
      );
      this.runs.push({ card, paths, done: 0 });
    });
  }

  rewind() {
    wipe(this.layer);
    for (const run of this.runs) run.done = 0;
  }

  paint(position, lit) {
    if (!this.runs.length) return;
    const { bundle } = this.scene;
    const threads = bundle.kind === 'spaghetti';
    const at = this.runs.map(({ card }) => keptAt(bundle.steps, stepAt(card, position)));
    if (!threads || lit !== this.lit || this.runs.some((run, k) => run.done > at[k])) this.rewind();
    this.lit = lit;
    const { context } = this.layer;
    this.runs.forEach((run, k) => {
      if (run.card.hidden || (threads && at[k] === run.done)) return;
      context.globalAlpha = (threads ? FAINT : 0.75) * emphasis(lit, run.card);
      context.strokeStyle = context.fillStyle = run.card.color;
      context.lineWidth = thick(this.style, THREAD);
      context.beginPath();
      for (const path of run.paths) {
        if (threads) draw(context, path, run.done, at[k], this.frame);
        else this.dot(context, path[2 * at[k]], path[2 * at[k] + 1]);
      }
      if (threads) context.stroke();
      else context.fill();
      run.done = at[k];
    });
    context.globalAlpha = 1;
  }

  dot(context, x, y) {
    if (!inside(x, y, this.frame)) return;
    context.moveTo(x + thick(this.style, DOT), y);
    context.arc(x, y, thick(this.style, DOT), 0, 2 * Math.PI);
  }
}

/** Round the curves of the losses: drawn once, and shown pale up to the end and strong up to the playhead. */
export class Around {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.whole = layer(null);
    this.shown = layer(host, 'strands');
  }

  refresh(scene, style, scale, frame, lit) {
    Object.assign(this, { style, frame, any: Boolean(scene.bundle) });
    place(this.whole, frame);
    place(this.shown, frame);
    if (!scene.bundle) return;
    scene.cards.forEach((card, k) => {
      const own = bundleOf(scene, k);
      if (!own || card.hidden) return;
      this.whole.context.globalAlpha = emphasis(lit, card);
      if (scene.bundle.kind === 'band') this.band(own, card, scale);
      else this.threads(own, card, scale, scene.bundle);
    });
  }

  place(k, loss, card, scale) {
    const { x, y } = this.frame;
    return [x.offset + x.slope * card.pace * k, y.offset + y.slope * height(loss, scale)];
  }

  /** Where the upper end is no number, runs have diverged: the band is open above. */
  band({ low, high }, card, scale) {
    const { context } = this.whole;
    const last = low.findLastIndex(Number.isFinite);
    const edge = (k, values, otherwise) => {
      const [x, y] = this.place(k, values[k], card, scale);
      context.lineTo(x, clean(y, otherwise));
    };
    context.beginPath();
    for (let k = 0; k <= last; k++) edge(k, low, this.frame.height + 50);
    for (let k = last; k >= 0; k--) edge(k, high, -50);
    context.closePath();
    context.fillStyle = fade(card.color, BAND);
    context.fill();
  }

  threads({ losses }, card, scale, { count, steps }) {
    const { context } = this.whole;
    context.lineWidth = thick(this.style, THREAD);
    context.strokeStyle = fade(card.color, FAINT);
    context.beginPath();
    for (let seed = 0; seed < count; seed++) {
      const path = new Float64Array(2 * steps.length);
      steps.forEach((step, k) => path.set(this.place(step, losses[seed * steps.length + k], card, scale), 2 * k));
      draw(context, path, 0, steps.length - 1, this.frame);
    }
    context.stroke();
  }

  paint(position) {
    if (!this.any) return;
    wipe(this.shown);
    const { context, ratio, canvas } = this.shown;
    const edge = Math.round((this.frame.x.offset + this.frame.x.slope * position) * ratio);
    context.setTransform(1, 0, 0, 1, 0, 0);
    const copy = (from, to) =>
      to > from && context.drawImage(this.whole.canvas, from, 0, to - from, canvas.height, from, 0, to - from, canvas.height);
    copy(0, Math.min(edge, canvas.width));
    context.globalAlpha = pallor(this.style);
    copy(Math.max(0, edge), canvas.width);
    context.globalAlpha = 1;
  }
}

function clean(value, otherwise) {
  return Number.isFinite(value) ? value : otherwise;
}

/** A bundle as plotly's traces, for a picture: what lies under the trails. */
export function strandTraces(scene, position) {
  if (!scene.bundle) return [];
  const { steps, count, kind } = scene.bundle;
  return scene.cards.flatMap((card, k) => {
    const own = bundleOf(scene, k);
    if (!own || card.hidden) return [];
    const at = keptAt(steps, stepAt(card, position));
    const from = kind === 'band' ? at : 0;
    const [x, y] = [0, 1].map((axis) =>
      Array.from({ length: count }, (_, seed) => [
        ...Array.from({ length: at - from + 1 }, (_, i) => own.paths[2 * (seed * steps.length + from + i) + axis]),
        null,
      ]).flat(),
    );
    const drawn =
      kind === 'band'
        ? { mode: 'markers', marker: { size: 2 * DOT, color: fade(card.color, 0.75) } }
        : { mode: 'lines', line: { width: THREAD, color: fade(card.color, FAINT) } };
    return [{ type: 'scatter', x, y, hoverinfo: 'skip', showlegend: false, ...drawn }];
  });
}

/** The same of what lies round the losses. */
export function aroundTraces(scene) {
  if (!scene.bundle) return [];
  const { steps, count, kind } = scene.bundle;
  const common = { type: 'scatter', mode: 'lines', hoverinfo: 'skip', showlegend: false };
  return scene.cards.flatMap((card, k) => {
    const own = bundleOf(scene, k);
    if (!own || card.hidden) return [];
    if (kind === 'band') {
      const x = Array.from(own.low, (_, i) => i * card.pace);
      const top = 10 * scene.curve.ranges.linear[1];
      const edge = (values, otherwise) => Array.from(values, (value) => clean(value, otherwise));
      return [
        { ...common, x, y: edge(own.low, null), line: { width: 0 } },
        { ...common, x, y: edge(own.high, top), line: { width: 0 }, fill: 'tonexty', fillcolor: fade(card.color, BAND) },
      ];
    }
    const x = Array.from({ length: count }, () => [...Array.from(steps, (step) => step * card.pace), null]).flat();
    const y = Array.from({ length: count }, (_, seed) => [
      ...Array.from(own.losses.subarray(seed * steps.length, (seed + 1) * steps.length), (v) => clean(v, null)),
      null,
    ]).flat();
    return [{ ...common, x, y, line: { width: THREAD, color: fade(card.color, FAINT) } }];
  });
}
