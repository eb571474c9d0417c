// Predict, then reveal: everything that gives the ends away is hidden until people have guessed where each racer ends.

import { SHAPES } from '../cards/cards.js';
import { h, mark, say } from '../core/dom.js';
import { panelOf } from '../core/envelope.js';
import { handleOf, lineOf } from '../drawing/marks.js';
import { GuessLayer } from './guesses.js';
import { LEAVES } from './judge.js';
import { resultsOf } from './results.js';
import { inkVariable } from '../core/theme.js';

/**
 * @typedef {import('./judge.js').Guesses} Guesses
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {'guess' | 'run' | 'end'} Phase people guess, the race runs, or it has ended
 *
 * @typedef {Object} Host the player, as far as this mode concerns it
 * @property {HTMLElement} root
 * @property {import('../core/clock.js').Clock} clock
 * @property {import('../cards/cards.js').Cards} cards
 * @property {{button: HTMLButtonElement}} takeaway
 * @property {Scene | undefined} scene
 * @property {{force: (name: 'map' | null) => void} | undefined} big
 * @property {() => Promise<void>} redraw
 */

/** The greatest number of persons: their numbers still find room beside the marks. */
const MOST = 8;
const UNTOLD = 'the results are hidden until the reveal';

/** One of the followers of the stage, so that it receives every scene and every frame. */
export class Predict {
  /** Null while the mode is off. @type {Phase | null} */
  phase = null;
  /** The guesses of each person. @type {Guesses[]} */
  people = [new Map()];
  /** The person who guesses now. */
  turn = 0;
  /** The racer about which is asked. @type {string | null} */
  current = null;
  /** Where the playhead was before the mode began. */
  before = 0;
  /** @type {Style | undefined} */
  style;
  font = '';

  /**
   * @param {Host} stage
   * @param {import('../panels/plot.js').PlotPanel} map
   */
  constructor(stage, map) {
    this.stage = stage;
    this.map = map;
    this.layer = new GuessLayer(map);
    /** @type {(text: string, testid: string, click: () => void, title: string) => HTMLButtonElement} */
    const button = (text, testid, click, title) =>
      h('button', { type: 'button', class: 'plain', 'data-testid': testid, title, click }, text);
    this.button = button(
      'Predict',
      'predict',
      () => {
        if (this.phase) this.leave();
        else this.enter();
      },
      'Guess where the racers end',
    );
    this.button.classList.add('mode');
    mark(this.button, 'aria-pressed', false);
    this.sign = h('span', { class: 'dot', 'aria-hidden': 'true' });
    this.question = h('span', { class: 'question', 'aria-live': 'polite', 'data-testid': 'question' });
    this.note = h('span', { class: 'note', role: 'status', 'data-testid': 'guess-note' });
    this.off = button('It leaves the map', 'leaves', () => this.guess(LEAVES), 'It does not end on the map');
    this.next = button('Next person', 'next-person', () => this.join(), 'Add another set of guesses');
    this.reveal = button('Reveal', 'reveal', () => stage.clock.play(), 'Play the race');
    this.again = button('Guess again', 'guess-again', () => this.begin(), 'Start a new round');
    this.element = h(
      'div',
      { class: 'asking', hidden: true, 'data-testid': 'asking' },
      ...[this.sign, h('div', { class: 'words' }, this.question, this.note)],
      ...[this.off, this.next, this.reveal, this.again],
    );
    this.list = h('div', { class: 'guessed', hidden: true, 'data-testid': 'guess-results', role: 'status' });
    stage.cards.list.addEventListener('click', (event) => this.pick(event.target));
  }

  // The phases.

  enter() {
    this.before = this.stage.clock.position;
    this.begin();
  }

  /** Begins a new round. */
  begin() {
    this.people = [new Map()];
    this.turn = 0;
    this.current = this.asked()[0]?.id ?? null;
    this.rewind('');
    this.stage.redraw();
  }

  /**
   * Goes back to the start, and keeps the guesses.
   * @param {string} note
   */
  rewind(note) {
    const { clock } = this.stage;
    clock.pause();
    clock.limit = 0;
    this.become('guess', note);
    clock.seek(0);
  }

  /** Takes the last answer back, or leaves the mode without one; returns whether it did either. */
  back() {
    if (this.phase === 'guess') {
      while (this.turn > 0 && !this.person.size) this.turn -= 1;
      const last = [...this.person.keys()].at(-1);
      if (last !== undefined) {
        this.person.delete(last);
        this.current = last;
        say(this.note, 'The last guess was undone.');
        this.ask();
        this.paint();
        return true;
      }
    }
    return this.leave();
  }

