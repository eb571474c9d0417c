// A panel: plotly draws the axes and the marks on the ground, and canvases draw the ground and the moving marks. At rest,
// plotly also has invisible lines, which provide the labels under the pointer.

import { barOf, Contours } from '../drawing/contours.js';
import { frameOfAxes, pixelAt, valueAt } from '../drawing/canvas.js';
import { baseLayout, axesLayout, marginsOf, nth, rangeOf, STILL, titleLines, uprightTitle } from '../drawing/layout.js';
import { handleOf } from '../drawing/marks.js';
import { Painter } from '../drawing/painter.js';
import { groundTraces, groundWords, hoverDots, hoverLines } from '../drawing/plotly.js';
import { h, mark } from '../core/dom.js';
import { fit } from '../core/geometry.js';
import { letters, scaled } from '../core/scale.js';
import { isDouble } from '../dragging/click.js';
import { StartHandle } from '../dragging/drag.js';
import { scrubbing } from '../dragging/scrub.js';
import { namingOf } from './naming.js';
import { RefinedGround } from './refined.js';
import { ScaleSwitch } from './switch.js';
import { heightOf, squares } from './squares.js';
import { ZoomTools } from './zoom.js';

/**
 * @typedef {import('../drawing/marks.js').Panel} Panel
 * @typedef {import('../drawing/marks.js').Axes} Axes
 * @typedef {import('../drawing/marks.js').Field} Field
 * @typedef {import('../drawing/canvas.js').Box} Box
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {import('../core/theme.js').Theme} Theme
 * @typedef {[[number, number], [number, number]]} View the ranges of two axes
 *
 * @typedef {Object} Listeners
 * @property {() => void} moved called when the view has changed, so that the canvases must be painted again
 * @property {(id: string | null) => void} hover called when the pointer enters or leaves the line of a racer
 * @property {(position: number) => void} scrub called when the clock is dragged
 * @property {(x: number, y: number) => void} [start] called when a panel with a start is clicked
 * @property {() => void} [withdraw] called when the last click turns out to be the first half of a double click
 * @property {import('../dragging/drag.js').StartListeners} [drag] called when the start is dragged
 */

/** The room for the title of a pair of axes, in pixels. */
const HEAD = 18;

export class PlotPanel {
  /** @type {Panel | undefined} */
  panel;
  /** @type {Scene | undefined} */
  scene;
  /** @type {Style | undefined} */
  style;
  /** @type {Theme | undefined} */
  theme;
  /** The axes as they are drawn, with the chosen scale and their places. @type {Axes[]} */
  axes = [];
  /** The ranges in view, null for the whole window. @type {View | null} */
  view = null;
  /** The ranges that the reader chose, which are restored when the panel has its old size again. @type {View | null} */
  chosen = null;
  /** The traces of the ground. @type {any[]} */
  base = [];
  /** Identifies the ground that plotly has drawn. */
  drawing = '';
  /** Identifies the lines that plotly has drawn. */
  settled = '';
  home = '';
  /** The size of the layout that the canvases follow. */
  measured = '';
  /** The number of changes of the view in progress that the panel itself has made. */
  own = 0;
  listening = false;
  /** Whether presses are heard, which end with the element and not with the plot. */
  pressing = false;
  /** When and where the pointer was pressed last. @type {PointerEvent | undefined} */
  pressed;
  /** Whether that was the second press of a double click. */
  doubled = false;
  drawn = false;
  edition = 0;
  /** @type {StartHandle | null} */
  handle = null;
  /** @type {ZoomTools | null} */
  tools = null;
  /** @type {import('../drawing/painter.js').Painter} */
  painter;

  /**
   * @param {any} plotly
   * @param {Listeners} listeners
   * @param {HTMLElement} element the parent of the plot
   * @param {string} testid
   * @param {(scene: Scene) => Panel | undefined} find returns the panel of a scene to draw
   */
  constructor(plotly, listeners, element, testid, find) {
    this.plotly = plotly;
    this.listeners = listeners;
    this.find = find;
    this.element = element;
    this.plot = h('div', { class: 'plot', role: 'img', 'data-testid': testid });
    this.element.append(this.plot);
    this.contours = new Contours(this.element);
    this.refined = new RefinedGround(() => this.refined.key === this.panel?.ground && this.paintGround());
    this.painter = new Painter(this.element);
    this.switch = new ScaleSwitch((scale) => this.rescale(scale));
    this.element.append(this.switch.element);
  }

