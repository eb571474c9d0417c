// The map: plotly's drawing of the surface below, the overlay above, zoom, and the click for the start.

import { h, iconButton } from '../core/dom.js';
import { StartHandle } from '../dragging/drag.js';
import { MARGINS, mapLayout, mapTraces, startTrace, STILL, trailTraces } from '../drawing/figures.js';
import { fit } from '../core/geometry.js';
import { emphasis } from '../drawing/emphasis.js';
import { MapOverlay } from '../drawing/overlay.js';
import { letters, scaled } from '../core/scale.js';

const CONFIG = { ...STILL, scrollZoom: true };

/**
 * @typedef {Object} MapListeners
 * @property {(x: number, y: number) => void} start the map was clicked
 * @property {import('../dragging/drag.js').StartListeners} drag the start is dragged
 * @property {() => void} moved the view changed, so that the overlay is to be painted again
 * @property {(id: string | null) => void} hover the pointer is over a trail
 */

export class MapPanel {
  /**
   * @param {any} plotly
   * @param {MapListeners} listeners
   */
  constructor(plotly, listeners) {
    this.plotly = plotly;
    this.listeners = listeners;
    this.plot = h('div', { class: 'plot', role: 'img', 'data-testid': 'map' });
    this.tools = h(
      'div',
      { class: 'zoom', role: 'group', 'aria-label': 'Zoom' },
      iconButton('nearer', 'Zoom in', {
        class: 'icon',
        'data-testid': 'zoom-in',
        click: () => this.zoom(0.6),
      }),
      iconButton('farther', 'Zoom out', {
        class: 'icon',
        'data-testid': 'zoom-out',
        click: () => this.zoom(1 / 0.6),
      }),
      iconButton('home', 'Whole view', {
        class: 'icon',
        'data-testid': 'zoom-home',
        click: () => this.home(),
      }),
    );
    this.element = h('div', { class: 'map' }, this.plot, this.tools);
    this.overlay = new MapOverlay(this.element);
    this.handle = new StartHandle(this.element, () => this.overlay.frame, listeners.drag);
    this.see(null);
    this.own = 0;
  }

  /** The plot's box for the element's present size. */
  box() {
    const { l, r, t, b } = MARGINS.map;
    const { clientWidth: width, clientHeight: height } = this.element;
    const room = (margins) => letters(this.style, margins);
    return { width: Math.max(80, width - room(l + r)), height: Math.max(80, height - room(t + b)) };
  }

  /** How far the axes may go: as far as the figure says it reaches. */
  limits(scene = this.scene) {
    const { xaxis = {}, yaxis = {} } = scene.map.layout ?? {};
    return [xaxis, yaxis].map((axis) => [axis.minallowed ?? -Infinity, axis.maxallowed ?? Infinity]);
  }