  /** Leaves the mode; returns whether it was on. */
  leave() {
    if (!this.phase) return false;
    const guessing = this.phase === 'guess';
    this.become(null);
    if (guessing) this.stage.clock.seek(this.before);
    this.stage.redraw();
    return true;
  }

  /**
   * @param {Phase | null} phase
   * @param {string} [note]
   */
  become(phase, note = '') {
    this.phase = phase;
    const { root, takeaway, clock, big } = this.stage;
    big?.force(phase ? 'map' : null);
    if (phase !== 'guess') clock.limit = Infinity;
    const untold = phase === 'guess' || phase === 'run';
    if (phase) mark(root, 'data-predicting', phase);
    else root.removeAttribute('data-predicting');
    // The table of results belongs to the page, outside the player.
    document.documentElement.toggleAttribute('data-optiscope-untold', untold);
    takeaway.button.disabled = untold; // a picture would show the ends
    mark(this.button, 'aria-pressed', Boolean(phase));
    this.element.hidden = !phase;
    say(this.note, note);
    this.ask();
    this.judge();
    if (!phase) this.layer.clear();
  }

  /** The clock began to play: the race reveals its ends. */
  played() {
    if (this.phase === 'guess' && this.stage.clock.playing) this.become('run');
  }

  // Questions and answers.

  /** The racers about which is asked, in the order of their cards. */
  asked() {
    return this.stage.scene?.cards.filter((card) => !card.hidden) ?? [];
  }

  /** The guesses of the person who guesses now. */
  get person() {
    return this.people[this.turn];
  }

  /**
   * Takes a click on the map for an answer; returns whether the click must not move the start.
   * @param {number} x
   * @param {number} y
   */
  click(x, y) {
    if (!this.phase) return false;
    if (this.phase === 'guess') this.guess({ x, y });
    return true;
  }

  /** @param {import('./judge.js').Guess} guess */
  guess(guess) {
    const { current } = this;
    if (current === null) return;
    this.person.delete(current); // the latest answer comes last in the list
    this.person.set(current, guess);
    // The next racer without a guess. When all have one, the mark of the last may still be moved.
    const open = this.asked().filter((card) => !this.person.has(card.id));
    const order = this.stage.scene?.cards.map((card) => card.id) ?? [];
    const after = open.find((card) => order.indexOf(card.id) > order.indexOf(current));
    this.current = (after ?? open[0])?.id ?? current;
    say(this.note, '');
    this.ask();
    this.paint();
  }

  /** Hands over to the next person: one whose guesses were cleared, or a new one. */
  join() {
    this.turn += 1;
    if (this.turn === this.people.length) this.people.push(new Map());
    this.current = this.asked()[0]?.id ?? null;
    say(this.note, '');
    this.ask();
  }

  /**
   * Asks about the racer whose card was clicked.
   * @param {EventTarget | null} target
   */
  pick(target) {
    if (this.phase !== 'guess' || !(target instanceof Element) || target.closest('button, input')) return;
    const card = this.asked().find(({ id }) => this.stage.cards.views.get(id)?.element.contains(target));
    if (!card) return;
    this.current = card.id;
    this.ask();
  }

  /** Shows the question, and the buttons that answer it. */
  ask() {
    const guessing = this.phase === 'guess';
    const card = guessing ? this.asked().find(({ id }) => id === this.current) : undefined;
    this.sign.hidden = !card;
    for (const [id, view] of this.stage.cards.views) view.element.classList.toggle('asked', id === card?.id);
    for (const button of [this.off, this.next, this.reveal]) button.hidden = !guessing;
    this.again.hidden = this.phase !== 'end';
    if (!this.phase) return;
    if (card) {
      this.sign.innerHTML = `<svg viewBox="0 0 16 16" fill="currentColor">${SHAPES[card.shape]}</svg>`;
      this.element.style.setProperty('--racer', inkVariable(card.color));
    }
    this.question.replaceChildren(...this.words(card));
    this.off.disabled = !card;
    this.next.disabled = this.turn + 1 >= MOST || this.person.size === 0;
  }