  /** The chosen scale of an axis that has several. */
  get scale() {
    return this.switch.scale;
  }

  /** The arguments of the last update. */
  get given() {
    const { panel, scene, style, theme } = this;
    if (!panel || !scene || !style || !theme) throw new Error('a panel is drawn before it is handed anything');
    return { panel, scene, style, theme };
  }

  /** Whether the view can be moved. */
  get movable() {
    return this.axes.some(({ x }) => x.limits !== null);
  }

  /** Whether there are buttons that zoom. */
  get zoomable() {
    return this.movable && this.axes.length === 1;
  }

  /** Whether plotly has nothing to draw: neither numbers nor a grid nor a ground. */
  get bare() {
    const { marks } = this.given.panel;
    const plain = this.axes.every(({ x, y }) => !x.numbers && !y.numbers && !x.grid && !y.grid);
    return plain && marks.every(({ layer, type }) => layer !== 'ground' && type !== 'line');
  }

  /** The limits of the axes. @returns {View} */
  get limits() {
    const [{ x, y }] = this.axes;
    return [x.limits ?? [-Infinity, Infinity], y.limits ?? [-Infinity, Infinity]];
  }

  /** The ranges that the axes show first. @returns {View} */
  get window() {
    const [{ x, y }] = this.axes;
    return [rangeOf(x), rangeOf(y)];
  }

  get size() {
    const { clientWidth: width, clientHeight: height } = this.element;
    return { width, height };
  }

  /** The size as a text. */
  get sized() {
    const { width, height } = this.size;
    return `${width} × ${height}`;
  }

  /** The size of what plotly has drawn last, which may lag behind. */
  get laid() {
    if (this.bare) return this.sized;
    const { width, height } = /** @type {any} */ (this.plot)._fullLayout;
    return `${width} × ${height}`;
  }

  /** The margins of the axes in plotly's notation. */
  get room() {
    const { panel } = this.given;
    const titles = panel.axes.map((pair) => this.upright(pair).title);
    return marginsOf(panel, Math.max(1, ...titles.map((title) => titleLines(title, this.size.width).length)));
  }

  /** The margins of the axes in pixels. */
  get margins() {
    const { style } = this.given;
    const { l, r, t, b } = this.room;
    return { l: letters(style, l), r: letters(style, r), t: letters(style, t), b: letters(style, b) };
  }

  /** The size of the first pair of axes. */
  get box() {
    const { l, r, t, b } = this.margins;
    const { width, height } = this.size;
    const [left, bottom, right, top] = this.axes[0].place;
    return {
      width: Math.max(80, (width - l - r) * (right - left)),
      height: Math.max(80, (height - t - b) * (top - bottom)),
    };
  }

  /** The ranges of axes with equal units. @returns {View | null} */
  get ranges() {
    if (!this.axes[0]?.equal) return null;
    return this.view
      ? fit(this.view, this.box, this.limits)
      : fit(this.window, this.box, this.limits, this.start ?? undefined);
  }

  /**
   * The panel of a scene that is drawn.
   * @param {Scene} scene
   */
  panelIn(scene) {
    return this.find(scene);
  }

