// The map in three dimensions: plotly draws the ground, the painter draws the runs, and the camera is kept across
// scenes.

import { h, iconButton, mark, say } from '../core/dom.js';
import { DrapedPainter } from '../drawing/draped.js';
import { groundOf, heightsOf } from '../drawing/ground.js';
import { STILL } from '../drawing/layout.js';
import { sceneOf } from '../drawing/projection.js';
import { CAMERA, groundTrace, reliefLayout, runTraces } from '../drawing/relief.js';
import { namingOf } from './naming.js';

/**
 * @typedef {import('../drawing/marks.js').Panel} Panel
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {import('../core/theme.js').Theme} Theme
 */

const CONFIG = { ...STILL, scrollZoom: true };

/** The camera, which is kept as long as the page is open, even if another panel is created. @type {any} */
let camera = null;

export class SurfacePanel {
  resting = false;
  settled = false;
  position = 0;
  /** The scale of heights that the reader has chosen. */
  chosen = '';
  /** The choices that no scene has answered yet. @type {string[]} */
  pending = [];
  /** The scale of heights of the last scene. @type {string | undefined} */
  scened;
  /** @type {Panel | undefined} */
  map;
  /** @type {Scene | undefined} */
  scene;
  /** @type {Style | undefined} */
  style;
  /** @type {Theme | undefined} */
  theme;
  /** @type {import('../drawing/ground.js').Ground | undefined} */
  ground;
  shape = '';
  drawing = '';
  drawn = '';
  /** The camera of the last painting. */
  seen = '';
  listening = false;
  /** @type {any} */
  glplot;

  /**
   * @param {any} plotly
   * @param {{moved: () => void, hover: (id: string | null) => void, heights: (name: string) => void}} listeners
   * @param {(scene: Scene) => Panel | undefined} find returns the map of a scene
   */
  constructor(plotly, listeners, find) {
    this.find = find;
    this.plotly = plotly;
    this.listeners = listeners;
    this.plot = h('div', { class: 'plot', role: 'img', 'data-testid': 'surface' });
    this.tools = h(
      'div',
      { class: 'zoom', role: 'group', 'aria-label': 'Camera' },
      iconButton('home', 'Reset the camera', {
        ...{ class: 'icon', 'data-testid': 'camera-home' },
        click: () => this.home(),
      }),
    );
    this.buttons = ['log', 'linear'].map((name) =>
      h('button', { type: 'button', 'data-testid': `heights-${name}`, click: () => this.rescale(name) }, name),
    );
    this.switch = h('div', { class: 'scale', role: 'group', 'aria-label': 'Heights' }, ...this.buttons);
    this.words = h('span', { 'data-testid': 'heights-note' });
    this.note = h('div', { class: 'words' }, this.words, this.switch);
    this.element = h('div', { class: 'surface', hidden: true }, this.plot, this.note, this.tools);
    this.painter = new DrapedPainter(this.element);
  }

  /** The arguments of the last update. */
  get latest() {
    const { map, scene, style, theme, ground } = this;
    if (!map || !scene?.relief || !style || !theme || !ground) {
      throw new Error('the relief is drawn before there is one');
    }
    return { map, scene, style, theme, ground, relief: scene.relief };
  }

  /**
   * Shows a new scene. Plotly draws again only if the ground or the style has changed.
   * @param {Scene} scene
   * @param {Style} style
   * @param {Theme} theme
   * @param {string | null} [lit]
   */
  async update(scene, style, theme, lit = this.painter.lit) {
    this.hear(scene.relief?.heights ?? '');
    await this.render(scene, style, theme, lit);
  }

