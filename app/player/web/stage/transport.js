// The transport: buttons to play and to step, the scrub bar, speed and loop.

import { short } from '../core/digits.js';
import { h, iconButton, mark, relabel, say } from '../core/dom.js';
import { numberOf, unitOf } from '../core/pace.js';

/**
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/icons.js').IconName} IconName
 */

/** @type {[number, string][]} */
const SPEEDS = [
  [0.25, '¼×'],
  [0.5, '½×'],
  [1, '1×'],
  [2, '2×'],
  [4, '4×'],
];

export class Transport {
  /** The scene whose clock is shown. @type {Scene | undefined} */
  scene;
  /** Called with what the clock is to count. @type {(name: string) => void} */
  choose = () => {};

  /**
   * @param {import('../core/clock.js').Clock} clock
   * @param {() => void} scrubbing called when the scrub bar is moved
   */
  constructor(clock, scrubbing) {
    this.clock = clock;
    /** @type {(name: IconName, label: string, testid: string, click: () => void) => HTMLButtonElement} */
    const button = (name, label, testid, click) =>
      iconButton(name, label, { class: 'quiet icon', 'data-testid': testid, click });
    this.play = button('play', 'Play', 'play', () => clock.toggle());
    this.play.className = 'play';
    this.scrub = h('input', {
      ...{ type: 'range', class: 'range scrub', min: 0, max: 1, step: 1, value: 0 },
      ...{ 'aria-label': 'Step', 'data-testid': 'scrub' },
      input: () => {
        scrubbing();
        clock.seek(Number(this.scrub.value));
      },
    });
    this.word = h('span', {}, 'step');
    this.unit = h(
      'select',
      {
        ...{ class: 'quiet unit', 'aria-label': 'What the clock counts', hidden: true, 'data-testid': 'unit' },
        title: 'What the clock counts, and what the curves are drawn against',
        change: () => {
          this.choose(this.unit.value);
        },
      },
      h('option', { value: 'steps' }, 'step'),
      h('option', { value: 'evaluations' }, 'evaluation'),
    );
    this.now = h('span', { class: 'now' });
    this.all = h('span', { class: 'all' });
    this.speed = h(
      'select',
      {
        ...{ class: 'quiet speed', 'aria-label': 'Speed', title: 'Speed', 'data-testid': 'speed' },
        change: () => {
          clock.speed = Number(this.speed.value);
        },
      },
      ...SPEEDS.map(([value, text]) => h('option', { value, selected: value === 1 }, text)),
    );
    this.loop = button('loop', 'Loop', 'loop', () => {
      clock.loop = !clock.loop;
      mark(this.loop, 'aria-pressed', clock.loop);
    });
    this.loop.setAttribute('aria-pressed', 'false');
    this.element = h(
      'div',
      { class: 'transport', role: 'group', 'aria-label': 'Playback' },
      button('start', 'To the start', 'to-start', () => this.jump(0)),
      button('back', 'One step back', 'step-back', () => clock.step(-1)),
      this.play,
      button('forward', 'One step forward', 'step-forward', () => clock.step(1)),
      button('end', 'To the end', 'to-end', () => this.jump(clock.steps)),
      this.scrub,
      this.unit,
      h('span', { class: 'steps', 'data-testid': 'step' }, this.word, ' ', this.now, ' / ', this.all),
      this.speed,
      this.loop,
    );
  }

  /**
   * Shows the word for what the clock counts, or a choice where a step of some racer costs several evaluations.
   * @param {Scene} scene
   */
  count(scene) {
    const { counts } = scene.clock;
    const choosable = counts === 'evaluations' || (counts === 'steps' && scene.cards.some((card) => card.cost > 1));
    this.unit.hidden = !choosable;
    this.word.hidden = choosable;
    if (counts && this.unit.value !== counts) this.unit.value = counts;
    say(this.word, unitOf(scene));
    this.scene = scene;
    this.resize(this.clock.steps);
  }

  /**
   * A step as it is written: by itself, or as a number of epochs.
   * @param {number} step
   */
  number(step) {
    return this.scene?.clock.epoch ? numberOf(this.scene, step) : short(step, 7);
  }

  /** @param {number} step */
  jump(step) {
    this.clock.pause();
    this.clock.seek(step);
  }

  /**
   * Sets the length of the race, and with it the width of the number of the step, so that nothing shifts.
   * @param {number} steps
   */
  resize(steps) {
    this.scrub.max = String(Math.max(1, steps));
    this.scrub.disabled = steps === 0;
    say(this.all, this.number(steps));
    this.now.style.minWidth = `${this.number(steps).length}ch`;
  }

  /** @param {number} position of the playhead */
  paint(position) {
    const step = Math.floor(position);
    say(this.now, this.number(step));
    if (this.scrub.value !== String(step)) this.scrub.value = String(step);
    const share = this.clock.steps ? position / this.clock.steps : 0;
    this.scrub.style.setProperty('--share', share.toFixed(4));
    this.scrub.setAttribute(
      'aria-valuetext',
      `${this.word.textContent} ${this.number(step)} of ${this.number(this.clock.steps)}`,
    );
    if (this.clock.playing) relabel(this.play, 'pause', 'Pause');
    else relabel(this.play, 'play', 'Play');
  }

  /**
   * Acts on the space bar, arrows, Home and End, unless the element with the focus uses them.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (busy(event.target, event.key, this.scrub)) return;
    /** @type {Record<string, () => void>} */
    const actions = {
      ' ': () => this.clock.toggle(),
      ArrowLeft: () => this.clock.step(event.shiftKey ? -10 : -1),
      ArrowRight: () => this.clock.step(event.shiftKey ? 10 : 1),
      Home: () => this.jump(0),
      End: () => this.jump(this.clock.steps),
    };
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

const FIELDS = 'input, select, textarea, [contenteditable=""], [contenteditable="true"]';
const WIDGETS = ['slider', 'menu', 'menuitem', 'dialog', 'listbox', 'tab', 'radio', 'combobox'];
const PRESSED = 'button, a, summary, [role=button], [role=switch], [role=checkbox]';

/**
 * Whether the element with the focus uses the key itself.
 * @param {EventTarget | null} target
 * @param {string} key
 * @param {Element} scrub
 */
function busy(target, key, scrub) {
  if (!(target instanceof Element)) return false;
  if (target === scrub) return key !== ' ';
  if (target.closest(FIELDS) || target.closest(WIDGETS.map((role) => `[role=${role}]`).join())) return true;
  return key === ' ' && Boolean(target.closest(PRESSED));
}
