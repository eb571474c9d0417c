// The loss panel: plotly's axes below, the overlay above, the log switch, and scrubbing by dragging.

import { CurveOverlay } from '../drawing/curve.js';
import { h } from '../core/dom.js';
import { curveLayout, lossTraces, STILL } from '../drawing/figures.js';
import { dim } from './map.js';
import { unitOf } from '../core/pace.js';
import { scaled } from '../core/scale.js';
import { scrubbing } from '../dragging/scrub.js';

/**
 * @typedef {Object} LossListeners
 * @property {(step: number) => void} scrub
 * @property {() => void} moved the axes changed, so that the overlay is to be painted again
 * @property {(id: string | null) => void} hover the pointer is over a curve
 */

/** A title without the marks of superscripts. */
function plain(title) {
  return title.replace(/<sup>/g, '^').replace(/<[^>]*>/g, '');
}

export class LossPanel {
  /**
   * @param {any} plotly
   * @param {LossListeners} listeners
   */
  constructor(plotly, listeners) {
    this.plotly = plotly;
    this.listeners = listeners;
    this.scale = 'log';
    this.plot = h('div', { class: 'plot', role: 'img', 'data-testid': 'curve' });
    this.switch = h(
      'div',
      { class: 'scale', role: 'group', 'aria-label': 'Loss axis' },
      ...['log', 'linear'].map((name) =>
        h(
          'button',
          {
            ...{
              type: 'button',
              'aria-pressed': String(name === this.scale),
              'data-testid': `scale-${name}`,
            },
            click: () => this.rescale(name),
          },
          name,
        ),
      ),
    );
    this.element = h('div', { class: 'loss' }, this.plot, this.switch);
    this.overlay = new CurveOverlay(this.element);
    scrubbing(this.plot, () => this.overlay.frame, listeners.scrub);
  }

  /**
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {import('../core/theme.js').Theme} theme
   */
  async update(scene, style, theme, lit = this.overlay.lit) {
    const drawing = [scene.curve_id, scene.length, scene.axis, theme.key, this.scale, this.element.clientWidth].join();
    Object.assign(this, { scene, style, theme });
    this.plot.setAttribute('aria-label', `${plain(scene.curve.titles[this.scale])} against the ${unitOf(scene)}. ${scene.description}`);
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      await this.draw([]);
    }
    this.overlay.lit = lit;
    this.overlay.show(scene, style, this.scale);
    this.overlay.measure(this.plot);
  }

  async draw(traces) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const layout = { ...curveLayout(this.scene, this.style, this.theme.font, this.scale, width), width, height };
    // Without any trace plotly draws no axes.
    const anchor = { type: 'scatter', x: [null], y: [null], hoverinfo: 'skip', showlegend: false };
    await this.plotly.react(this.plot, scaled([anchor, ...traces], this.style), scaled(layout, this.style), STILL);
    if (!this.listening) this.listen();
  }

  listen() {
    this.listening = true;
    this.plot.on('plotly_hover', ({ points }) => this.listeners.hover(points?.[0]?.data?.meta ?? null));
    this.plot.on('plotly_unhover', () => this.listeners.hover(null));
  }

  /** The curves as plotly's own traces, for hovering. */
  async settle(step) {
    await this.draw(lossTraces(this.scene, this.style, step, this.scale));
    this.light(this.overlay.lit);
  }

  async rescale(name) {
    if (name === this.scale || !this.scene) return;
    this.scale = name;
    for (const button of this.switch.children) {
      button.setAttribute('aria-pressed', String(button.textContent === name));
    }
    await this.update(this.scene, this.style, this.theme);
    this.listeners.moved();
  }

  /** Brings the size of the plot up to date. */
  async look() {
    if (!this.scene || !this.element.clientWidth) return;
    const { clientWidth: width, clientHeight: height } = this.element;
    await this.plotly.relayout(this.plot, { width, height });
    this.overlay.measure(this.plot);
    this.listeners.moved();
  }

  /** @param {number} position the playhead's */
  paint(position) {
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
