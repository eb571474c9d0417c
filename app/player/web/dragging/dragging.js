// What happens while a slider or the start is dragged: runs that the server computed stand in the place of the racers'
// own, until the next scene comes or they are put back.

import { mark } from '../core/dom.js';
import { nearest } from '../core/stops.js';
import { exchange, leftOut, Live } from './runs.js';

const ALONE = 'While you drag, the first seed alone is drawn.';

/** One of the races on the screen: where its scene is, where other runs of it are asked for, and who draws it. */
class Side {
  /**
   * @param {() => import('../core/envelope.js').Scene | undefined} scene
   * @param {boolean} recorded there is nobody to ask
   * @param {(index: number) => void} changed one of its runs is another now
   */
  constructor(scene, recorded, changed) {
    Object.assign(this, { find: scene, changed });
    this.live = new Live(
      () => (!recorded && this.scene?.live) || '',
      (racer, name) => this.scene.cards.find(({ id }) => id === racer)?.sliders.find((one) => one.name === name)?.sweep,
    );
  }

  get scene() {
    return this.find();
  }

  show(runs, pairs) {
    const { scene } = this;
    scene.own ??= scene.cards.map((card, k) => [scene.positions[k], scene.losses[k], { ...card }]);
    scene.exchanged = new Set(pairs.map(([index]) => index));
    for (const [index, k] of pairs) {
      exchange(scene, index, runs, k);
      this.changed(index);
    }
  }

  putBack() {
    const { scene } = this;
    if (!scene?.own) return;
    scene.exchanged = undefined;
    scene.own.forEach(([positions, losses, card], k) => {
      Object.assign(scene.cards[k], card);
      [scene.positions[k], scene.losses[k]] = [positions, losses];
      this.changed(k);
    });
    scene.own = null;
  }
}

export class Dragging {
  /** @param {import('../stage/player.js').Player} stage */
  constructor(stage) {
    this.stage = stage;
    const recorded = stage.recording !== undefined;
    const tell = (side, index) => stage.cards.change(side.scene.cards[index].id);
    this.first = new Side(
      () => stage.scene,
      recorded,
      (index) => {
        for (const panel of stage.panels) panel.change?.(index);
        tell(this.first, index);
      },
    );
    this.second = new Side(
      () => stage.scene?.beside,
      recorded,
      (index) => {
        stage.beside.exchanged(index);
        tell(this.second, index);
      },
    );
  }

  /** The races on which a slider of the cards acts: both, where they have the same values. */
  sides() {
    const { scene } = this.stage;
    if (!scene?.beside) return [this.first];
    if (scene.linked) return [this.first, this.second];
    return [this.stage.linking.second ? this.second : this.first];
  }

  /** @returns {import('../cards/slider.js').Dragging} */
  slider(racer, name) {
    return {
      ready: () => this.sides().forEach((side) => side.live.prefetch(racer, name)),
      show: (stops, place, exact) => this.show(racer, name, stops, place, exact),
      back: () => this.putBack(),
    };
  }

  show(racer, name, stops, place, exact) {
    const { stage } = this;
    const sides = this.sides();
    const sweeps = sides.map((side) => side.live.sweep(racer, name));
    const index = stage.scene.cards.findIndex((card) => card.id === racer);
    if (index < 0 || stage.predict.phase || sweeps.some((sweep) => !sweep)) return null;
    const places = sweeps.map(({ values }) => Array.from(values, (value) => nearest(stops, value)));
    const [k, ...others] = places.map((computed) => nearest(computed, place));
    if (exact && places[0][k] !== place) return null;
    sides.forEach((side, n) => side.show(sweeps[n], [[index, [k, ...others][n]]]));
    this.stale(true);
    stage.cards.remark(racer, [leftOut(sweeps[0]), stage.scene.bundle ? ALONE : ''].join(' ').trim());
    stage.rest();
    return sweeps[0].values[k];
  }

  putBack() {
    if (!this.first.scene?.own && !this.second.scene?.own) return;
    this.first.putBack();
    this.second.putBack();
    for (const { id } of this.stage.scene.cards) this.stage.cards.remark(id, '');
    this.stale(false);
    this.stage.rest();
  }

  /** Another scene has come, with runs of its own. */
  arrived(scene) {
    if (scene === this.arrival) return;
    this.arrival = scene;
    for (const { id } of scene.cards) this.stage.cards.remark(id, '');
    this.stale(false);
  }

  stale(stale) {
    mark(this.stage.root, 'data-stale', stale);
  }

  /**
   * The start is dragged: the runs follow as quickly as they are computed, the newest place first.
   * @param {Side} side
   * @param {import('../panels/map.js').MapPanel} map where it is dragged
   */
  start(side, map, x, y) {
    const { stage } = this;
    const { scene } = side;
    if (stage.predict.phase) return;
    scene.start = [x, y];
    side.wanted = [x, y];
    stage.rest();
    if (side.asking || !scene.cards.length || !side.live.address()) return;
    side.asking = true;
    const at = side.wanted;
    side.live
      .ask('start', { x, y })
      .then((runs) => {
        if (side.scene !== scene) return;
        side.show(
          runs,
          scene.cards.map((_, k) => [k, k]),
        );
        this.stale(true);
        stage.rest();
      })
      .catch(() => {}) // what is refused, or not answered, is not shown; the release says why
      .finally(() => {
        side.asking = false;
        const held = map.handle.held !== null;
        if (side.scene === scene && side.wanted !== at && held) this.start(side, map, ...side.wanted);
      });
  }
}
