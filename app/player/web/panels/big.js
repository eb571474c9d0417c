// The big panel: the map, the surface in three dimensions, or a small map a racer. One is drawn; the others cost nothing.

import { h, mark } from '../core/dom.js';

const NAMES = [
  ['map', 'map', 'One map for all'],
  ['surface', '3-D', 'The surface in three dimensions'],
  ['panels', 'one each', 'A small map for each racer'],
];

export class BigPanel {
  /**
   * @param {Record<string, import('../stage/stage.js').Panel>} views by their names; the map is there from the start
   * @param {(name: string) => void} choose another was chosen
   * @param {() => void} moved what is painted is to be painted again
   */
  constructor(views, choose, moved) {
    Object.assign(this, { views, choose, moved, name: 'map', pending: [], sizes: {} });
    this.buttons = NAMES.map(([name, text, title]) =>
      h(
        'button',
        { type: 'button', title, 'data-name': name, 'data-testid': `picture-${name}`, click: () => this.pick(name) },
        text,
      ),
    );
    this.switch = h('div', { class: 'scale pictures', role: 'group', 'aria-label': 'Picture' }, ...this.buttons);
    this.element = h('div', { class: 'big' }, ...Object.values(views).map((view) => view.element), this.switch);
    this.press();
  }

  /** What is shown: what was chosen, unless a mode asks for another. */
  get shown() {
    return this.forced ?? this.name;
  }

  get view() {
    return this.views[this.shown];
  }

  /** A mode that can do with one picture alone asks for it, or lets go of it; the next update draws. */
  force(name) {
    this.forced = name;
    this.switch.hidden = name !== null;
    this.press();
  }

  press() {
    for (const button of this.buttons) mark(button, 'aria-pressed', button.dataset.name === this.shown);
    mark(this.element, 'data-picture', this.shown);
  }

  /** The user's choice acts at once; the page hears of it for its link. */
  pick(name) {
    if (name === this.name) return;
    this.pending.push(name);
    this.told = name;
    this.choose(name);
    return this.turn(name).then(() => this.moved());
  }

  /** What a scene says of the picture counts, unless it answers a choice that another followed. */
  hear({ picture = 'map' }) {
    const answered = this.pending.indexOf(picture);
    if (answered >= 0) this.pending.splice(0, answered + 1);
    else if (picture !== this.told) this.name = picture;
    this.told = picture;
  }

  async turn(name) {
    this.name = name;
    this.press();
    if (this.given) await this.show();
  }

  async update(...given) {
    this.given = given;
    this.hear(given[0]);
    this.press();
    await this.show();
  }

  size() {
    return [this.element.clientWidth, this.element.clientHeight].join();
  }

  /** Draws what is chosen out of sight, and then shows it in the place of what was there. */
  async show() {
    const { shown: name, view, given } = this;
    const fresh = view.element.hidden;
    if (fresh) view.element.style.visibility = 'hidden';
    view.element.hidden = false;
    await view.update(...given);
    if (fresh && this.sizes[name] && this.sizes[name] !== this.size()) await view.look();
    this.sizes[name] = this.size();
    if (name !== this.shown) return;
    for (const one of Object.values(this.views)) one.element.hidden = one !== view;
    view.element.style.visibility = '';
  }

  paint(position) {
    this.view.paint(position);
  }

  remeasure() {
    return this.view.remeasure();
  }

  change(index) {
    this.view.change?.(index);
  }

  settle(step) {
    return this.view.settle(step);
  }

  light(id) {
    if (this.given) this.given[3] = id;
    this.view.light(id);
  }

  look() {
    this.sizes[this.shown] = this.size();
    return this.view.look();
  }

  destroy() {
    for (const view of Object.values(this.views)) view.destroy();
  }
}