  /**
   * The words of the question.
   * @param {Card | undefined} card
   */
  words(card) {
    if (this.phase === 'run') return ['The race is running.'];
    if (this.phase === 'end') return ['This is where they ended.'];
    if (!card) return ['No optimizers to show: add one, or show one that is hidden.'];
    const name = h('b', {}, card.title);
    const who = this.people.length > 1 ? `Person ${this.turn + 1}: ` : '';
    const guess = this.person.get(card.id);
    if (!guess) return [`${who}Where does `, name, ' end? Click on the map.'];
    const done = this.asked().every(({ id }) => this.person.has(id)) ? 'All guesses are in. ' : '';
    if (guess === LEAVES) {
      return [`${who}${done}Your guess: `, name, ' leaves the map. Click on the map to change it.'];
    }
    return [`${who}${done}Click on the map to move your guess for `, name, '.'];
  }

  /** Lists the results at the end. */
  judge() {
    const { scene } = this.stage;
    this.list.hidden = this.phase !== 'end';
    if (this.phase !== 'end' || !scene) return;
    this.list.replaceChildren(...resultsOf(scene, this.people, this.map.limits));
  }

  // What the stage calls.

  /**
   * The scene as panels may show it: its description, too, contains only what is known.
   * @param {Scene} scene
   * @returns {Scene}
   */
  veiled(scene) {
    if (!this.phase) return scene;
    if (this.phase === 'end') return { ...scene, still: true };
    const racers = scene.cards.map((card) => card.title).join(', ');
    return { ...scene, still: true, untold: true, description: `${racers}: ${UNTOLD}.` };
  }

  /**
   * Another scene has come: guesses about runs that have changed are cleared.
   * @param {Scene | undefined} before
   * @param {Scene} scene
   */
  changed(before, scene) {
    if (!this.phase || !before || before === scene) return;
    const paths = new Map(before.cards.map((card) => [card.id, pathOf(before, card.id)]));
    const everything = placeOf(before) !== placeOf(scene);
    const others = scene.cards.filter((card) => everything || !alike(paths.get(card.id), pathOf(scene, card.id)));
    const removed = [...paths.keys()].filter((id) => !scene.cards.some((card) => card.id === id));
    const outdated = [...others.map((card) => card.id), ...removed];
    for (const guesses of this.people) for (const id of outdated) guesses.delete(id);
    if (!this.asked().some((card) => card.id === this.current)) this.current = null;
    if (!others.length) {
      this.current ??= this.asked()[0]?.id ?? null;
      this.ask();
      this.judge();
      return;
    }
    this.current = others.find((card) => !card.hidden)?.id ?? this.asked()[0]?.id ?? null;
    this.turn = 0;
    const names = everything ? 'The race' : others.map((card) => card.title).join(', ');
    const rest = others.length > 1 || everything ? 'the guesses for them were' : 'the guesses for it were';
    this.rewind(`${names} changed: ${rest} cleared.`);
  }

  /**
   * @param {Scene} _
   * @param {Style} style
   * @param {import('../core/theme.js').Theme} theme
   */
  async update(_, style, theme) {
    this.style = style;
    this.font = theme.font;
  }

  /** @param {number} [position] of the playhead */
  paint(position = this.stage.clock.position) {
    const { scene, clock } = this.stage;
    if (!this.phase || !this.style || !scene) return;
    this.layer.paint(scene, this.style, this.font, this.people, this.phase);
    if (this.phase !== 'run' || position < clock.steps) return;
    this.become('end');
    // Not within the frame that is being painted.
    queueMicrotask(() => this.stage.redraw());
  }

  remeasure() {
    if (!this.phase) return;
    if (!this.asked().some((card) => card.id === this.current)) this.current = this.asked()[0]?.id ?? null;
    this.ask();
    this.judge();
  }

  async settle() {}

  light() {}

  async look() {}

  destroy() {
    document.documentElement.removeAttribute('data-optiscope-untold');
  }
}

/**
 * The path of a racer on the map: x and y of each step.
 * @param {Scene} scene
 * @param {string} racer
 * @returns {ArrayLike<number>[] | undefined}
 */
function pathOf(scene, racer) {
  const line = lineOf(panelOf(scene, 'map'), 'path', racer);
  return line && [line.x, line.y];
}

/**
 * A key of the surface and the start.
 * @param {Scene} scene
 */
function placeOf(scene) {
  const map = panelOf(scene, 'map');
  const start = map && handleOf(map);
  return [map?.ground, start?.x[0], start?.y[0]].join();
}

/**
 * Whether two paths are equal.
 * @param {ArrayLike<number>[] | undefined} one
 * @param {ArrayLike<number>[] | undefined} other
 */
function alike(one, other) {
  if (!one || !other) return false;
  return one.every((values, axis) => {
    const others = other[axis];
    return values.length === others.length && Array.prototype.every.call(values, (v, k) => Object.is(v, others[k]));
  });
}
