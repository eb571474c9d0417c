// Small multiples: a map for each racer that is shown, on the same axes, levels and clock.

import { frameOfAxes } from '../drawing/canvas.js';
import { h, mark, say } from '../core/dom.js';
import { mapTraces, startTrace, STILL, trailTraces } from '../drawing/figures.js';
import { fit } from '../core/geometry.js';
import { arrange, gridLayout, nth } from './grid.js';
import { attend, dim, uneven } from './map.js';
import { emphasis } from '../drawing/emphasis.js';
import { MapOverlay } from '../drawing/overlay.js';
import { stepsAt } from '../core/pace.js';

const CONFIG = { ...STILL, scrollZoom: true };

/** Rows of the contours' grid in a small map: what is drawn in an eighth of the room needs no more. */
const ROWS = [
  [4, 60],
  [9, 40],
  [Infinity, 30],
];

export class MultiplesPanel {
  /**
   * @param {any} plotly
   * @param {import('./map.js').MapListeners} listeners
   */
  constructor(plotly, listeners) {
    Object.assign(this, { plotly, listeners, view: null, own: 0, position: 0, lit: null });
    this.plot = h('div', { class: 'plot', role: 'img', 'data-testid': 'multiples' });
    this.names = h('div', { class: 'names' });
    this.element = h('div', { class: 'multiples', hidden: true }, this.plot, this.names);
    /** @type {{k: number, overlay: MapOverlay, name: HTMLElement, status: HTMLElement}[]} */
    this.panes = [];
  }

  limits() {
    const { xaxis = {}, yaxis = {} } = this.scene.map.layout ?? {};
    return [xaxis, yaxis].map((axis) => [axis.minallowed ?? -Infinity, axis.maxallowed ?? Infinity]);
  }

