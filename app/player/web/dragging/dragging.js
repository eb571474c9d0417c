// What happens while a slider or the start is dragged: the lines of the racers show runs that the server computed, until
// the next scene comes or they are put back.

import { mark } from '../core/dom.js';
import { nearest } from '../core/stops.js';
import { exchange, leftOut, linesOf, Live } from './runs.js';

/**
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../core/envelope.js').Runs} Runs
 * @typedef {import('../drawing/marks.js').Line} Line
 *
 * @typedef {Object} Original a card and its lines before other runs were shown
 * @property {Card} card
 * @property {Card} fields a copy of the card
 * @property {[Line, Line][]} lines each with a copy
 *
 * @typedef {Object} Draggable a map on which the start is dragged
 * @property {{held: number | null} | null} handle
 * @property {(x: number, y: number) => void} move moves the mark of the start
 *
 * @typedef {Object} Host the player, as far as dragging concerns it
 * @property {HTMLElement} root
 * @property {string | undefined} recording
 * @property {Scene | undefined} scene
 * @property {{change?: (racer: string) => void}[]} panels
 * @property {{change: (racer: string) => void, remark: (racer: string, text: string) => void}} cards
 * @property {{exchanged: (racer: string) => void} | undefined} beside
 * @property {{second: boolean} | undefined} linking
 * @property {{phase: string | null} | undefined} predict
 * @property {() => void} rest paints, and settles when the clock rests
 */

const ALONE = 'While you drag, only the first seed is drawn.';

/** One of the races on the screen: its scene, where its runs are requested, and who shows them. */
class Side {
  /** What was shown before the drag; null outside a drag. @type {Original[] | null} */
  originals = null;
  /** The latest start that was dragged to. @type {[number, number] | undefined} */
  wanted;
  /** Whether runs from a start are being computed. */
  asking = false;

  /**
   * @param {() => Scene | null | undefined} find returns its scene, if it is shown
   * @param {boolean} recorded whether there is no server
   * @param {(racer: string) => void} changed called after a racer shows another run
   */
  constructor(find, recorded, changed) {
    this.find = find;
    this.changed = changed;
    this.live = new Live(
      () => (!recorded && this.scene?.live) || '',
      (racer, name) => sliderOf(this.scene, racer, name)?.sweep,
    );
  }

  get scene() {
    return this.find();
  }

  /**
   * @param {Runs} runs
   * @param {[racer: number, run: number][]} pairs which run each of some racers shows
   */
  show(runs, pairs) {
    const { scene } = this;
    if (!scene) return;
    this.originals ??= scene.cards.map((card) => originalOf(scene, card));
    scene.exchanged.clear();
    for (const [racer] of pairs) scene.exchanged.add(scene.cards[racer].id);
    for (const [racer, run] of pairs) {
      exchange(scene, scene.cards[racer], runs, run);
      this.changed(scene.cards[racer].id);
    }
  }

  putBack() {
    const { scene, originals } = this;
    this.originals = null;
    if (!scene || !originals) return;
    scene.exchanged.clear();
    for (const { card, fields, lines } of originals) {
      Object.assign(card, fields);
      for (const [line, copy] of lines) Object.assign(line, copy);
      this.changed(card.id);
    }
  }
}

export class Dragging {
  /** The scene that came last. @type {Scene | undefined} */
  arrival;

  /** @param {Host} stage */
  constructor(stage) {
    this.stage = stage;
    const recorded = stage.recording !== undefined;
    this.first = new Side(
      () => stage.scene,
      recorded,
      (racer) => {
        for (const panel of stage.panels) panel.change?.(racer);
        stage.cards.change(racer);
      },
    );
    this.second = new Side(
      () => stage.scene?.beside,
      recorded,
      (racer) => {
        stage.beside?.exchanged(racer);
        stage.cards.change(racer);
      },
    );
  }

  /** The races on which a slider of the cards acts: both of them if they have the same values. */
  sides() {
    const { scene, linking } = this.stage;
    if (!scene?.beside) return [this.first];
    if (scene.linked) return [this.first, this.second];
    return [linking?.second ? this.second : this.first];
  }

  /**
   * @param {string} racer
   * @param {string} name
   * @returns {import('../cards/slider.js').Dragging}
   */
  slider(racer, name) {
    return {
      ready: () => this.sides().forEach((side) => side.live.prefetch(racer, name)),
      show: (stops, place, exact) => this.show(racer, name, stops, place, exact),
      back: () => this.putBack(),
    };
  }

