// A chart of plotly's own traces; what is to come lies under a veil, which moves with the clock.

import { cut, frameOfAxes, layer, place, wipe } from '../drawing/canvas.js';
import { pallor } from '../drawing/heights.js';
import { h } from '../core/dom.js';
import { axis, base, decades, spelled, STILL } from '../drawing/figures.js';
import { dim } from './map.js';
import { emphasis } from '../drawing/emphasis.js';
import { letters, scaled, thick } from '../core/scale.js';
import { scrubbing } from '../dragging/scrub.js';
import { fade } from '../core/theme.js';

const MARGIN = { l: 46, r: 10, t: 8, b: 36, pad: 0, autoexpand: false };

/** What views with plotly below and a canvas above share. */
export class PlotView {
  constructor(plotly, listeners, host) {
    Object.assign(this, { plotly, listeners, host, lit: null });
    this.plot = h('div', { class: 'plot' });
    host.append(this.plot);
    this.above = layer(host, 'above');
  }

  /** The cards may have new words where the picture is the same. */
  hand(scene) {
    this.scene = scene;
  }

  async draw(panel, scene, style, theme) {
    Object.assign(this, { panel, scene, style, theme });
    const { clientWidth: width, clientHeight: height } = this.host;
    const layout = { ...scaled(this.layout(), style), width, height };
    await this.plotly.react(this.plot, scaled(this.traces(), style), layout, STILL);
    const { _plots } = this.plot._fullLayout;
    this.frames = Object.values(_plots).map(({ xaxis, yaxis }) => frameOfAxes(xaxis, yaxis));
    place(this.above, { left: 0, top: 0, width, height });
    if (!this.listening) this.listen();
  }

  listen() {
    this.listening = true;
    this.plot.on('plotly_hover', ({ points }) => this.listeners.hover(points?.[0]?.data?.meta ?? null));
    this.plot.on('plotly_unhover', () => this.listeners.hover(null));
  }

  /** The layout of the panel, in the colours of the style; every axis as handed. */
  layout() {
    const handed = this.panel.layout;
    const axes = Object.entries(handed).filter(([name]) => /^[xy]axis/.test(name));
    const extra = { margin: MARGIN, dragmode: false };
    for (const [name, one] of axes) {
      extra[name] = axis(one, this.style, {
        ...{ autorange: false, fixedrange: true },
        ...(one.type === 'log' && one.showticklabels !== false ? decades(one.range) : {}),
        ...(name.startsWith('y') ? { ticks: '' } : {}),
        title: { standoff: 4, font: { size: 12, color: this.style.muted }, ...one.title },
      });
    }
    const rest = Object.fromEntries(Object.entries(handed).filter(([name]) => !/^[xy]axis/.test(name)));
    if (rest.annotations) rest.annotations = rest.annotations.map((one) => this.fitted(one, handed));
    return base(rest, this.style, this.theme.font, extra);
  }

  /** A facet's title, cut to the facet's width. */
  fitted(annotation, axes) {
    if (annotation.name !== 'facet') return annotation;
    const [low, high] = axes[annotation.xref.replace(/^x(\d*) domain$/, 'xaxis$1')].domain;
    const room = (high - low) * (this.host.clientWidth - letters(this.style, MARGIN.l + MARGIN.r));
    const { context } = this.above;
    context.font = `600 ${letters(this.style, 12)}px ${this.theme.font}`;
    const text = cut(context, annotation.text, room).replace(/&/g, '&amp;').replace(/</g, '&lt;');
    return { ...annotation, text: `<b>${text}</b>` };
  }

  racer(id) {
    return this.scene.cards.find((card) => card.id === id);
  }

  light(id) {
    this.lit = id;
    dim(this.plot, this.scene.cards, id);
  }

  destroy() {
    this.plotly.purge(this.plot);
  }
}

export class ChartView extends PlotView {
  traces() {
    // Without any trace plotly draws no axes.
    const anchor = { type: 'scatter', x: [null], y: [null], hoverinfo: 'skip', showlegend: false };
    const traces = this.panel.data.map((trace) => ({
      ...spelled(trace),
      visible: !(trace.meta && this.racer(trace.meta)?.hidden),
    }));
    return [anchor, ...traces];
  }

  listen() {
    super.listen();
    scrubbing(this.plot, (x, y) => this.frames.find((frame) => within(frame, x, y)), this.listeners.scrub);
  }

  /** @param {number} position */
  paint(position) {
    if (!this.frames) return;
    wipe(this.above);
    const { context } = this.above;
    const veil = fade(this.style.paper, this.scene.untold ? 1 : 1 - pallor(this.style));
    for (const { left, top, width, height, x } of this.frames) {
      const at = Math.min(width, Math.max(0, x.offset + x.slope * position));
      if (at < width - 0.5) {
        context.fillStyle = veil;
        context.fillRect(left + at, top, width - at, height);
      }
      const line = Math.round(left + at) + 0.5;
      context.lineWidth = thick(this.style, 1);
      context.strokeStyle = this.style.muted;
      context.beginPath();
      context.moveTo(line, top);
      context.lineTo(line, top + height);
      context.stroke();
    }
  }
}

function within({ left, top, width, height }, x, y) {
  return x >= left && x <= left + width && y >= top && y <= top + height;
}

/** Plotly below, and above it a picture of the last kept moment of every run, drawn only when that is another. */
export class MomentView extends PlotView {
  async draw(...handed) {
    await super.draw(...handed);
    this.shown = undefined;
  }

  light(id) {
    this.lit = id;
    this.shown = undefined;
  }

  clear() {
    wipe(this.above);
  }

  /** @param {number} position */
  paint(position) {
    if (!this.frames) return;
    const runs = this.runs();
    const moments = runs.map((run) => momentAt(run.steps, position));
    if (moments.join() === this.shown) return;
    this.shown = moments.join();
    this.clear();
    const [frame] = this.frames;
    const { context } = this.above;
    context.save();
    context.translate(frame.left, frame.top);
    context.beginPath();
    context.rect(0, 0, frame.width, frame.height);
    context.clip();
    runs.forEach((run, k) => {
      const card = this.scene.cards[run.racer];
      if (!card || card.hidden) return;
      context.globalAlpha = emphasis(this.lit, card);
      this.stroke(context, frame, card, run, moments[k]);
    });
    context.restore();
  }
}

/** The last kept moment at or before a step: nothing between two of them is known. */
export function momentAt(steps, position) {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (steps[middle] <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
