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
 * Puts a run in the place of a racer's own. Where not every step was sent, a step that was not stands where the one
 * before it stands: nothing is made up between two of them.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {number} index of the racer
 * @param {import('../core/envelope.js').Runs} runs
 * @param {number} k which of them
 */
export function exchange(scene, index, runs, k) {
  const { steps } = runs;
  if (steps.length === scene.steps + 1) {
    scene.positions[index] = runs.positions[k];
    scene.losses[index] = runs.losses[k];
  } else {
    const [positions, losses] = [new Float32Array(2 * (scene.steps + 1)), new Float64Array(scene.steps + 1)];
    let at = 0;
    for (let step = 0; step <= scene.steps; step++) {
      while (at + 1 < steps.length && steps[at + 1] <= step) at += 1;
      positions[2 * step] = runs.positions[k][2 * at];
      positions[2 * step + 1] = runs.positions[k][2 * at + 1];
      losses[step] = runs.losses[k][at];
    }
    scene.positions[index] = positions;
    scene.losses[index] = losses;
  }
  Object.assign(scene.cards[index], runs.told[k]);
}

/** In words, what was left out of runs; nothing where all was sent. */
export function leftOut({ steps }) {
  const stride = steps.length > 1 ? steps[1] - steps[0] : 1;
  const nth = { 2: 'second', 3: 'third' }[stride] ?? `${stride}th`;
  return stride > 1 ? `While you drag, every ${nth} step is drawn.` : '';
}
