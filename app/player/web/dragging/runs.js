// Runs that are requested while something is dragged. The server computes them, never the page.

import { decodeRuns } from '../core/envelope.js';

/**
 * @typedef {import('../core/envelope.js').Runs} Runs
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Card} Card
 */

/** The number of sweeps that are remembered; each is about a megabyte. */
const REMEMBERED = 6;

export class Live {
  /** By their key, the runs along a slider; null until they have come. @type {Map<string, Runs | null>} */
  sweeps = new Map();

  /**
   * @param {() => string} address where runs of the race on the screen are requested; empty without a server
   * @param {(racer: string, name: string) => string | undefined} key names the runs along a slider: they stay the same
   *   as long as their name does
   */
  constructor(address, key) {
    this.address = address;
    this.key = key;
  }

  /**
   * Requests all runs along a slider, unless they were requested before.
   * @param {string} racer
   * @param {string} name of the parameter
   */
  prefetch(racer, name) {
    const key = this.key(racer, name);
    if (!key || !this.address() || this.sweeps.has(key)) return;
    this.sweeps.set(key, null);
    for (const oldest of [...this.sweeps.keys()].slice(0, -REMEMBERED)) this.sweeps.delete(oldest);
    this.ask('sweep', { racer, name }).then(
      (runs) => this.sweeps.has(key) && this.sweeps.set(key, runs),
      () => this.sweeps.delete(key),
    );
  }

  /**
   * The runs along a slider, or null before they have come.
   * @param {string} racer
   * @param {string} name
   */
  sweep(racer, name) {
    return this.sweeps.get(this.key(racer, name) ?? '') ?? null;
  }

  /**
   * @param {'sweep' | 'start'} what
   * @param {Record<string, string | number>} parameters
   * @returns {Promise<Runs>}
   */
  async ask(what, parameters) {
    const words = Object.entries(parameters).map(([name, value]) => `&live.${name}=${encodeURIComponent(value)}`);
    const response = await fetch(this.address().replace('WHAT', what) + words.join(''));
    if (!response.ok) throw new Error(await response.text());
    return decodeRuns(new Uint8Array(await response.arrayBuffer()));
  }
}

/**
 * Lets the lines of a racer show another run. Where not every step was sent, the lines stay at each point until the
 * time of the next, since nothing is known in between.
 * @param {Scene} scene
 * @param {Card} card
 * @param {Runs} runs
 * @param {number} k which of them
 */
export function exchange(scene, card, runs, k) {
  const { leaves, last, ...words } = runs.statuses[k];
  Object.assign(card, words);
  const time = Float64Array.from(runs.steps, (step) => step * card.pace);
  const jumps = runs.steps.length !== runs.steps[runs.steps.length - 1] + 1;
  const ending = card.gone && card.status ? `${card.title}: ${card.status}` : '';
  const [x, y] = [0, 1].map((axis) => Float32Array.from(runs.steps, (_, i) => runs.positions[k][2 * i + axis]));
  const losses = runs.losses[k];
  for (const line of linesOf(scene, card.id)) {
    const path = line.follows === 'path';
    const count = 1 + countBefore(runs.steps, path ? leaves : last);
    const rows = path ? { x, y, loss: losses } : { loss: losses };
    line.x = path ? x.subarray(0, count) : time.subarray(0, count);
    line.y = path ? y.subarray(0, count) : losses.subarray(0, count);
    line.time = time.subarray(0, count);
    line.jumps = jumps;
    line.hover = Object.entries(rows);
    if (line.heights) line.heights = losses;
    if (line.head) line.head = { ...line.head, ending: path ? ending : '', ended: card.settled * card.pace };
  }
}

/**
 * The lines that show a run of a racer, on all panels.
 * @param {Scene} scene
 * @param {string} racer
 * @returns {import('../drawing/marks.js').Line[]}
 */
export function linesOf({ panels }, racer) {
  return panels.flatMap(({ marks }) =>
    marks.flatMap((mark) => (mark.type === 'line' && mark.follows && mark.racer === racer ? [mark] : [])),
  );
}

/**
 * How many of the steps that were sent lie before one.
 * @param {Int32Array} steps
 * @param {number} end
 */
function countBefore(steps, end) {
  const first = steps.findIndex((step) => step >= end);
  return first < 0 ? steps.length - 1 : first;
}

/**
 * A sentence about the steps that were not sent; empty where all were sent.
 * @param {Pick<Runs, 'steps'>} runs
 */
export function leftOut({ steps }) {
  const stride = steps.length > 1 ? steps[1] - steps[0] : 1;
  const nth = stride === 2 ? 'second' : stride === 3 ? 'third' : `${stride}th`;
  return stride > 1 ? `While you drag, only every ${nth} step is drawn.` : '';
}