  /**
   * Hands over a new scene; plotly draws only where figure or style changed.
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {import('../core/theme.js').Theme} theme
   */
  async update(scene, style, theme, lit = this.overlay.lit) {
    const drawing = [scene.map_id, theme.key].join();
    const home = JSON.stringify(scene.window);
    const recorded = this.element.closest('[data-recording]');
    Object.assign(this, { scene, style, font: theme.font });
    this.plot.setAttribute('aria-label', scene.description);
    if (home !== this.homeKey) this.see(null);
    this.homeKey = home;
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      this.base = mapTraces(scene, style, theme.font);
      if (recorded) this.base.push(startTrace(scene, style));
      await this.draw(this.base);
    }
    this.overlay.lit = lit;
    // the overlay's own start asks to be moved
    this.overlay.show(recorded ? { ...scene, start: [] } : scene, style, theme.font);
    this.overlay.measure(this.plot);
  }

  async draw(traces) {
    const range = this.view ?? fit(this.scene.window, this.box(), this.limits());
    const { clientWidth: width, clientHeight: height } = this.element;
    const layout = { ...mapLayout(this.scene, this.style, this.font, range), width, height };
    await this.plotly.react(this.plot, scaled(traces, this.style), scaled(layout, this.style), CONFIG);
    if (!this.listening) attend(this);
  }

  /** The trails up to `step` as plotly's own traces, for hovering. */
  async settle(step) {
    const trails = trailTraces(this.scene, this.style, step, this.overlay.frame);
    await this.draw([...this.base, ...trails]);
    this.light(this.overlay.lit);
  }

  click(event) {
    if (event.button) return;
    const { left, top } = this.plot.getBoundingClientRect();
    const { frame } = this.overlay;
    const value = (pixel, axis) => (pixel - axis.offset) / axis.slope;
    this.listeners.start(
      value(event.clientX - left - frame.left, frame.x),
      value(event.clientY - top - frame.top, frame.y),
    );
  }

  /** The user moved the view: the overlay goes with it. */
  follow() {
    const { xaxis, yaxis } = this.plot._fullLayout;
    this.see([[...xaxis.range], [...yaxis.range]]);
    this.overlay.measure(this.plot);
    this.listeners.moved();
  }

  /** Makes scales equal again where plotly has left them unequal. */
  arrive() {
    this.follow();
    if (uneven(this.overlay.frame)) this.look();
  }

  /** What the user wants in view, or null for the whole: kept as chosen, so that a size that comes back has it back. */
  see(view) {
    this.view = view;
    this.chosen = view;
  }

  home() {
    this.see(null);
    return this.look();
  }

  zoom(factor) {
    const { xaxis, yaxis } = this.plot._fullLayout;
    const narrowed = ([low, high]) => {
      const middle = (low + high) / 2;
      return [middle + (low - middle) * factor, middle + (high - middle) * factor];
    };
    this.see([xaxis.range, yaxis.range].map(narrowed));
    return this.look();
  }

  /** Brings size and view of the plot up to date. */
  async look() {
    if (!this.scene || !this.element.clientWidth) return;
    const ranges = fit(this.chosen ?? this.scene.window, this.box(), this.limits());
    if (this.view) this.view = ranges;
    const { clientWidth: width, clientHeight: height } = this.element;
    this.own += 1;
    await this.plotly.relayout(this.plot, {
      ...{ width, height, 'xaxis.range': ranges[0], 'yaxis.range': ranges[1] },
    });
    this.own -= 1;
    this.overlay.measure(this.plot);
    this.listeners.moved();
  }

  /** What is in view now, for a picture. */
  range() {
    const { xaxis, yaxis } = this.plot._fullLayout;
    return [[...xaxis.range], [...yaxis.range]];
  }

  /** @param {number} position the playhead's */
  paint(position) {
    this.handle.place(this.overlay.scene?.start ?? []);
    this.overlay.paint(position);
  }

  /** One racer's run is another now, for as long as something is dragged. */
  change(index) {
    this.overlay.change(index);
  }

  remeasure() {
    this.overlay.measure(this.plot);
  }

  light(id) {
    this.overlay.light(id);
    dim(this.plot, this.scene.cards, id);
  }

  destroy() {
    this.plotly.purge(this.plot);
  }
}

/** Listens to what is done to the plot of a panel that has maps. */
export function attend(panel) {
  panel.listening = true;
  panel.plot.on('plotly_click', ({ event }) => panel.click(event));
  panel.plot.on('plotly_relayouting', () => panel.follow());
  panel.plot.on('plotly_relayout', () => panel.own || panel.arrive());
  panel.plot.on('plotly_hover', ({ points }) => panel.listeners.hover(points?.[0]?.data?.meta ?? null));
  panel.plot.on('plotly_unhover', () => panel.listeners.hover(null));
}

/** Whether plotly stopped one axis at the end of the figure and not the other. */
export function uneven({ x, y }) {
  return Math.abs(x.slope + y.slope) > 1e-3 * x.slope;
}

/** Dims plotly's own traces of all racers but one, without drawing anything anew. */
export function dim(plot, cards, id) {
  cards.forEach((card, k) => {
    const strength = emphasis(id, card);
    const opacity = strength === 1 ? '' : String(strength);
    for (const trace of plot.querySelectorAll(`.trace[class*="traceracer-${k}-"]`))
      trace.style.opacity = opacity;
  });
}
