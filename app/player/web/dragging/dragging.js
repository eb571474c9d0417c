// What happens while a slider or the start is dragged: runs that the server computed stand in the place of the racers'
// own, until the next scene comes or they are put back.

import { mark } from '../core/dom.js';
import { exchange, leftOut, linesOf, Live } from './runs.js';

const ALONE = 'While you drag, the first seed alone is drawn.';

/** One of the races on the screen: where its scene is, where other runs of it are asked for, and who draws it. */
class Side {
  /**
   * @param {() => import('../core/envelope.js').Scene | undefined} scene
   * @param {boolean} recorded there is nobody to ask
   * @param {(racer: string) => void} changed one of its runs is another now
   */
  constructor(scene, recorded, changed) {
    Object.assign(this, { find: scene, changed, kept: null });
    this.live = new Live(
      () => (!recorded && this.scene?.live) || '',
      (racer) => this.scene.cards.findIndex(({ id }) => id === racer),
    );
  }

  get scene() {
    return this.find();
  }

  show(runs, pairs) {
    const { scene } = this;
    this.kept ??= scene.cards.map((card) => ({ card, fields: { ...card }, lines: linesOf(scene, card.id).map((line) => [line, { ...line }]) }));
    scene.exchanged.clear();
    for (const [index] of pairs) scene.exchanged.add(scene.cards[index].id);
    for (const [index, k] of pairs) {
      exchange(scene, scene.cards[index], runs, k);
      this.changed(scene.cards[index].id);
    }
  }

  putBack() {
    const { scene, kept } = this;
    this.kept = null;
    if (!scene || !kept) return;
    scene.exchanged.clear();
    for (const { card, fields, lines } of kept) {
      Object.assign(card, fields);
      for (const [line, own] of lines) Object.assign(line, own);
      this.changed(card.id);
    }
  }
}

export class Dragging {
  /** @param {import('../stage/player.js').Player} stage */
  constructor(stage) {
    this.stage = stage;
    const recorded = stage.recording !== undefined;
    const tell = (racer) => stage.cards.change(racer);
    this.first = new Side(
      () => stage.scene,
      recorded,
      (racer) => {
        for (const panel of stage.panels) panel.change?.(racer);
        tell(racer);
      },
    );
    this.second = new Side(
      () => stage.scene?.beside,
      recorded,
      (racer) => {
        stage.beside.exchanged(racer);
        tell(racer);
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
      show: (part, exact) => this.show(racer, name, part, exact),
      back: () => this.putBack(),
    };
  }

  show(racer, name, part, exact) {
    const { stage } = this;
    const sides = this.sides();
    const sweeps = sides.map((side) => side.live.sweep(racer, name));
    const index = stage.scene.cards.findIndex((card) => card.id === racer);
    if (index < 0 || stage.predict?.phase || sweeps.some((sweep) => !sweep)) return null;
    const at = part * (sweeps[0].values.length - 1);
    const k = Math.round(at);
    if (exact && Math.abs(at - k) > 1e-9) return null;
    sides.forEach((side, n) => side.show(sweeps[n], [[index, k]]));
    this.stale(true);
    stage.cards.remark(racer, [leftOut(sweeps[0]), bundled(stage.scene) ? ALONE : ''].join(' ').trim());
    stage.rest();
    return sweeps[0].values[k];
  }

  putBack() {
    if (!this.first.kept && !this.second.kept) return;
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
    this.first.kept = this.second.kept = null;
    for (const { id } of scene.cards) this.stage.cards.remark(id, '');
    this.stale(false);
  }

  stale(stale) {
    mark(this.stage.root, 'data-stale', stale);
  }

  /**
   * The start is dragged: the runs follow as quickly as they are computed, the newest place first.
   * @param {Side} side
   * @param {import('../panels/plot.js').PlotPanel} map where it is dragged
   */
  start(side, map, x, y) {
    const { stage } = this;
    const { scene } = side;
    if (stage.predict?.phase) return;
    map.move(x, y);
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

/** Whether a scene shows more than one seed of its racers. */
function bundled({ panels }) {
  return panels[0].marks.some((one) => one.layer === 'under' && (one.type === 'lines' || one.type === 'dots'));
}
