// Runs asked for while something is dragged: computed by the server, never by the page, and shown as they come.

import { decodeRuns } from '../core/envelope.js';

/** What is kept of slider's sweeps; each is about a megabyte. */
const KEPT = 6;

export class Live {
  /**
   * @param {() => string} address where runs of the race on the screen are asked for, '' where nobody answers
   * @param {(racer: string, name: string) => string | undefined} key names the runs along a racer's slider: as long as
   *   it stays, so do they
   */
  constructor(address, key) {
    Object.assign(this, { address, key });
    this.sweeps = new Map();
  }

  /**
   * Asks for all runs along a slider, unless that was done before.
   * @param {string} racer
   * @param {string} name of the parameter
   */
  prefetch(racer, name) {
    const key = this.key(racer, name);
    if (!key || !this.address() || this.sweeps.has(key)) return;
    this.sweeps.set(key, null);
    while (this.sweeps.size > KEPT) this.sweeps.delete(this.sweeps.keys().next().value);
    this.ask('sweep', { racer, name }).then(
      (runs) => this.sweeps.has(key) && this.sweeps.set(key, runs),
      () => this.sweeps.delete(key),
    );
  }

  /** The runs along a slider, if they are there. */
  sweep(racer, name) {
    return this.sweeps.get(this.key(racer, name)) ?? null;
  }

  /**
   * @param {'sweep' | 'start'} what
   * @param {Record<string, string | number>} asked
   * @returns {Promise<import('../core/envelope.js').Runs>}
   */
  async ask(what, asked) {
    const words = Object.entries(asked).map(([name, value]) => `&live.${name}=${encodeURIComponent(value)}`);
    const response = await fetch(this.address().replace('WHAT', what) + words.join(''));
    if (!response.ok) throw new Error(await response.text());
    return decodeRuns(new Uint8Array(await response.arrayBuffer()));
  }
}

/**
 * Puts a run in the place of a racer's own. Where not every step was sent, the lines stay at each point until the time
 * of the next: nothing is made up between two of them.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {import('../core/envelope.js').Card} card
 * @param {import('../core/envelope.js').Runs} runs
 * @param {number} k which of them
 */
export function exchange(scene, card, runs, k) {
  const { leaves, last, ...words } = runs.told[k];
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
 * @param {import('../core/envelope.js').Scene} scene
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

/** In words, what was left out of runs; nothing where all was sent. */
export function leftOut({ steps }) {
  const stride = steps.length > 1 ? steps[1] - steps[0] : 1;
  const nth = { 2: 'second', 3: 'third' }[stride] ?? `${stride}th`;
  return stride > 1 ? `While you drag, every ${nth} step is drawn.` : '';
}
