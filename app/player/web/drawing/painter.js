// The canvas painter, which draws the marks of a panel sixty times per second.
//
// Each trail with a casing, and each line while one racer is lit, has an off-screen canvas, so that a frame only adds the
// new part and copies the small area that has changed. Marks that are replaced are drawn again only when their moment
// changes.

import { letters, thick } from '../core/scale.js';
import { Ribbon, Curves } from './bundle.js';
import { cut, fold, layer, pixelAt, place, widthOfWords, wipe } from './canvas.js';
import { inside } from '../core/geometry.js';
import { BLEED, emphasis } from './emphasis.js';
import { GAP, paintStart, paintWords } from './heads.js';
import { isReplaced } from './marks.js';
import { drawerOf, scoreOf } from './moments.js';
import { Places } from './placing.js';
import { inkOf, lettersOf, pallor, widthOf } from './strokes.js';
import { Trail } from './trail.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./canvas.js').Sheet} Sheet
 * @typedef {import('./marks.js').AnyMark} AnyMark
 * @typedef {import('./marks.js').Axes} Axes
 * @typedef {import('./heads.js').Pen} Pen
 * @typedef {import('./heads.js').Label} Label
 *
 * @typedef {Object} Showing the properties of a scene that the painter needs in addition to the marks
 * @property {import('./strokes.js').Style} style
 * @property {string} font
 * @property {Set<string>} hidden the hidden racers
 * @property {Set<string>} exchanged the racers that show another run while something is dragged
 * @property {boolean} untold whether everything after the clock is hidden, even if it would be pale
 * @property {(k: number) => string} handle the text at the handle of the start on a pair of axes
 */

/** The marks of one pair of axes. */
class Group {
  /** @type {Trail[]} */
  trails = [];
  /** @type {Curves[]} */
  curves = [];
  /** @type {Ribbon[]} */
  ribbons = [];
  /** @type {import('./moments.js').Drawer[]} */
  clouds = [];
  /** @type {import('./moments.js').Drawer[]} */
  moments = [];
  /** @type {import('./moments.js').Drawer[]} */
  over = [];
  /** @type {import('./marks.js').Sign[]} */
  handles = [];
  /** Critical points and the like. @type {import('./marks.js').Sign[]} */
  signs = [];
  /** Words of the ground. @type {import('./marks.js').Text[]} */
  words = [];
  /** All words at points of the ground, with their places. @type {import('./heads.js').Spot[]} */
  spots = [];
  /** The box of the bar of colours, which words avoid. @type {import('./placing.js').Room | null} */
  reserved = null;
  /** For what these places were found. */
  arranged = '';
  clocked = false;
  /** @type {Box} */
  frame = { left: 0, top: 0, width: 0, height: 0, x: { slope: 1, offset: 0 }, y: { slope: -1, offset: 0 } };
  /** The position of the frame within the canvases. */
  left = 0;
  top = 0;

  /** @param {Axes} axes */
  constructor(axes) {
    this.axes = axes;
  }

  get drawers() {
    return [...this.trails, ...this.curves, ...this.ribbons, ...this.clouds, ...this.moments, ...this.over];
  }
}

/** A canvas that is redrawn only when the moment of one of its marks changes. */
class Momentary {
  /** @type {string | undefined} */
  drawn;

  /**
   * @param {HTMLElement} host
   * @param {string} name
   */
  constructor(host, name) {
    this.sheet = layer(host, name);
  }
}

/** Half the room of a sign, of the ring of the start and of a head, in pixels. */
const [SIGN, START, HEAD] = [6, 8, 9];

export class Painter {
  /** @type {Group[]} */
  groups = [];
  /** @type {string | null} */
  lit = null;
  /** @type {Showing | undefined} */
  showing;
  /** The area of the canvases. @type {{left: number, top: number, width: number, height: number} | undefined} */
  area;
  /** Whether the whole picture has to be drawn again. */
  fresh = true;
  measured = false;
  copies = false;
  position = 0;
  /** @type {string} */
  cloudy = '';
  /** Draws additional marks above the heads. @type {((pen: Pen, group: Group, position: number) => void) | null} */
  more = null;

  /** @param {HTMLElement} host the element that also holds the plot */
  constructor(host) {
    this.under = layer(host, 'strands');
    this.whole = layer(null);
    this.pale = layer(host, 'pale');
    this.strong = layer(host, 'trails');
    this.moments = new Momentary(host, 'moments');
    this.over = new Momentary(host, 'over');
    this.heads = layer(host, 'heads', BLEED);
  }