  /**
   * @param {Scene} scene
   * @param {Style} style
   * @param {Theme} theme
   * @param {string | null} lit
   */
  async render(scene, style, theme, lit = this.painter.lit) {
    const { relief } = scene;
    const map = this.find(scene);
    if (!relief || !map) return;
    const heights = heightsOf(relief, this.chosen);
    const shape = [map.ground, JSON.stringify(relief), heights].join();
    const drawing = [shape, theme.key].join();
    this.map = map;
    this.scene = scene;
    this.style = style;
    this.theme = theme;
    mark(this.plot, 'aria-label', `The surface in three dimensions. ${scene.description}`);
    if (shape !== this.shape) this.ground = groundOf(map, relief, heights);
    this.shape = shape;
    this.drawn = '';
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      this.label(heights);
      this.rest(false);
      await this.draw([]);
    }
    if (scene !== this.scene) return;
    this.painter.lit = lit;
    this.show();
    this.rest(false);
  }

  show() {
    const { map, scene, style, theme, ground } = this.latest;
    const showing = {
      ...{ style, font: theme.font, handle: () => 'start', untold: Boolean(scene.untold) },
      hidden: new Set(scene.cards.filter(({ hidden }) => hidden).map(({ id }) => id)),
      exchanged: scene.exchanged,
    };
    this.painter.lay(map, showing, ground);
    this.painter.look(this.plot);
  }

  /**
   * Takes over the heights of a scene, unless the scene answers a choice that a later one has replaced.
   * @param {string} heights
   */
  hear(heights) {
    const answered = this.pending.indexOf(heights);
    if (answered >= 0) this.pending.splice(0, answered + 1);
    else if (heights !== this.scened) this.chosen = heights;
    this.scened = heights;
  }

  /** @param {string} heights */
  label(heights) {
    const { ground, relief } = this.latest;
    say(this.words, ground.words);
    this.switch.hidden = heightsOf(relief, 'log') === 'linear';
    for (const button of this.buttons) mark(button, 'aria-pressed', button.textContent === heights);
  }

  /** @param {string} name */
  async rescale(name) {
    if (!this.scene?.relief || name === heightsOf(this.scene.relief, this.chosen)) return;
    this.chosen = name;
    this.pending.push(name);
    this.scened = name;
    this.listeners.heights(name);
    const { scene, style, theme } = this.latest;
    await this.render(scene, style, theme);
    this.listeners.moved();
  }

  /** @param {any[]} traces */
  async draw(traces) {
    const { style, theme, ground } = this.latest;
    const { clientWidth: width, clientHeight: height } = this.element;
    if (this.listening) this.keep();
    const layout = { ...reliefLayout(style, theme.font, ground, camera ?? CAMERA), width, height };
    await this.plotly.react(this.plot, [groundTrace(style, ground), ...traces], layout, CONFIG);
    if (!this.listening) this.listen();
    this.hook();
  }

  keep() {
    camera = sceneOf(this.plot)?.getCamera() ?? camera;
  }

  listen() {
    this.listening = true;
    const { plot } = this;
    const on = /** @type {any} */ (plot).on.bind(plot);
    on('plotly_relayout', () => this.keep());
    on('plotly_hover', (/** @type {any} */ { points }) => this.listeners.hover(points?.[0]?.data?.meta || null));
    on('plotly_unhover', () => this.listeners.hover(null));
  }

  /** Follows the camera on each rendering of plotly, whether it is dragged, turned by its momentum, or set. */
  hook() {
    const { glplot } = sceneOf(this.plot);
    if (glplot !== this.glplot) {
      this.glplot = glplot;
      const before = glplot.onrender;
      glplot.onrender = () => {
        before?.();
        this.turned();
      };
    }
    glplot.redraw();
  }

  turned() {
    const { view, projection, model } = this.glplot.cameraParams;
    const matrices = [view, projection, model].map((matrix) => matrix.join()).join();
    if (matrices === this.seen) return;
    this.seen = matrices;
    this.painter.look(this.plot);
    this.painter.paint(this.position);
  }

  /**
   * Draws the runs up to the clock as traces of plotly, which have labels under the pointer.
   * @param {number} position
   */
  async settle(position) {
    const { scene, style, ground } = this.latest;
    const key = [position, ...scene.cards.map((card) => card.hidden)].join();
    if (key !== this.drawn) {
      this.reveal(true);
      await this.draw(runTraces(this.painter.trails, style, position, ground, namingOf(scene)));
      this.drawn = key;
    }
    this.rest(true);
  }

  /**
   * Shows either plotly's traces or the painter's trails. Only the painter can highlight a racer.
   * @param {boolean} settled
   */
  rest(settled) {
    this.settled = settled;
    const resting = settled && this.painter.lit === null;
    this.reveal(resting);
    mark(this.element, 'data-resting', resting);
    if (resting === this.resting) return;
    this.resting = this.painter.resting = resting;
    if (!resting) this.painter.fresh = true;
  }

  /**
   * Adds plotly's traces of the runs to the drawing or removes them, which costs one rendering and no layout.
   * @param {boolean} shown
   */
  reveal(shown) {
    const scene = this.listening && sceneOf(this.plot);
    if (!scene) return;
    const objects = Object.entries(scene.traces)
      .filter(([uid]) => uid.startsWith('racer-'))
      .flatMap(([, trace]) => {
        const { linePlot, scatterPlot } = /** @type {any} */ (trace);
        return [linePlot, scatterPlot].filter(Boolean);
      });
    for (const object of objects) {
      const there = scene.glplot.objects.includes(object);
      if (shown && !there) scene.glplot.add(object);
      if (!shown && there) scene.glplot.remove(object);
    }
  }

  /** @param {number} position */
  paint(position) {
    this.position = position;
    if (this.settled && this.element.closest('[data-settled="false"]')) this.rest(false);
    this.painter.paint(position);
  }

  /** @param {string} racer */
  change(racer) {
    this.drawn = '';
    this.painter.change(racer);
    this.rest(false);
  }

  remeasure() {
    if (this.ground) this.show();
  }

  /** @param {string | null} id */
  light(id) {
    this.painter.light(id);
    this.rest(this.settled);
    this.painter.paint(this.position);
  }

  async home() {
    camera = CAMERA;
    await this.plotly.relayout(this.plot, { 'scene.camera': structuredClone(CAMERA) });
  }

  /** Updates the size of the plot. */
  async look() {
    if (!this.scene || !this.element.clientWidth) return;
    const { clientWidth: width, clientHeight: height } = this.element;
    this.keep();
    // In another size, plotly.js would return to the camera of its layout, which does not follow the pointer.
    await this.plotly.relayout(this.plot, { width, height, 'scene.camera': structuredClone(camera ?? CAMERA) });
    this.hook();
    this.painter.look(this.plot);
    this.listeners.moved();
  }

  /** The camera, or null before the surface was drawn. "up" is the direction that points upwards on the screen. */
  camera() {
    const scene = this.listening && sceneOf(this.plot);
    if (!scene?.glplot) return null;
    const { eye, center } = scene.getCamera();
    const { view } = scene.glplot.cameraParams;
    return { eye, center, up: { x: view[1], y: view[5], z: view[9] } };
  }

  destroy() {
    if (this.listening) this.keep();
    this.plotly.purge(this.plot);
  }
}