  /**
   * Shows a new scene. Plotly draws again only if the ground or the style has changed.
   * @param {Scene} scene
   * @param {Style} style
   * @param {Theme} theme
   * @param {string | null} [lit]
   */
  async update(scene, style, theme, lit = this.painter.lit) {
    const panel = this.panelIn(scene);
    this.panel = panel;
    if (!panel) return;
    this.scene = scene;
    this.style = style;
    this.theme = theme;
    this.edition += 1;
    const { edition } = this;
    this.painter.lit = lit;
    mark(this.plot, 'aria-label', this.label(panel, scene));
    this.switch.update(panel);
    this.place();
    const home = JSON.stringify(this.axes.map(({ x, y }) => [x.low, x.high, y.low, y.high]));
    if (this.movable && home !== this.home) this.see(null);
    this.home = home;
    const fixed = this.movable ? '' : Object.values(this.size).join();
    const drawing = [panel.ground, theme.key, this.scale, fixed].join('|');
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      this.base = this.ground();
      await this.draw(this.base);
      if (edition !== this.edition) return;
    }
    this.attach();
    this.show();
  }

  /** Passes the marks and the properties of the scene to the painter. */
  show() {
    const { panel, scene, style, theme } = this.given;
    this.painter.show(this.axes, panel.marks, {
      ...{ style, font: theme.font, handle: (k) => this.startWords(k) },
      hidden: new Set(scene.cards.filter(({ hidden }) => hidden).map(({ id }) => id)),
      exchanged: scene.exchanged,
      untold: Boolean(scene.untold),
    });
    this.settled = '';
    this.measure();
  }

  /**
   * The text at the start.
   * @param {number} k the index of the pair of axes
   * @returns {string}
   */
  startWords(k) {
    return this.handle && !this.given.scene.still && k === 0 ? 'start: drag or click' : 'start';
  }

  /**
   * The text for screen readers.
   * @param {Panel} panel
   * @param {Scene} scene
   */
  label({ title, axes, note }, scene) {
    const [first] = axes;
    const upright = first?.y.title ? `${this.upright(first).title} against the ${first.x.title}` : title;
    return [upright, note.map(({ text }) => text).join(''), scene.description].filter(Boolean).join('. ');
  }

  /**
   * The vertical axis with the chosen scale.
   * @param {Axes} axes
   */
  upright({ y }) {
    return [y, ...y.alternatives].find(({ scale }) => scale === this.scale) ?? y;
  }

  /** Sets the places and the scale of all axes. */
  place() {
    const { panel, style } = this.given;
    const named = panel.marks.some((one) => one.type === 'tiles' && one.names.length);
    const shown = this.shown(panel.axes);
    const square = panel.spread === 'squares';
    const count = shown.filter(({ hidden }) => !hidden).length;
    mark(this.element, 'data-spread', panel.spread);
    if (square) this.element.style.setProperty('--needed', `${heightOf(count, this.size.width, style, named)}px`);
    const spread = square ? squares(shown, this.size, style, named) : this.headed(panel.axes);
    this.axes = spread.map((pair) => ({ ...pair, y: this.upright(pair) }));
  }

  /**
   * The axes with room for titles above them, if they have any.
   * @param {Axes[]} axes
   * @returns {Axes[]}
   */
  headed(axes) {
    const { style } = this.given;
    this.axes = axes;
    if (this.bare || !axes.some(({ title }) => title)) return axes;
    const { t, b } = this.margins;
    const head = letters(style, HEAD) / Math.max(1, this.size.height - t - b);
    return axes.map((pair) => {
      const [left, bottom, right, top] = pair.place;
      return { ...pair, place: [left, bottom, right, Math.max(bottom + 0.01, top - head)] };
    });
  }

  /**
   * The axes, each with a flag whether its racer is hidden.
   * @param {Axes[]} axes
   */
  shown(axes) {
    const hidden = new Set(this.given.scene.cards.filter((card) => card.hidden).map(({ id }) => id));
    return axes.map((pair) => ({ pair, hidden: hidden.has(pair.racer) }));
  }

  /** The traces of the ground, and an empty trace for each pair of axes, which plotly would not draw otherwise. */
  ground() {
    const { panel, style } = this.given;
    const anchor = { type: 'scatter', x: [null], y: [null], hoverinfo: 'skip', showlegend: false };
    const anchors = this.axes.map((_, k) => ({ ...anchor, xaxis: nth('x', k), yaxis: nth('y', k) }));
    return [...anchors, ...groundTraces(panel.marks, style)];
  }

  /** @param {any[]} traces */
  async draw(traces) {
    if (this.bare) {
      if (this.drawn) this.plotly.purge(this.plot);
      this.drawn = this.listening = false;
      return;
    }
    const { style } = this.given;
    await this.plotly.react(this.plot, scaled(traces, style), this.layout(), { ...STILL, scrollZoom: this.movable });
    this.drawn = true;
    if (!this.listening) this.listen();
  }

  layout() {
    const { panel, style, theme } = this.given;
    const { width, height } = this.size;
    const { annotations, shapes } = groundWords(panel.marks, style, theme.font);
    const titles = this.axes.flatMap((pair, k) => {
      if (!pair.y.title) return [];
      const room = this.switch.wide(style);
      return [{ ...uprightTitle(pair, k, style, theme.font, width, this.room.t), xshift: -room }];
    });
    const layout = baseLayout(style, theme.font, {
      ...axesLayout(this.axes, style, theme.font, this.ranges),
      ...{ margin: this.room, annotations: [...titles, ...annotations], shapes },
      ...(this.movable ? { dragmode: 'pan', clickanywhere: true } : { dragmode: false }),
    });
    return { ...scaled(layout, style), width, height };
  }

  listen() {
    this.listening = true;
    const { plot, listeners } = this;
    const on = /** @type {any} */ (plot).on.bind(plot);
    on('plotly_hover', (/** @type {any} */ { points }) => listeners.hover(points?.[0]?.data?.meta || null));
    on('plotly_unhover', () => listeners.hover(null));
    if (!this.movable) return;
    // a panel that has shown a message in between listens to its new plot, but hears presses already
    if (!this.pressing) this.element.addEventListener('pointerdown', (event) => this.press(event), true);
    this.pressing = true;
    on('plotly_click', (/** @type {any} */ { event }) => this.click(event));
    on('plotly_relayouting', () => this.follow());
    on('plotly_relayout', () => this.own || this.arrive());
  }

  /** Adds the interactions that the marks and axes of the panel allow. */
  attach() {
    const { panel } = this.given;
    const clocked = panel.marks.some((one) => one.type === 'rule' && one.clock);
    mark(this.element, 'data-clocked', clocked);
    if (clocked && !this.scrubbing) {
      this.scrubbing = true;
      scrubbing(this.plot, (x, y) => this.under(x, y), this.listeners.scrub);
    }
    if (this.zoomable && !this.tools) {
      this.tools = new ZoomTools(
        (factor) => this.zoom(factor),
        () => this.return(),
      );
      this.element.append(this.tools.element);
    }
    const recorded = this.element.closest('[data-recording]');
    const { drag } = this.listeners;
    if (drag && handleOf(panel) && !this.handle && !recorded) {
      this.handle = new StartHandle(this.element, () => this.frame, drag);
    }
  }

  /** The frame of the first pair of axes. @returns {Box | undefined} */
  get frame() {
    return this.painter.measured ? this.painter.groups[0]?.frame : undefined;
  }

  /** The frame at a position of the plot, if it shows the clock. */
  under(/** @type {number} */ x, /** @type {number} */ y) {
    const { groups } = this.painter;
    const clocked = groups.filter((group) => group.clocked).map(({ frame }) => frame);
    if (groups.length === 1) return clocked[0];
    return clocked.find(
      ({ left, top, width, height }) => x >= left && x <= left + width && y >= top && y <= top + height,
    );
  }

  /** The frames of all axes in pixels. @returns {Box[]} */
  frames() {
    if (!this.bare) {
      const plots = /** @type {any} */ (this.plot)._fullLayout._plots;
      return this.axes.map((_, k) => {
        const { xaxis, yaxis } = plots[nth('x', k) + nth('y', k)];
        return frameOfAxes(xaxis, yaxis);
      });
    }
    const { width, height } = this.size;
    const { l, r, t, b } = this.inset;
    const edge = b ? 4 : 0;
    return this.axes.map(({ x, y, place: [left, bottom, right, top] }) => {
      const box = {
        ...{ left: Math.round(l + left * (width - 2 * l)), top: Math.round(t + (1 - top) * (height - edge)) },
        width: Math.max(1, Math.round((right - left) * (width - 2 * l) - r)),
        height: Math.max(1, Math.round((top - bottom) * (height - edge) - t - b)),
      };
      const [[x0, x1], [y0, y1]] = [rangeOf(x), rangeOf(y)];
      const [across, upward] = [box.width / (x1 - x0), -box.height / (y1 - y0)];
      return {
        ...box,
        x: { slope: across, offset: -across * x0, log: x.scale === 'log' },
        y: { slope: upward, offset: -upward * y1, log: y.scale === 'log' },
      };
    });
  }

  /** The room that axes without numbers leave for titles, captions, and each other. */
  get inset() {
    const { panel, style } = this.given;
    if (panel.spread === 'squares') return { l: 0, r: 0, t: 0, b: 0 };
    if (panel.marks.some(({ type }) => type === 'graph')) return { l: 4, r: 0, t: panel.buttons.length ? 28 : 4, b: 4 };
    return { l: 10, r: 8, t: letters(style, HEAD), b: letters(style, 16) };
  }

  /** The boxes of all axes in pixels of the window. */
  boxes() {
    const { left, top } = this.element.getBoundingClientRect();
    return this.painter.groups.map(({ frame }) => ({
      ...{ left: left + frame.left, top: top + frame.top },
      ...{ width: frame.width, height: frame.height },
    }));
  }

  measure() {
    if (!this.bare && !this.drawn) return;
    const frames = this.frames();
    this.measured = this.laid;
    this.painter.measure(frames);
    // inside the axes, whose title stands above them
    if (this.tools) this.tools.element.style.top = `${Math.round(frames[0].top) + 6}px`;
    this.paintGround(frames);
  }

  /** Draws the ground, on the finest grids that there are, and asks for finer ones where these are coarse. */
  paintGround(frames = this.frames()) {
    const { panel, scene, style, theme } = this.given;
    const { refined } = this;
    refined.of(panel.ground);
    const fields = panel.marks.filter(/** @returns {one is Field} */ (one) => one.type === 'field');
    const signs = panel.marks.filter((one) => one.type === 'sign' && one.layer === 'ground');
    const pieces = fields.flatMap((field) => {
      const frame = frames[field.axes];
      if (!frame) return [];
      const bar = barOf(field, frame, style, pointsOf(signs, field.axes, frame));
      this.painter.reserve(field.axes, bar);
      return [{ field: refined.finest(field, frame), frame, bar }];
    });
    const grids = pieces.map(({ field: { x, y } }) => [x[0], x[x.length - 1], y[0], y[y.length - 1]].join());
    mark(this.element, 'data-grid', pieces.some(({ field }) => !fields.includes(field)) ? 'window' : 'scene');
    this.contours.draw(pieces, [panel.ground, ...grids].join('|'), style, theme.font);
    if (pieces.length && this.movable) refined.want(pieces[0].field, pieces[0].frame, scene.live);
  }

  /**
   * Gives plotly the lines up to the clock, for the labels under the pointer.
   * @param {number} position
   */
  async settle(position) {
    if (!this.panel || this.bare || !this.painter.measured) return;
    const { panel, scene, style } = this.given;
    if (panel.message) return;
    const hidden = scene.cards.map((card) => card.hidden).join();
    const key = [panel.id, position, hidden, this.drawing, JSON.stringify(this.frames())].join('|');
    if (key === this.settled) return;
    const trails = this.painter.groups.flatMap((group) => group.trails);
    const naming = namingOf(scene);
    const dots = panel.marks.flatMap((one) =>
      one.type === 'dots' && one.layer !== 'ground' && one.hover.length && !naming.hidden(one)
        ? [hoverDots(one, style, position, naming)]
        : [],
    );
    await this.draw([...this.base, ...hoverLines(trails, style, position, naming), ...dots]);
    this.settled = key;
    if (!this.panel || !this.drawn || this.measured === this.laid) return;
    this.measure(); // the size has changed since, and the canvases follow
    this.listeners.moved();
  }

  /**
   * A double click shows the whole map again, and does nothing else. The second press may be on the handle of the start,
   * which the first click has brought under the pointer.
   * @param {PointerEvent} event
   */
  press(event) {
    const target = /** @type {Node} */ (event.target);
    if (event.button || !(this.plot.contains(target) || this.handle?.element.contains(target))) return;
    this.doubled = this.pressed !== undefined && isDouble(this.pressed, event);
    this.pressed = event;
    if (!this.doubled) return;
    this.listeners.withdraw?.();
    if (this.view) this.return();
  }

  /** @param {MouseEvent} event */
  click(event) {
    if (event.button || this.doubled) return;
    const { left, top } = this.plot.getBoundingClientRect();
    const [px, py] = [event.clientX - left, event.clientY - top];
    for (const { frame } of this.painter.groups) {
      const [x, y] = [px - frame.left, py - frame.top];
      if (x < 0 || y < 0 || x > frame.width || y > frame.height) continue;
      this.listeners.start?.(valueAt(frame.x, x), valueAt(frame.y, y));
      return;
    }
  }

  /** The ranges of the first pair of axes that are in view now. @returns {View} */
  range() {
    if (!this.drawn) return this.window;
    const { xaxis, yaxis } = /** @type {any} */ (this.plot)._fullLayout;
    return /** @type {View} */ ([xaxis, yaxis].map(({ range }) => range.map(Number)));
  }

  /** Called when the reader moves the view, which the canvases follow. */
  follow() {
    this.see(this.range());
    this.measure();
    this.listeners.moved();
  }

  /** Makes units equal again where plotly has left them unequal. */
  arrive() {
    this.follow();
    const frame = this.frame;
    if (frame && Math.abs(frame.x.slope + frame.y.slope) > 1e-3 * frame.x.slope) this.look();
  }

  /** @param {View | null} view the ranges to show, null for the whole window */
  see(view) {
    this.view = view;
    this.chosen = view;
  }

  return() {
    this.see(null);
    return this.look();
  }

  /** @param {number} factor */
  zoom(factor) {
    /** @type {(range: [number, number]) => [number, number]} */
    const narrowed = ([low, high]) => {
      const middle = (low + high) / 2;
      return [middle + (low - middle) * factor, middle + (high - middle) * factor];
    };
    const [x, y] = this.range();
    this.see([narrowed(x), narrowed(y)]);
    return this.look();
  }

  /** @param {string} scale */
  async rescale(scale) {
    if (scale === this.scale || !this.panel) return;
    this.switch.choose(scale);
    const { scene, style, theme } = this.given;
    await this.update(scene, style, theme);
    this.listeners.moved();
  }

  /** Updates the size and the view. */
  async look() {
    if (!this.panel || !this.element.clientWidth) return;
    const { edition } = this;
    this.place();
    if (this.view && this.axes.length) this.view = fit(this.chosen ?? this.window, this.box, this.limits);
    this.own += 1;
    const { width, height } = this.size;
    const [x, y] = this.ranges ?? [];
    if (this.movable && this.axes.length === 1 && this.drawn) {
      await this.plotly.relayout(this.plot, { width, height, 'xaxis.range': x, 'yaxis.range': y });
    } else await this.draw(this.base);
    this.own -= 1;
    if (edition !== this.edition) return;
    this.painter.groups.forEach((group, k) => (group.axes = this.axes[k]));
    this.settled = '';
    this.measure();
    this.listeners.moved();
  }

  /** @param {number} position of the clock */
  paint(position) {
    if (!this.panel) return;
    if (this.handle && this.start) this.handle.place(this.start);
    this.painter.paint(position);
  }

  /** Where the start is that can be moved. @returns {[number, number] | null} */
  get start() {
    const start = handleOf(this.panel);
    return start ? [start.x[0], start.y[0]] : null;
  }

  /**
   * Moves the start while it is dragged.
   * @param {number} x
   * @param {number} y
   */
  move(x, y) {
    const start = handleOf(this.panel);
    if (!start) return;
    start.x = [x];
    start.y = [y];
  }

  /**
   * Called when a racer shows another run while something is dragged.
   * @param {string} racer
   */
  change(racer) {
    this.settled = '';
    this.painter.change(racer);
  }

  /** Called after a racer was hidden or shown. */
  async remeasure() {
    if (!this.panel) return;
    if (this.panel.spread === 'squares') await this.look();
    this.show();
  }

  /** @param {string | null} id */
  light(id) {
    this.painter.light(id);
  }

  destroy() {
    this.refined.of('');
    if (this.drawn) this.plotly.purge(this.plot);
  }
}

/**
 * The places of signs in a frame.
 * @param {import('../drawing/marks.js').AnyMark[]} signs
 * @param {number} axes
 * @param {Box} frame
 * @returns {[number, number][]}
 */
function pointsOf(signs, axes, frame) {
  return signs.flatMap((sign) =>
    sign.type === 'sign' && sign.axes === axes
      ? Array.from(
          sign.x,
          (x, k) => /** @type {[number, number]} */ ([pixelAt(frame.x, x), pixelAt(frame.y, sign.y[k])]),
        )
      : [],
  );
}