  /** All canvases on the page. */
  get sheets() {
    return [this.under, this.pale, this.strong, this.moments.sheet, this.over.sheet, this.heads];
  }

  /**
   * @param {Axes[]} axes
   * @param {AnyMark[]} marks
   * @param {Showing} showing
   */
  show(axes, marks, showing) {
    const field = marks.find(/** @returns {mark is import('./marks.js').Field} */ (mark) => mark.type === 'field');
    const scale = field?.colors[showing.style.theme] ?? [];
    const { style, hidden } = (this.showing = showing);
    const spare = this.groups.flatMap(({ trails }) => trails.flatMap(({ sheet }) => (sheet ? [sheet] : [])));
    this.groups = axes.map((pair) => new Group(pair));
    this.measured = false;
    for (const mark of marks) {
      const group = this.groups[mark.axes];
      if (!group || mark.type === 'field' || hidden.has(mark.racer)) continue;
      if (mark.layer === 'ground') {
        if (mark.type === 'sign') group.signs.push(mark);
        if (mark.type === 'text' && !mark.within && !mark.time) group.words.push(mark);
        continue;
      }
      if (mark.type === 'line' && !isReplaced(mark)) {
        const trail = this.trail(mark, style);
        if (mark.casing || this.lit !== null) trail.sheet = spare.shift() ?? layer(null);
        group.trails.push(trail);
      } else if (mark.type === 'lines') group.curves.push(new Curves(mark, style));
      else if (mark.type === 'band') group.ribbons.push(new Ribbon(mark, style));
      else if (mark.type === 'sign' && mark.handle) group.handles.push(mark);
      else if (mark.type === 'rule' && mark.clock) group.clocked = true;
      else {
        const drawer = drawerOf(mark, scale);
        if (drawer) {
          group[
            mark.layer === 'under' && (mark.type === 'dots' || mark.type === 'cells')
              ? 'clouds'
              : mark.layer === 'over'
                ? 'over'
                : 'moments'
          ].push(drawer);
        }
      }
    }
  }

  /**
   * The drawer of a line that the clock reveals.
   * @param {import('./marks.js').Line} mark
   * @param {import('./strokes.js').Style} style
   */
  trail(mark, style) {
    return new Trail(mark, style);
  }

  /**
   * Sets the positions of the axes, and restarts the picture.
   * @param {Box[]} frames the frame of each pair of axes, in pixels of the host
   */
  measure(frames) {
    if (!this.groups.length) for (const sheet of this.sheets) fold(sheet);
    if (!this.showing || !this.groups.length || frames.length < this.groups.length) return;
    const { style } = this.showing;
    const left = Math.min(...frames.map((frame) => frame.left));
    const top = Math.min(...frames.map((frame) => frame.top));
    const room = titled(this.groups) ? letters(style, 24) : 0;
    const area = {
      left,
      top,
      width: Math.max(...frames.map((frame) => frame.left + frame.width)) - left,
      height: Math.max(...frames.map((frame) => frame.top + frame.height)) - top,
    };
    this.area = area;
    this.heads.bleed = thick(style, BLEED);
    // titles stand above the axes, captions and names below
    this.moments.sheet.bleed = this.over.sheet.bleed = room;
    this.needs(area);
    this.groups.forEach((group, k) => {
      group.frame = frames[k];
      [group.left, group.top] = [frames[k].left - left, frames[k].top - top];
      for (const drawer of group.drawers) drawer.measure(group.frame);
      group.arranged = '';
      for (const { sheet } of group.trails) if (sheet) place(sheet, group.frame);
    });
    this.restart();
    this.measured = true;
  }

  /**
   * Fits the canvases that are needed, and folds the others.
   * @param {{left: number, top: number, width: number, height: number}} area
   */
  needs(area) {
    /** @type {(group: Group) => boolean} */
    const copied = ({ ribbons, curves }) => ribbons.length > 0 || curves.some(({ mark }) => mark.future === 'pale');
    this.copies = this.groups.some(copied);
    /** @type {[Sheet, boolean][]} */
    const sheets = [
      [
        this.under,
        this.groups.some(({ ribbons, curves, clouds }) => ribbons.length + curves.length + clouds.length > 0),
      ],
      [this.whole, this.copies],
      [this.pale, this.groups.some(({ trails }) => trails.some(({ mark }) => mark.time && mark.future === 'pale'))],
      [this.strong, this.groups.some(({ trails }) => trails.length > 0)],
      [this.moments.sheet, this.groups.some(({ moments, axes }) => moments.length > 0 || axes.title)],
      [this.over.sheet, this.groups.some(({ over }) => over.length > 0)],
      [
        this.heads,
        this.groups.some(
          ({ trails, clocked, handles, words }) => trails.length + handles.length + words.length || clocked,
        ),
      ],
    ];
    for (const [sheet, needed] of sheets) {
      if (needed) place(sheet, area);
      else fold(sheet);
    }
  }

