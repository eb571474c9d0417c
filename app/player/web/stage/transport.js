// The transport bar: play, step, scrub, speed, loop.

import { h, iconButton, mark, relabel, say } from '../core/dom.js';
import { unitOf } from '../core/pace.js';

const SPEEDS = [
  [0.25, '¼×'],
  [0.5, '½×'],
  [1, '1×'],
  [2, '2×'],
  [4, '4×'],
];

export class Transport {
  /**
   * @param {import('../core/clock.js').Clock} clock
   * @param {() => void} scrubbing called when the scrub bar is moved
   */
  constructor(clock, scrubbing) {
    this.clock = clock;
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
        title: 'What the clock counts and curves are drawn against',
        change: () => this.choose(this.unit.value),
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

  /** The word for what is counted; a choice of it where a step costs more than one evaluation of somebody. */
  count(scene) {
    const choosable = scene.axis === 'evaluations' || scene.cards.some((card) => card.cost > 1);
    this.unit.hidden = !choosable;
    this.word.hidden = choosable;
    if (this.unit.value !== scene.axis) this.unit.value = scene.axis;
    say(this.word, unitOf(scene));
  }

  jump(step) {
    this.clock.pause();
    this.clock.seek(step);
  }

  /** The length of the race: it also fixes the width of the step number, so that nothing shifts. */
  resize(steps) {
    this.scrub.max = String(Math.max(1, steps));
    this.scrub.disabled = steps === 0;
    say(this.all, String(steps));
    this.now.style.minWidth = `${String(steps).length}ch`;
  }

  paint(position) {
    const step = Math.floor(position);
    say(this.now, String(step));
    if (this.scrub.value !== String(step)) this.scrub.value = String(step);
    const share = this.clock.steps ? position / this.clock.steps : 0;
    this.scrub.style.setProperty('--share', share.toFixed(4));
    this.scrub.setAttribute('aria-valuetext', `${this.word.textContent} ${step} of ${this.clock.steps}`);
    relabel(this.play, ...(this.clock.playing ? ['pause', 'Pause'] : ['play', 'Play']));
  }

  /**
   * Keys for the whole page: space, arrows, Home and End, unless something that uses them has the focus.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (busy(event.target, event.key, this.scrub)) return;
    const act = {
      ' ': () => this.clock.toggle(),
      ArrowLeft: () => this.clock.step(event.shiftKey ? -10 : -1),
      ArrowRight: () => this.clock.step(event.shiftKey ? 10 : 1),
      Home: () => this.jump(0),
      End: () => this.jump(this.clock.steps),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

const FIELDS = 'input, select, textarea, [contenteditable=""], [contenteditable="true"]';
const WIDGETS = ['slider', 'menu', 'menuitem', 'dialog', 'listbox', 'tab', 'radio', 'combobox'];
const PRESSED = 'button, a, summary, [role=button], [role=switch], [role=checkbox]';

/** Whether what has the focus uses the key itself. */
function busy(target, key, scrub) {
  if (!(target instanceof Element)) return false;
  if (target === scrub) return key !== ' ';
  if (target.closest(FIELDS) || target.closest(WIDGETS.map((role) => `[role=${role}]`).join())) return true;
  return key === ' ' && Boolean(target.closest(PRESSED));
}
