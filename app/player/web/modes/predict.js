// Predict, then reveal: what gives the ends away is hidden until people have said where each racer will end.

import { SHAPES } from '../cards/cards.js';
import { h, mark, say } from '../core/dom.js';
import { panelOf } from '../core/envelope.js';
import { handleOf, lineOf } from '../drawing/marks.js';
import { GuessLayer } from './guesses.js';
import { LEAVES } from './judge.js';
import { resultsOf } from './results.js';

/** @typedef {import('./judge.js').Guesses} Guesses */

/** Persons who may guess, at most: their numbers still find room beside the marks. */
const MOST = 8;
const UNTOLD = 'where they end is not told yet';

/**
 * One of the stage's panels, so that it is handed every scene and every frame. It is off (`phase` null), or people
 * `guess`, or the race is on its way (`run`), or it has come to its `end`.
 */
export class Predict {
  /**
   * @param {import('../stage/player.js').Player} stage
   */
  constructor(stage) {
    this.stage = stage;
    this.phase = null;
    this.layer = new GuessLayer(stage.map);
    const button = (text, testid, click, title) =>
      h('button', { type: 'button', class: 'plain', 'data-testid': testid, title, click }, text);
    this.button = button(
      'Predict',
      'predict',
      () => (this.phase ? this.leave() : this.enter()),
      'Guess where they end',
    );
    this.button.classList.add('mode');
    mark(this.button, 'aria-pressed', false);
    this.sign = h('span', { class: 'dot', 'aria-hidden': 'true' });
    this.question = h('span', { class: 'question', 'aria-live': 'polite', 'data-testid': 'question' });
    this.note = h('span', { class: 'note', role: 'status', 'data-testid': 'guess-note' });
    this.off = button('It leaves the map', 'leaves', () => this.guess(LEAVES), 'It ends nowhere on the map');
    this.next = button('Next person', 'next-person', () => this.join(), 'Another set of guesses');
    this.reveal = button('Reveal', 'reveal', () => stage.clock.play(), 'Run the race');
    this.again = button('Guess again', 'guess-again', () => this.begin(), 'A new round, without guesses');
    this.element = h(
      'div',
      { class: 'asking', hidden: true, 'data-testid': 'asking' },
      ...[this.sign, h('div', { class: 'words' }, this.question, this.note)],
      ...[this.off, this.next, this.reveal, this.again],
    );
    this.list = h('div', { class: 'guessed', hidden: true, 'data-testid': 'guess-results', role: 'status' });
    stage.cards.list.addEventListener('click', (event) => this.picked(event.target));
  }

  // The phases.

  enter() {
    this.kept = this.stage.clock.position;
    this.begin();
  }

  begin() {
    /** @type {Guesses[]} */
    this.people = [new Map()];
    this.turn = 0;
    this.current = this.asked()[0]?.id ?? null;
    this.rewind('');
    this.stage.redraw();
  }

  /** Back to the start, with the guesses that there are. */
  rewind(why) {
    const { clock } = this.stage;
    clock.pause();
    clock.limit = 0;
    this.become('guess', why);
    clock.seek(0);
  }

  /** Takes the last answer back; where there is none, the mode ends. */
  back() {
    if (this.phase === 'guess') {
      while (this.turn > 0 && !this.person.size) this.turn -= 1;
      const last = [...this.person.keys()].at(-1);
      if (last !== undefined) {
        this.person.delete(last);
        this.current = last;
        say(this.note, 'The last answer is taken back.');
        this.ask();
        this.paint();
        return true;
      }
    }
    return this.leave();
  }

  leave() {
    if (!this.phase) return false;
    const { clock } = this.stage;
    const back = this.phase === 'guess';
    this.become(null);
    if (back) clock.seek(this.kept);
    this.stage.redraw();
    return true;
  }

  /** @param {'guess' | 'run' | 'end' | null} phase */
  become(phase, why = '') {
    this.phase = phase;
    this.stage.big.force(phase ? 'map' : null);
    if (phase !== 'guess') this.stage.clock.limit = Infinity;
    const { root, save } = this.stage;
    const untold = phase === 'guess' || phase === 'run';
    if (phase) mark(root, 'data-predicting', phase);
    else root.removeAttribute('data-predicting');
    // the table of results is the page's, and stands outside
    document.documentElement.toggleAttribute('data-optiscope-untold', untold);
    save.button.disabled = untold; // a picture would tell
    if (untold) save.open(false);
    mark(this.button, 'aria-pressed', Boolean(phase));
    this.element.hidden = !phase;
    say(this.note, why);
    this.ask();
    this.judge();
    if (!phase) this.layer.clear();
  }

  /** The clock began to play: what was guessed is to be seen. */
  played() {
    if (this.phase === 'guess' && this.stage.clock.playing) this.become('run');
  }

  // What is asked, and answered.

  /** The racers that are asked about, in the order of their cards. */
  asked() {
    return this.stage.scene.cards.filter((card) => !card.hidden);
  }

  get person() {
    return this.people[this.turn];
  }

  /** A click on the map: whether it was an answer, or none is wanted, and the start is to stay. */
  click(x, y) {
    if (!this.phase) return false;
    if (this.phase === 'guess') this.guess({ x, y });
    return true;
  }