  /** Restarts the whole picture, after the data, the axes or the emphasis have changed. */
  restart() {
    this.rewind();
    this.cloudy = '';
    this.moments.drawn = this.over.drawn = undefined;
    if (!this.showing) return;
    const { style, exchanged } = this.showing;
    this.restartFutures();
    if (!this.copies) return;
    wipe(this.whole);
    for (const group of this.groups) {
      for (const drawer of [...group.ribbons, ...group.curves]) {
        if (exchanged.has(drawer.mark.racer)) continue;
        this.within(this.whole, group, (context) => {
          context.globalAlpha = emphasis(style, this.lit, drawer.mark.racer);
          drawer.whole(context);
          context.globalAlpha = 1;
        });
      }
    }
  }

  /** Draws the trails anew as they will be, behind those up to the clock. */
  restartFutures() {
    const { style, untold } = this.shown;
    wipe(this.pale);
    for (const group of this.groups) {
      for (const trail of group.trails) {
        if (untold || !trail.mark.time || trail.mark.future !== 'pale') continue;
        this.within(this.pale, group, (context) => trail.pale(context, emphasis(style, this.lit, trail.mark.racer)));
      }
    }
  }

  /** Restarts the trails, for example when the clock runs backwards. */
  rewind() {
    wipe(this.strong);
    wipe(this.under);
    for (const { trails, curves } of this.groups) {
      for (const trail of trails) {
        if (trail.sheet) wipe(trail.sheet);
        trail.done = 0;
      }
      for (const drawer of curves) drawer.done = 0;
    }
    this.fresh = true;
  }

  /**
   * Draws in the frame of a pair of axes, with the origin in its upper left corner.
   * @param {Sheet} sheet
   * @param {Group} group
   * @param {(context: CanvasRenderingContext2D) => void} draw
   * @param {boolean} [clipped]
   */
  within({ context, bleed }, group, draw, clipped = true) {
    context.save();
    context.translate(group.left, group.top);
    // with a single pair of axes, the edge of the canvas clips the marks
    if (clipped && (bleed || this.groups.length > 1)) {
      context.beginPath();
      context.rect(0, 0, group.frame.width, group.frame.height);
      context.clip();
    }
    draw(context);
    context.restore();
  }

  /**
   * Called when the run of a racer has changed. The trails of the others remain as they are drawn.
   * @param {string} racer
   */
  change(racer) {
    if (!this.measured) return;
    let shared = false;
    for (const group of this.groups) {
      for (const trail of group.trails) {
        if (trail.mark.racer !== racer || !trail.mark.follows) continue;
        if (trail.sheet) wipe(trail.sheet);
        else shared = true;
        trail.measure(group.frame);
        group.arranged = '';
      }
    }
    this.fresh = true;
    wipe(this.under);
    for (const { curves } of this.groups) for (const drawer of curves) drawer.done = 0;
    this.cloudy = '';
    if (shared || this.copies) this.restart();
    else this.restartFutures();
  }

  /**
   * Highlights a racer by dimming all others.
   * @param {string | null} id
   */
  light(id) {
    this.lit = id;
    if (!this.measured) return;
    // a faint line that is drawn piece by piece is stronger where pieces meet: it has a canvas of its own
    for (const { trails, frame } of this.groups) {
      for (const trail of trails) {
        if (trail.mark.casing || Boolean(trail.sheet) === (id !== null)) continue;
        trail.sheet = id === null ? null : layer(null);
        if (trail.sheet) place(trail.sheet, frame);
      }
    }
    this.restart();
  }

  /** @param {number} position of the clock */
  paint(position) {
    if (!this.measured || !this.showing) return;
    this.position = position;
    const trails = this.groups.flatMap((group) => group.trails);
    const curves = this.groups.flatMap((group) => group.curves);
    if ([...trails, ...curves].some((drawer) => drawer.done > Math.max(0, drawer.index(position)))) this.rewind();
    this.paintUnder(position);
    this.paintTrails(position);
    this.paintMoments(this.moments, 'moments', position);
    this.paintMoments(this.over, 'over', position);
    this.paintHeads(position);
    this.fresh = false;
  }

