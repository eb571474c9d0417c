// The big panel: the map, the surface in three dimensions, or a small map for each racer. One is drawn; the others cost
// nothing.

import { h, mark } from '../core/dom.js';

const NAMES = /** @type {[string, string, string][]} */ ([
  ['map', 'map', 'One map for all racers'],
  ['surface', '3-D', 'The surface in three dimensions'],
  ['panels', 'per racer', 'A small map for each racer'],
]);

/**
 * @typedef {import('./panel.d.ts').StagePanel} StagePanel
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {import('../core/theme.js').Theme} Theme
 */

export class BigPanel {
  /** What the reader or the scene chose. */
  name = 'map';
  /** A picture that a mode asks for. @type {string | null} */
  forced = null;
  /** Choices that no scene has answered. @type {string[]} */
  pending = [];
  /** What the last scene said. @type {string | undefined} */
  scened;
  /** The size at which each picture was drawn. @type {Record<string, string>} */
  sizes = {};
  /** @type {[Scene, Style, Theme, string | null] | undefined} */
  given;

  /**
   * @param {Record<string, StagePanel>} views by their names; the map is there from the start
   * @param {(name: string) => void} choose another was chosen
   * @param {() => void} moved what is painted is to be painted again
   */
  constructor(views, choose, moved) {
    this.views = views;
    this.choose = choose;
    this.moved = moved;
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

  /**
   * A mode that can do with one picture alone asks for it, or lets go of it; the next update draws.
   * @param {string | null} name
   */
  force(name) {
    this.forced = name;
    this.switch.hidden = name !== null;
    this.press();
  }

  press() {
    for (const button of this.buttons) mark(button, 'aria-pressed', button.dataset.name === this.shown);
    mark(this.element, 'data-picture', this.shown);
  }

  /**
   * The reader's choice acts at once; the page hears of it for its link.
   * @param {string} name
   */
  async pick(name) {
    if (name === this.name) return;
    this.pending.push(name);
    this.scened = name;
    this.choose(name);
    this.name = name;
    this.press();
    if (this.given) await this.show();
    this.moved();
  }

  /**
   * What a scene says of the picture counts, unless it answers a choice that another followed.
   * @param {Scene} scene
   */
  hear({ picture }) {
    const answered = this.pending.indexOf(picture);
    if (answered >= 0) this.pending.splice(0, answered + 1);
    else if (picture !== this.scened) this.name = picture;
    this.scened = picture;
  }

  /**
   * @param {Scene} scene
   * @param {Style} style
   * @param {Theme} theme
   * @param {string | null} lit
   */
  async update(scene, style, theme, lit) {
    this.given = [scene, style, theme, lit];
    this.hear(scene);
    this.press();
    await this.show();
  }

  size() {
    return [this.element.clientWidth, this.element.clientHeight].join();
  }

  /** Draws what is chosen out of sight, and then shows it in the place of what was there. */
  async show() {
    const { shown: name, view, given } = this;
    if (!given) return;
    const fresh = view.element.hidden;
    if (fresh) view.element.style.visibility = 'hidden';
    view.element.hidden = false;
    await view.update(...given);
    if (fresh && this.sizes[name] && this.sizes[name] !== this.size()) await view.look();
    this.sizes[name] = this.size();
    if (name !== this.shown) return;
    for (const other of Object.values(this.views)) other.element.hidden = other !== view;
    view.element.style.visibility = '';
  }

  /** @param {number} position */
  paint(position) {
    this.view.paint(position);
  }

  remeasure() {
    return this.view.remeasure();
  }

  /** @param {string} racer */
  change(racer) {
    this.view.change?.(racer);
  }

  /** @param {number} position */
  settle(position) {
    return this.view.settle(position);
  }

  /** @param {string | null} id */
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
