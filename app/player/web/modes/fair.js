// The fair race: a button that tunes all racers with the same budget, how far that is, and the verdict.

import { h, mark, say } from '../core/dom.js';

/** @typedef {import('../core/envelope.js').Scene} Scene */

export class Fair {
  /** What the page has said last. @type {import('../core/records.js').FairRace | null} */
  race = null;
  /** The budgets that can be chosen. */
  offered = '';

  /** @param {(name: string) => void} send */
  constructor(send) {
    this.button = h(
      'button',
      {
        ...{ type: 'button', class: 'plain mode', 'aria-pressed': 'false', 'data-testid': 'fair' },
        title: 'Tune all racers with the same budget, and compare them at their best',
        click: () => send(this.on ? 'off' : String(this.race?.usual)),
      },
      'Fair race',
    );
    this.trials = /** @type {HTMLSelectElement} */ (
      h('select', {
        ...{ class: 'view', 'aria-label': 'Trials of each racer', 'data-testid': 'fair-trials' },
        ...{ title: 'The number of settings that are tried for each racer', change: () => send(this.trials.value) },
      })
    );
    this.stop = h(
      'button',
      {
        ...{ type: 'button', class: 'plain', 'data-testid': 'fair-stop' },
        click: () => send(this.race?.stopped ? 'resume' : 'stop'),
      },
      'Stop',
    );
    this.share = h('progress', { max: 1, value: 0, 'aria-label': 'Share of the tuning that is done' });
    this.row = h('div', { class: 'trials' }, h('label', {}, 'Trials each ', this.trials), this.share, this.stop);
    this.words = h('p', { role: 'status', 'data-testid': 'fair-words' });
    this.element = h('div', { class: 'fair', 'data-testid': 'fair-race', hidden: true }, this.row, this.words);
  }

  /** Whether there is a fair race. */
  get on() {
    return Boolean(this.race?.trials);
  }

  /**
   * @param {Scene} scene
   * @param {boolean} blocked whether a mode allows no fair race
   * @param {boolean} recorded whether it cannot be changed
   */
  update({ fair }, blocked, recorded) {
    this.race = fair;
    mark(this.button, 'aria-pressed', this.on);
    this.button.hidden = !fair;
    this.button.disabled = blocked;
    this.element.hidden = !fair?.words && !this.on;
    if (!fair) return;
    const { trials, budgets, words, progress, stopped } = fair;
    const busy = progress < 1 && !stopped;
    this.row.hidden = recorded || !trials;
    this.share.hidden = !busy;
    this.share.value = progress;
    this.stop.hidden = !busy && !stopped;
    say(this.stop, stopped ? 'Go on' : 'Stop');
    say(this.words, words);
    const offered = [...new Set([...budgets, trials])].filter(Boolean).sort((a, b) => a - b);
    if (String(offered) !== this.offered) {
      this.offered = String(offered);
      this.trials.replaceChildren(...offered.map((count) => h('option', { value: count }, String(count))));
    }
    if (trials) this.trials.value = String(trials);
  }
}