  /**
   * Shows the run at a stop of a slider, or at the nearest stop that has a run.
   * @param {string} racer
   * @param {string} name
   * @param {ArrayLike<number>} stops
   * @param {number} place of the stop
   * @param {boolean} [exact] whether no other stop will do
   * @returns {number | null} the value of that run, or null without one
   */
  show(racer, name, stops, place, exact) {
    const { stage } = this;
    const sides = this.sides();
    const sweeps = sides.flatMap((side) => side.live.sweep(racer, name) ?? []);
    const index = stage.scene?.cards.findIndex((card) => card.id === racer) ?? -1;
    if (!stage.scene || index < 0 || stage.predict?.phase || sweeps.length < sides.length) return null;
    const places = sweeps.map(({ values }) => Array.from(values, (value) => nearest(stops, value)));
    const runs = places.map((computed) => nearest(computed, place));
    if (exact && places[0][runs[0]] !== place) return null;
    sides.forEach((side, n) => side.show(sweeps[n], [[index, runs[n]]]));
    this.markStale(true);
    stage.cards.remark(racer, [leftOut(sweeps[0]), isBundled(stage.scene) ? ALONE : ''].join(' ').trim());
    stage.rest();
    return sweeps[0].values[runs[0]];
  }

  putBack() {
    this.first.wanted = this.second.wanted = undefined;
    if (!this.first.originals && !this.second.originals) return;
    this.first.putBack();
    this.second.putBack();
    this.clear();
    this.stage.rest();
  }

  /**
   * Takes a scene with runs of its own; returns whether it is another one than before.
   * @param {Scene} scene
   */
  arrived(scene) {
    if (scene === this.arrival) return false;
    this.arrival = scene;
    this.first.originals = this.second.originals = null;
    this.clear();
    return true;
  }

  /** Removes the remarks from the cards; everything on the screen belongs to one scene again. */
  clear() {
    for (const { id } of this.stage.scene?.cards ?? []) this.stage.cards.remark(id, '');
    this.markStale(false);
  }

  /** @param {boolean} stale whether some results on the screen belong to other runs than those shown */
  markStale(stale) {
    mark(this.stage.root, 'data-stale', stale);
  }

  /**
   * The start is dragged: the runs follow as fast as they are computed, always from the latest place.
   * @param {Side} side
   * @param {Draggable} map where the start is dragged
   * @param {number} x
   * @param {number} y
   */
  start(side, map, x, y) {
    const { stage } = this;
    const { scene } = side;
    if (!scene || stage.predict?.phase) return;
    map.move(x, y);
    /** @type {[number, number]} */
    const place = [x, y];
    side.wanted = place;
    stage.rest();
    if (side.asking || !scene.cards.length || !side.live.address()) return;
    side.asking = true;
    side.live
      .ask('start', { x, y })
      .then((runs) => {
        if (side.scene !== scene || !side.wanted) return;
        side.show(
          runs,
          scene.cards.map((_, k) => [k, k]),
        );
        this.markStale(true);
        stage.rest();
      })
      .catch(() => {}) // without an answer nothing is shown; when the start is dropped, the page says why
      .finally(() => {
        side.asking = false;
        const { wanted } = side;
        const held = map.handle !== null && map.handle.held !== null;
        if (side.scene === scene && wanted && wanted !== place && held) this.start(side, map, ...wanted);
      });
  }
}

/**
 * Copies of a card and its lines.
 * @param {Scene} scene
 * @param {Card} card
 * @returns {Original}
 */
function originalOf(scene, card) {
  return { card, fields: { ...card }, lines: linesOf(scene, card.id).map((line) => [line, { ...line }]) };
}

/**
 * @param {Scene | null | undefined} scene
 * @param {string} racer
 * @param {string} name
 */
function sliderOf(scene, racer, name) {
  return scene?.cards.find(({ id }) => id === racer)?.sliders.find((slider) => slider.name === name);
}

/**
 * Whether a scene shows more than one seed of its racers.
 * @param {Scene} scene
 */
function isBundled({ panels }) {
  return panels[0].marks.some(({ layer, type }) => layer === 'under' && (type === 'lines' || type === 'dots'));
}