  /** @param {number} position */
  paintUnder(position) {
    const clouds = this.groups.flatMap((group) => group.clouds);
    const cloudy = clouds.map((drawer) => drawer.moment(position)).join();
    if (this.copies) {
      wipe(this.under);
      this.copy(position);
    } else if (cloudy !== this.cloudy) {
      wipe(this.under);
      for (const { curves } of this.groups) for (const drawer of curves) drawer.done = 0;
    }
    const { style, exchanged, untold } = this.shown;
    for (const group of this.groups) {
      for (const drawer of group.curves) {
        if (drawer.mark.future === 'pale' || exchanged.has(drawer.mark.racer)) continue;
        const to = drawer.index(position);
        const from = this.copies ? 0 : drawer.done;
        if (to > from) this.dimmed(this.under, group, drawer.mark.racer, (context) => drawer.extend(context, from, to));
        drawer.done = Math.max(0, to);
      }
      if (cloudy === this.cloudy && !this.copies) continue;
      for (const drawer of group.clouds) {
        if (exchanged.has(drawer.mark.racer)) continue;
        this.dimmed(this.under, group, drawer.mark.racer, (context) =>
          drawer.draw({ context, style, font: this.shown.font, untold }, drawer.moment(position), []),
        );
      }
    }
    this.cloudy = cloudy;
  }

  get shown() {
    if (!this.showing) throw new Error('a panel is painted before it is shown');
    return this.showing;
  }

  /**
   * @param {Sheet} sheet
   * @param {Group} group
   * @param {string} racer
   * @param {(context: CanvasRenderingContext2D) => void} draw
   */
  dimmed(sheet, group, racer, draw) {
    this.within(sheet, group, (context) => {
      context.globalAlpha = emphasis(this.shown.style, this.lit, racer);
      draw(context);
    });
  }

  /**
   * Copies bands and thin curves, strong up to the clock and pale after it.
   * @param {number} position
   */
  copy(position) {
    const { context, ratio, canvas } = this.under;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    const faint = this.shown.untold ? 0 : pallor(this.shown.style);
    for (const { frame, left, top, ribbons, curves } of this.groups) {
      const [curve] = [...ribbons, ...curves.filter(({ mark }) => mark.future === 'pale')];
      if (!curve) continue;
      const [x0, y0] = [Math.round(left * ratio), Math.round(top * ratio)];
      const x1 = Math.min(canvas.width, Math.round((left + frame.width) * ratio));
      const tall = Math.min(canvas.height, Math.round((top + frame.height) * ratio)) - y0;
      const edge = Math.min(x1, Math.max(x0, Math.round((left + pixelAt(frame.x, curve.edge(position))) * ratio)));
      for (const [from, to, opacity] of [
        [x0, edge, 1],
        [edge, x1, faint],
      ]) {
        if (to <= from || tall <= 0) continue;
        context.globalAlpha = opacity;
        context.drawImage(this.whole.canvas, from, y0, to - from, tall, from, y0, to - from, tall);
      }
    }
    context.restore();
  }

  /** @param {number} position */
  paintTrails(position) {
    const { style } = this.shown;
    for (const group of this.groups) {
      /** @type {[number, number, number, number][]} */
      const dirty = [];
      for (const trail of group.trails) {
        const to = trail.index(position);
        const from = trail.done;
        if (to > from || (to >= 0 && this.fresh && trail.alone >= 0)) {
          if (trail.sheet) {
            trail.extend(trail.sheet.context, from, to);
            dirty.push(trail.bounds(from, to));
          } else {
            this.within(this.strong, group, (context) => {
              context.globalAlpha = emphasis(style, this.lit, trail.mark.racer);
              trail.extend(context, from, to);
            });
          }
        }
        trail.done = Math.max(0, to);
      }
      if (group.trails.some(({ sheet }) => sheet)) this.compose(group, dirty);
    }
  }

