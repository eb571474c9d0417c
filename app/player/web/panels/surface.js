// The surface in three dimensions: plotly's drawing of the ground, the overlay above, and a camera that stays.

import { h, iconButton, mark, say } from '../core/dom.js';
import { STILL } from '../drawing/figures.js';
import { groundOf, heightsOf } from '../drawing/ground.js';
import { SurfaceOverlay } from '../drawing/overlay3d.js';
import { sceneOf } from '../drawing/projection.js';
import { CAMERA, groundTrace, reliefLayout, runTraces } from '../drawing/relief.js';
import { snapshot } from '../drawing/snapshot.js';

const CONFIG = { ...STILL, scrollZoom: true };

/** Where the camera was left: kept for as long as the page is open, whatever is drawn, and by whom. */
let kept = null;

export class SurfacePanel {
  /**
   * @param {any} plotly
   * @param {{moved: () => void, hover: (id: string | null) => void, heights: (name: string) => void}} listeners
   */
  constructor(plotly, listeners) {
    Object.assign(this, { plotly, listeners, resting: false, position: 0, chosen: '', pending: [] });
    this.plot = h('div', { class: 'plot', role: 'img', 'data-testid': 'surface' });
    this.tools = h(
      'div',
      { class: 'zoom', role: 'group', 'aria-label': 'Camera' },
      iconButton('home', 'Camera where it began', {
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
    this.overlay = new SurfaceOverlay(this.element);
  }

  /**
   * Hands over a new scene; plotly draws only where ground or style changed.
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {import('../core/theme.js').Theme} theme
   */
  update(scene, style, theme, lit = this.overlay.lit) {
    this.hear(scene);
    return this.render(scene, style, theme, lit);
  }

  async render(scene, style, theme, lit = this.overlay.lit) {
    const heights = heightsOf(scene, this.chosen);
    const shape = [scene.map_id, JSON.stringify(scene.scale), JSON.stringify(scene.window), heights].join();
    const drawing = [shape, theme.key].join();
    Object.assign(this, { scene, style, theme });
    mark(this.plot, 'aria-label', `The surface in three dimensions. ${scene.description}`);
    if (shape !== this.shape) this.ground = groundOf(scene, heights);
    this.shape = shape;
    this.drawn = undefined;
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      this.label(heights);
      this.rest(false);
      await this.draw([]);
    }
    if (scene !== this.scene) return;
    this.overlay.lit = lit;
    this.overlay.show(scene, style, theme.font, this.ground);
    this.overlay.measure(this.plot);
    this.rest(false);
  }

  /** What a scene says of the heights counts, unless it answers a choice that another followed. */
  hear({ heights = '' }) {
    const answered = this.pending.indexOf(heights);
    if (answered >= 0) this.pending.splice(0, answered + 1);
    else if (heights !== this.told) this.chosen = heights;
    this.told = heights;
  }

  label(heights) {
    say(this.words, this.ground.words);
    this.switch.hidden = heightsOf(this.scene, 'log') === 'linear';
    for (const button of this.buttons) mark(button, 'aria-pressed', button.textContent === heights);
  }

  async rescale(name) {
    if (!this.scene || name === heightsOf(this.scene, this.chosen)) return;
    this.chosen = name;
    this.pending.push(name);
    this.told = name;
    this.listeners.heights(name);
    await this.render(this.scene, this.style, this.theme);
    this.listeners.moved();
  }

  async draw(traces) {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (this.listening) this.keep();
    const layout = { ...reliefLayout(this.style, this.theme.font, this.ground, kept ?? CAMERA), width, height };
    const ground = groundTrace(this.scene, this.style, this.ground);
    await this.plotly.react(this.plot, [ground, ...traces], layout, CONFIG);
    if (!this.listening) this.listen();
    this.hook();
  }

  keep() {
    kept = sceneOf(this.plot)?.getCamera() ?? kept;
  }

  listen() {
    this.listening = true;
    this.plot.on('plotly_relayout', () => this.keep());
    this.plot.on('plotly_hover', ({ points }) => this.listeners.hover(points?.[0]?.data?.meta ?? null));
    this.plot.on('plotly_unhover', () => this.listeners.hover(null));
  }

  /** Follows the camera wherever plotly renders, be it dragged, turned by its own momentum, or set. */
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
    const camera = [view, projection, model].map((matrix) => matrix.join()).join();
    if (camera === this.seen) return;
    this.seen = camera;
    this.overlay.measure(this.plot);
    this.overlay.paint(this.position, this.resting);
  }

  /** The runs up to `step` as plotly's own traces, for hovering. */
  async settle(step) {
    const key = [step, ...this.scene.cards.map((card) => card.hidden)].join();
    if (key !== this.drawn) {
      this.reveal(true);
      const { scene, racers, ground } = this.overlay;
      await this.draw(runTraces(scene, racers, step, ground));
      this.drawn = key;
    }
    this.rest(true);
  }

  /** Either plotly's own traces are seen, or the overlay's trails. One racer lit among others only the overlay has. */
  rest(settled) {
    this.settled = settled;
    const resting = settled && this.overlay.lit === null;
    this.reveal(resting);
    mark(this.element, 'data-resting', resting);
    if (resting !== this.resting) {
      this.resting = resting;
      if (!resting) this.overlay.fresh = true;
    }
  }

  /** Puts plotly's traces of the runs into the drawing or takes them out, which costs one rendering and no layout. */
  reveal(shown) {
    const scene = this.listening && sceneOf(this.plot);
    if (!scene) return;
    const objects = Object.entries(scene.traces)
      .filter(([uid]) => uid.startsWith('racer-'))
      .flatMap(([, { linePlot, scatterPlot }]) => [linePlot, scatterPlot].filter(Boolean));
    for (const one of objects) {
      const there = scene.glplot.objects.includes(one);
      if (shown && !there) scene.glplot.add(one);
      if (!shown && there) scene.glplot.remove(one);
    }
  }

  /** @param {number} position the playhead's */
  paint(position) {
    this.position = position;
    if (this.settled && this.element.closest('[data-settled="false"]')) this.rest(false);
    this.overlay.paint(position, this.resting);
  }

  /** One racer's run is another now, for as long as something is dragged. */
  change(index) {
    this.drawn = undefined;
    this.overlay.change(index);
    this.rest(false);
  }

  remeasure() {
    this.overlay.measure(this.plot);
  }

  light(id) {
    this.overlay.light(id);
    this.rest(this.settled);
    this.overlay.paint(this.position, this.resting);
  }

  async home() {
    kept = CAMERA;
    await this.plotly.relayout(this.plot, { 'scene.camera': structuredClone(CAMERA) });
  }

  /** Brings the size of the plot up to date. */
  async look() {
    if (!this.scene || !this.element.clientWidth) return;
    const { clientWidth: width, clientHeight: height } = this.element;
    this.keep();
    await this.plotly.relayout(this.plot, { width, height });
    this.hook();
    this.overlay.measure(this.plot);
    this.listeners.moved();
  }

  /**
   * What is seen now as one figure, for a picture.
   * @param {{width: number, height: number, theme: 'light' | 'dark', caption: boolean}} wanted
   */
  figure(wanted) {
    this.keep();
    const { scene, racers, ground, landmarks } = this.overlay;
    return snapshot({ ...wanted, scene, racers, ground, landmarks, step: Math.floor(this.position), camera: kept ?? CAMERA });
  }

  destroy() {
    if (this.listening) this.keep();
    this.plotly.purge(this.plot);
  }
}