  /**
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {import('../core/theme.js').Theme} theme
   */
  async update(scene, style, theme, lit = this.lit) {
    const home = JSON.stringify(scene.window);
    if (home !== this.homeKey) this.view = null;
    Object.assign(this, { scene, style, theme, lit, homeKey: home });
    mark(this.plot, 'aria-label', `A map for each racer. ${scene.description}`);
    const shown = scene.cards.map((_, k) => k).filter((k) => !scene.cards[k].hidden);
    const drawing = [scene.map_id, theme.key, shown.length].join();
    this.people(shown);
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      await this.draw([]);
    }
    if (scene !== this.scene) return;
    this.show();
    this.measure();
  }

  /** As many panes as racers are shown; each keeps its canvases when it gets another racer. */
  people(shown) {
    while (this.panes.length > shown.length) {
      const { overlay, name } = this.panes.pop();
      for (const one of [overlay.trails.canvas, overlay.heads.canvas, name]) one.remove();
    }
    while (this.panes.length < shown.length) {
      const overlay = new MapOverlay(this.element);
      const [title, status] = [h('b', {}), h('span', { class: 'status' })];
      const name = h('div', { class: 'pane', 'data-testid': 'pane' }, title, status);
      this.names.append(name);
      this.panes.push({ overlay, name, title, status });
    }
    this.panes.forEach((pane, i) => {
      const card = this.scene.cards[shown[i]];
      Object.assign(pane, { k: shown[i], card });
      say(pane.title, card.title);
      mark(pane.name, 'data-racer', card.id);
      pane.name.style.setProperty('--racer', card.color);
    });
  }

  /** Hands each pane its racer, once the axes are drawn: between this and `measure` nothing may be painted. */
  show() {
    const { scene, style, theme } = this;
    const recorded = this.element.closest('[data-recording]');
    this.panes.forEach(({ k, card, overlay }, i) => {
      overlay.words = i ? '' : 'start: click to move';
      overlay.lit = this.lit;
      const own = { ...scene, cards: [card], positions: [scene.positions[k]], start: recorded ? [] : scene.start };
      overlay.show(own, style, theme.font);
    });
  }

  /** The map's own traces, on a coarser grid: the same heights, levels and marks. */
  ground() {
    const [, most] = ROWS.find(([count]) => this.panes.length <= count);
    const traces = mapTraces(this.scene, this.style, this.theme.font);
    if (this.element.closest('[data-recording]')) traces.push(startTrace(this.scene, this.style));
    return traces.map((trace) => {
      if (trace.type !== 'contour') return { ...trace, textfont: { ...trace.textfont, size: 10 } };
      const every = Math.max(1, Math.round(trace.y.length / most));
      const thin = (list) => Array.from({ length: Math.floor((list.length - 1) / every) + 1 }, (_, i) => list[i * every]);
      const z = thin(trace.z).map(thin);
      return { ...trace, x: thin(trace.x), y: thin(trace.y), z, showscale: false, colorbar: undefined };
    });
  }

  size() {
    const { clientWidth: width, clientHeight: height } = this.element;
    return { width, height };
  }

  async draw(trails) {
    const size = this.size();
    const key = [this.drawing, size.width, size.height].join();
    if (key !== this.planned) {
      this.planned = key;
      this.cells = arrange(this.panes.length, size.width, size.height, this.scene.window, this.limits());
      const small = this.ground();
      this.base = this.panes.flatMap((_, i) => placed(small, i));
    }
    if (!this.panes.length) {
      this.plotly.purge(this.plot);
      this.listening = false;
      return;
    }
    const range = fit(this.view ?? this.scene.window, this.cells[0], this.limits());
    const handed = this.scene.map.layout ?? {};
    const layout = gridLayout(this.cells, size, range, handed, this.style, this.theme.font);
    await this.plotly.react(this.plot, [...this.base, ...trails], layout, CONFIG);
    if (!this.listening) attend(this);
  }

  axes(i) {
    const { xaxis, yaxis } = this.plot._fullLayout._plots[nth('x', i) + nth('y', i)];
    return [xaxis, yaxis];
  }

  measure() {
    this.panes.forEach(({ overlay, name }, i) => {
      overlay.measure(this.plot, frameOfAxes(...this.axes(i)));
      const { left, top, width } = this.cells[i];
      Object.assign(name.style, { left: `${left}px`, top: `${top - 20}px`, width: `${width}px` });
    });
  }

  /** The trails up to `step` as plotly's own traces, for hovering. */
  async settle(step) {
    const { style } = this;
    const trails = this.panes.flatMap(({ k, overlay }, i) => {
      const own = { ...overlay.scene, losses: [this.scene.losses[k]] };
      const traces = trailTraces(own, style, step, overlay.frame);
      return placed(traces.map((one) => ({ ...one, uid: one.uid.replace('racer-0', `racer-${k}`) })), i);
    });
    await this.draw(trails);
    this.dim();
  }

  click(event) {
    if (event.button) return;
    const { left, top } = this.plot.getBoundingClientRect();
    const [px, py] = [event.clientX - left, event.clientY - top];
    for (const { overlay } of this.panes) {
      const { frame } = overlay;
      const [x, y] = [px - frame.left, py - frame.top];
      if (x < 0 || y < 0 || x > frame.width || y > frame.height) continue;
      this.listeners.start((x - frame.x.offset) / frame.x.slope, (y - frame.y.offset) / frame.y.slope);
      return;
    }
  }

  /** The user moved the view of one: all overlays go with it. */
  follow() {
    const [x, y] = this.axes(0);
    this.view = [[...x.range], [...y.range]];
    this.measure();
    this.listeners.moved();
  }

  /** Makes scales equal again where plotly has left them unequal. */
  arrive() {
    this.follow();
    if (uneven(this.panes[0].overlay.frame)) this.look();
  }

  /** Brings size and view up to date. */
  async look() {
    if (!this.scene || !this.element.clientWidth) return;
    if (this.view && this.cells.length) this.view = fit(this.view, this.cells[0], this.limits());
    this.own += 1;
    await this.draw([]);
    this.own -= 1;
    this.measure();
    this.listeners.moved();
  }

  /** @param {number} position the playhead's */
  paint(position) {
    for (const { overlay, card, status } of this.panes) {
      overlay.paint(position);
      say(status, stepsAt(card, position) >= card.settled ? card.status : 'running');
    }
  }

  /** One racer's run is another now, for as long as something is dragged. */
  change(index) {
    const pane = this.panes.find(({ k }) => k === index);
    if (!pane) return;
    pane.overlay.scene.positions[0] = this.scene.positions[index];
    pane.overlay.change(0);
  }

  /** A racer was hidden or shown: there are other panes. */
  async remeasure() {
    await this.update(this.scene, this.style, this.theme, this.lit);
    this.listeners.moved();
  }

  light(id) {
    this.lit = id;
    for (const { overlay } of this.panes) overlay.light(id);
    this.dim();
  }

  dim() {
    dim(this.plot, this.scene.cards, this.lit);
    for (const { name, card } of this.panes) name.style.opacity = emphasis(this.lit, card) === 1 ? '' : '0.45';
  }

  destroy() {
    this.plotly.purge(this.plot);
  }
}

/** Traces on the axes of the i-th pane. */
function placed(traces, i) {
  return traces.map((one) => ({ ...one, xaxis: nth('x', i), yaxis: nth('y', i) }));
}