  /**
   * Copies the changed areas from the canvases of the trails, in order.
   * @param {Group} group
   * @param {[number, number, number, number][]} dirty
   */
  compose(group, dirty) {
    const { width, height } = group.frame;
    const area = dirty.reduce((sum, [left, top, right, bottom]) => sum + (right - left) * (bottom - top), 0);
    const boxes = this.fresh || area > width * height ? [[0, 0, width, height]] : dirty;
    const { context, ratio } = this.strong;
    const [x0, y0] = [Math.round(group.left * ratio), Math.round(group.top * ratio)];
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const box of boxes) {
      const [left, top] = [Math.max(0, Math.floor(box[0] * ratio)), Math.max(0, Math.floor(box[1] * ratio))];
      const w = Math.min(Math.round(width * ratio), Math.ceil(box[2] * ratio)) - left;
      const h = Math.min(Math.round(height * ratio), Math.ceil(box[3] * ratio)) - top;
      if (w <= 0 || h <= 0) continue;
      context.clearRect(x0 + left, y0 + top, w, h);
      for (const { sheet, mark } of group.trails) {
        if (!sheet) continue;
        context.globalAlpha = emphasis(this.shown.style, this.lit, mark.racer);
        context.drawImage(sheet.canvas, left, top, w, h, x0 + left, y0 + top, w, h);
      }
    }
    context.restore();
  }

  /**
   * @param {Momentary} momentary
   * @param {'moments' | 'over'} name
   * @param {number} position
   */
  paintMoments(momentary, name, position) {
    const { style, font, untold } = this.shown;
    const { sheet } = momentary;
    const signature = this.groups.map((group) => group[name].map((drawer) => drawer.moment(position)).join()).join(';');
    if (signature === momentary.drawn) return;
    momentary.drawn = signature;
    wipe(sheet);
    const pen = { context: sheet.context, style, font, untold };
    for (const group of this.groups) {
      if (name === 'moments' && group.axes.title) {
        this.within(sheet, group, () => this.title(pen, group, position), false);
      }
      /** @type {Label[]} */
      const labels = [];
      for (const drawer of group[name]) {
        // tiles and bars have text below their frames
        const clipped = drawer.mark.type !== 'tiles' && drawer.mark.type !== 'bars';
        this.within(
          sheet,
          group,
          (context) => {
            context.globalAlpha = emphasis(style, this.lit, drawer.mark.racer);
            drawer.draw(pen, drawer.moment(position), labels);
          },
          clipped,
        );
      }
    }
  }

  /**
   * Draws the title above a pair of axes, shortened to the room, and a share beside it.
   * @param {Pen} pen
   * @param {Group} group
   * @param {number} position
   */
  title({ context, style, font }, group, position) {
    const { axes, frame, moments, left, top } = group;
    context.globalAlpha = emphasis(style, this.lit, axes.racer);
    const score = scoreOf(moments, position);
    context.textBaseline = 'alphabetic';
    context.font = `${lettersOf(style, 'text')}px ${font}`;
    const room = score ? context.measureText(score).width + 8 : 0;
    context.fillStyle = style.muted;
    context.textAlign = 'right';
    context.fillText(score, frame.width, -7);
    context.font = `600 ${lettersOf(style, 'text')}px ${font}`;
    context.textAlign = 'left';
    context.fillStyle = inkOf(style, axes.color);
    const others = this.groups.filter((other) => other.axes.title && other.top === top && other.left > left);
    const end = room
      ? left + frame.width - room
      : Math.min(...others.map((other) => other.left - 8), this.area?.width ?? Infinity);
    context.fillText(cut(context, axes.title, end - left), 0, -6);
  }

  /** @param {number} position */
  paintHeads(position) {
    const { style, font, untold } = this.shown;
    wipe(this.heads);
    const { context } = this.heads;
    /** @type {Pen} */
    const pen = { context, style, font, untold };
    for (const group of this.groups) {
      const { frame, trails } = group;
      if (group.clocked) this.within(this.heads, group, () => this.paintClock(group, position), false);
      this.arrange(pen, group);
      this.within(
        this.heads,
        group,
        () => {
          for (const { x, y } of group.handles) {
            paintStart(pen, frame, [pixelAt(frame.x, x[0]), pixelAt(frame.y, y[0])]);
          }
          for (const spot of group.spots) paintWords(pen, spot);
        },
        false,
      );
      this.within(this.heads, group, () => {
        for (const trail of trails) {
          context.globalAlpha = emphasis(style, this.lit, trail.mark.racer);
          trail.advance(context, position);
        }
      });
      const labels = group.spots.map(({ box }) => ({ x: box.x, y: box.y + box.height / 2, width: box.width }));
      this.within(
        this.heads,
        group,
        () => {
          // At the start all heads cover each other: the color of the last would hint at a racer.
          const hinting = untold && position === 0 && group.handles.length > 0;
          for (const trail of hinting ? [] : trails) {
            context.globalAlpha = emphasis(style, this.lit, trail.mark.racer);
            trail.stand(pen, position, labels);
          }
          context.globalAlpha = 1;
          this.more?.(pen, group, position);
        },
        false,
      );
    }
  }

  /**
   * Finds places for the words at points of the ground, where something that is in their way has changed.
   * @param {Pen} pen
   * @param {Group} group
   */
  arrange(pen, group) {
    const { frame, handles, words } = group;
    if (!handles.length && !words.length) return;
    const { handle, untold, exchanged } = this.shown;
    /** @type {(x: number, y: number) => [number, number]} */
    const pixel = (x, y) => [pixelAt(frame.x, x), pixelAt(frame.y, y)];
    const starts = handles.map(({ x, y }) => pixel(x[0], y[0]));
    const text = handle(this.groups.indexOf(group));
    const wanted = [text, untold, ...starts].join();
    if (wanted === group.arranged) return;
    const places = this.places(group, starts);
    for (const { x, y } of group.signs) Array.from(x, (_, k) => places.keep(...pixel(x[k], y[k]), SIGN));
    const shown = words.filter(({ x, y }) => inside(...pixel(x, y), frame));
    const before = group.spots.find(({ start }) => start)?.side;
    group.arranged = wanted;
    group.spots = shown.map((mark) => spotOf(pen, places, mark, pixel(mark.x, mark.y)));
    for (const at of starts) {
      if (!text || !inside(...at, frame)) continue;
      // under the pointer words stay on their side if they can
      const side = (exchanged.size && before) || 'top center';
      group.spots.push({ ...spotOf(pen, places, { words: [text], side, color: 'muted' }, at, GAP.start), start: true });
    }
  }

  /**
   * Keeps a box of a frame free of words.
   * @param {number} k the index of its axes
   * @param {import('./placing.js').Room | null} box
   */
  reserve(k, box) {
    if (this.groups[k]) this.groups[k].reserved = box;
  }

  /**
   * The places of words in a frame, of which trails, their ends and the starts are taken.
   * @param {Group} group
   * @param {[number, number][]} starts
   */
  places({ frame, trails, reserved }, starts) {
    const { style, untold } = this.shown;
    const told = untold ? [] : trails;
    const places = new Places(
      frame,
      told.map((trail) => trail.line),
    );
    if (reserved) places.taken.push(reserved);
    for (const at of starts) places.keep(...at, thick(style, START));
    for (const { line } of told) places.keep(line[line.length - 2], line[line.length - 1], thick(style, HEAD));
    return places;
  }

  /**
   * @param {Group} group
   * @param {number} position
   */
  paintClock({ frame }, position) {
    const { context } = this.heads;
    const { style } = this.shown;
    const x = pixelAt(frame.x, position);
    if (!inside(x, 0, frame)) return;
    const line = Math.round(x) + 0.5;
    context.globalAlpha = 1;
    context.setLineDash([]);
    context.lineWidth = widthOf(style, 'hair');
    context.strokeStyle = style.muted;
    context.beginPath();
    context.moveTo(line, 0);
    context.lineTo(line, frame.height);
    context.stroke();
  }

  destroy() {
    for (const { canvas } of this.sheets) canvas.remove();
  }
}

/**
 * Words at a point, where they cover the least.
 * @param {Pen} pen
 * @param {Places} places
 * @param {{words: string[], side: string, color: string, italic?: boolean, bold?: boolean}} mark
 * @param {[number, number]} at
 * @param {number} [gap] in pixels
 * @returns {import('./heads.js').Spot}
 */
export function spotOf(pen, places, { words, side, color, italic, bold }, [x, y], gap) {
  const { context, style, font } = pen;
  const height = lettersOf(style, 'label');
  const face = `${italic ? 'italic ' : ''}${bold ? '600 ' : ''}${height}px ${font}`;
  const width = widthOfWords(context, face, words[0]);
  const away = letters(style, gap ?? style.strokes.words.gap);
  const placed = places.place({ x, y, width, height, gap: away, side });
  return { ...placed, text: words[0], color: inkOf(style, color), font: face, start: false };
}

/** @param {Group[]} groups */
function titled(groups) {
  return groups.some(
    ({ axes, moments }) => axes.title || moments.some(({ mark }) => mark.type === 'tiles' || mark.type === 'bars'),
  );
}