  /** @param {import('./judge.js').Guess} guess */
  guess(guess) {
    if (this.current === null) return;
    this.person.delete(this.current); // the last answer is the last in the list
    this.person.set(this.current, guess);
    // whoever is not asked yet; when all are, the last one's mark may still be moved
    const open = this.asked().filter((card) => !this.person.has(card.id));
    const cards = this.stage.scene.cards.map((card) => card.id);
    const after = open.find((card) => cards.indexOf(card.id) > cards.indexOf(this.current));
    this.current = (after ?? open[0])?.id ?? this.current;
    say(this.note, '');
    this.ask();
    this.paint();
  }

  /** The next person's turn: one who guessed before guesses were cleared, or another. */
  join() {
    this.turn += 1;
    if (this.turn === this.people.length) this.people.push(new Map());
    this.current = this.asked()[0]?.id ?? null;
    say(this.note, '');
    this.ask();
  }

  /** A click on a card asks about its racer. */
  picked(target) {
    if (this.phase !== 'guess' || target.closest('button, input')) return;
    const card = this.asked().find(({ id }) => this.stage.cards.views.get(id)?.element.contains(target));
    if (!card) return;
    this.current = card.id;
    this.ask();
  }

  ask() {
    const guessing = this.phase === 'guess';
    const card = guessing ? this.asked().find(({ id }) => id === this.current) : undefined;
    this.sign.hidden = !card;
    for (const [id, view] of this.stage.cards.views) view.element.classList.toggle('asked', id === card?.id);
    for (const one of [this.off, this.next, this.reveal]) one.hidden = !guessing;
    this.again.hidden = this.phase !== 'end';
    if (!this.phase) return;
    if (card) {
      this.sign.innerHTML = `<svg viewBox="0 0 16 16" fill="currentColor">${SHAPES[card.shape]}</svg>`;
      this.element.style.setProperty('--racer', card.color);
    }
    this.question.replaceChildren(...this.words(card));
    this.off.disabled = !card;
    this.next.disabled = this.turn + 1 >= MOST || this.person.size === 0;
  }

  words(card) {
    if (this.phase === 'run') return ['The race is on.'];
    if (this.phase === 'end') return ['Here they ended.'];
    const name = h('b', {}, card?.title ?? '');
    const who = this.people.length > 1 ? `Person ${this.turn + 1}: ` : '';
    const said = card && this.person.get(card.id);
    if (!card) return ['Nobody races: add a racer, or show one.'];
    if (!said) return [`${who}Where does `, name, ' end? Click on the map.'];
    const done = this.asked().every(({ id }) => this.person.has(id)) ? 'All is said. ' : '';
    if (said === LEAVES) {
      return [`${who}${done}You say that `, name, ' leaves the map; a click on the map says where else.'];
    }
    return [`${who}${done}A click moves the mark of `, name, '.'];
  }

  /** The list of who was nearest, at the end. */
  judge() {
    this.list.hidden = this.phase !== 'end';
    if (this.phase !== 'end') return;
    this.list.replaceChildren(...resultsOf(this.stage.scene, this.people, this.stage.map.limits));
  }

  // What the stage hands over.

  /** The scene as the panels may tell of it: in words too, only what is known. */
  veiled(scene) {
    if (!this.phase) return scene;
    if (this.phase === 'end') return { ...scene, still: true };
    const racers = scene.cards.map((card) => card.title).join(', ');
    return { ...scene, still: true, untold: true, description: `${racers}: ${UNTOLD}.` };
  }

  /** Another scene while the mode is on: guesses of a run that is another now are worth nothing. */
  changed(before, scene) {
    if (!this.phase || !before || before === scene) return;
    const there = new Map(before.cards.map((card) => [card.id, pathOf(before, card.id)]));
    const world = placeOf(before) !== placeOf(scene);
    const other = scene.cards.filter((card) => world || !alike(there.get(card.id), pathOf(scene, card.id)));
    const lost = [...there.keys()].filter((id) => !scene.cards.some((card) => card.id === id));
    const outdated = [...other.map((card) => card.id), ...lost];
    for (const guesses of this.people) for (const id of outdated) guesses.delete(id);
    if (!this.asked().some((card) => card.id === this.current)) this.current = null;
    if (!other.length) {
      this.current ??= this.asked()[0]?.id ?? null;
      this.ask();
      this.judge();
      return;
    }
    this.current = other.find((card) => !card.hidden)?.id ?? this.asked()[0]?.id ?? null;
    this.turn = 0;
    const names = world ? 'The race' : other.map((card) => card.title).join(', ');
    const rest = other.length > 1 || world ? 'their guesses are' : 'its guesses are';
    this.rewind(`${names} changed: ${rest} cleared.`);
  }

  async update(scene, style, theme) {
    Object.assign(this, { style, font: theme.font });
  }

  /** @param {number} [position] the playhead's */
  paint(position = this.stage.clock.position) {
    if (!this.phase || !this.style) return;
    this.layer.paint(this.stage.scene, this.style, this.font, this.people, this.phase);
    if (this.phase !== 'run' || position < this.stage.clock.steps) return;
    this.become('end');
    // not within the frame that is being painted
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

/** The path of a racer: x and y of each step. */
function pathOf(scene, racer) {
  const line = lineOf(panelOf(scene, 'map'), 'path', racer);
  return line && [line.x, line.y];
}

/** What the race is on, and where it starts. */
function placeOf(scene) {
  const map = panelOf(scene, 'map');
  const start = handleOf(map);
  return [map?.ground, start?.x[0], start?.y[0]].join();
}

/** Whether two runs are drawn in the same places. */
function alike(one, other) {
  if (!one || !other) return false;
  return one.every((values, axis) => values.length === other[axis].length && values.every((v, k) => Object.is(v, other[axis][k])));
}
