// The big panel, which shows the map, the surface in three dimensions, or a small map for each racer. Only one of these
// is drawn.

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
  /** The picture that the reader or the scene has chosen. */
  name = 'map';
  /** The picture that a mode requires. @type {string | null} */
  forced = null;
  /** The choices that no scene has answered yet. @type {string[]} */
  pending = [];
  /** The picture of the last scene. @type {string | undefined} */
  scened;
  /** The size at which each picture was drawn. @type {Record<string, string>} */
  sizes = {};
  /** @type {[Scene, Style, Theme, string | null] | undefined} */
  latest;

  /**
   * @param {Record<string, StagePanel>} views the pictures by their names
   * @param {(name: string) => void} choose called when the reader has chosen another picture
   * @param {() => void} moved called when the canvases have to be painted again
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

  /** The name of the picture that is shown: the chosen one, unless a mode requires another. */
  get shown() {
    return this.forced ?? this.name;
  }

  get view() {
    return this.views[this.shown];
  }

  /**
   * Sets or releases the picture that a mode requires. The next update draws it.
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
   * Shows the reader's choice at once, and reports it to the page for its link.
   * @param {string} name
   */
  async pick(name) {
    if (name === this.name) return;
    this.pending.push(name);
    this.scened = name;
    this.choose(name);
    this.name = name;
    this.press();
    if (this.latest) await this.show();
    this.moved();
  }

  /**
   * Takes over the picture of a scene, unless the scene answers a choice that a later one has replaced.
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
    this.latest = [scene, style, theme, lit];
    this.hear(scene);
    this.press();
    await this.show();
  }

  size() {
    return [this.element.clientWidth, this.element.clientHeight].join();
  }

  /** Draws the chosen picture while it is invisible, and then replaces the previous one. */
  async show() {
    const { shown: name, view, latest } = this;
    if (!latest) return;
    const fresh = view.element.hidden;
    if (fresh) view.element.style.visibility = 'hidden';
    view.element.hidden = false;
    await view.update(...latest);
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
    if (this.latest) this.latest[3] = id;
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
