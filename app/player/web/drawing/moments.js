// Draws the marks that are redrawn when their moment changes: dots, signs, texts, replaced curves, tiles and bars.

import { percent } from '../core/digits.js';
import { inside } from '../core/geometry.js';
import { letters, thick } from '../core/scale.js';
import { blend, channels } from '../core/theme.js';
import { caption, cut, penOf, pixelAt, pixelsOf } from './canvas.js';
import { CellsDrawer } from './cells.js';
import { GraphDrawer } from './graph.js';
import { indexAt, isReplaced, momentAt, rowAt } from './marks.js';
import { dashOf, inkOf, lettersOf, opacityOf, pallor, widthOf } from './strokes.js';
import { isOpen, outline, traceSymbol } from './symbols.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./heads.js').Pen} Pen
 * @typedef {import('./heads.js').Label} Label
 *
 * @typedef {Object} Drawer an object that draws a mark
 * @property {import('./marks.js').AnyMark} mark
 * @property {(position: number) => number} moment the index of the moment; the mark is redrawn when it changes
 * @property {(frame: Box) => void} measure
 * @property {(pen: Pen, moment: number, labels: Label[]) => void} draw
 */

/** The largest coordinate of a curve in pixels, because a canvas does not draw lines that end too far outside. */
const FAR = 1e5;

class Still {
  /** @param {any} mark */
  constructor(mark) {
    this.mark = mark;
    /** @type {Box | undefined} */
    this.frame = undefined;
  }

  /** @param {Box} frame */
  measure(frame) {
    this.frame = frame;
  }

  /** The frame in which it was measured. */
  get box() {
    if (!this.frame) throw new Error('a mark is drawn before it is measured');
    return this.frame;
  }

  /** @param {number} position */
  moment(position) {
    return isReplaced(this.mark) ? momentAt(this.mark.time, position) : 0;
  }
}

class DotsDrawer extends Still {
  /** @type {import('./marks.js').Dots} */
  mark;

  /**
   * @param {import('./marks.js').Dots} mark
   * @param {import('./marks.js').ColorScale} scale the colours of shares
   */
  constructor(mark, scale) {
    super(mark);
    this.mark = mark;
    this.scale = scale;
    this.replaced = isReplaced(mark);
  }

  /** @param {number} position */
  moment(position) {
    const { time } = this.mark;
    if (!time) return 0;
    return this.replaced ? momentAt(time, position) : indexAt(time, position);
  }

  /**
   * @param {Pen} pen
   * @param {number} moment
   */
  draw(pen, moment) {
    const { mark, box } = this;
    const [x, y] = [rowAt(mark.x, moment), rowAt(mark.y, moment)];
    const path = pixelsOf(x, y, Math.min(x.length, y.length), box);
    const before = pen.context.globalAlpha;
    const strength = before * (mark.faint ? opacityOf(pen.style, 'faint') : 1);
    const seen = mark.time && !this.replaced ? moment + 1 : path.length / 2;
    pen.context.globalAlpha = strength;
    this.points(pen, path, 0, seen);
    if (mark.future === 'pale' && !pen.untold && seen < path.length / 2) {
      pen.context.globalAlpha = strength * pallor(pen.style);
      this.points(pen, path, seen, path.length / 2);
    }
    pen.context.globalAlpha = before;
  }

  /**
   * @param {Pen} pen
   * @param {Float64Array} path
   * @param {number} from
   * @param {number} to
   */
  points({ context, style }, path, from, to) {
    const { mark, box, scale } = this;
    const [size, rim] = style.strokes.dots[mark.size];
    const radius = thick(style, size / 2);
    const open = isOpen(mark.symbol);
    const plain = inkOf(style, mark.color);
    const edge = mark.edge && inkOf(style, mark.edge);
    const many = mark.colors !== null || mark.shares !== null;
    context.setLineDash([]);
    context.lineWidth = open ? widthOf(style, 'hair') : thick(style, rim);
    context.fillStyle = plain;
    context.strokeStyle = open ? plain : edge;
    const finish = () => {
      if (!open) context.fill();
      if (open || edge) context.stroke();
    };
    context.beginPath();
    for (let k = from; k < to; k++) {
      const [left, top] = [path[2 * k], path[2 * k + 1]];
      if (!inside(left, top, box)) continue;
      if (many) {
        if (mark.shares) context.fillStyle = blend(scale, mark.shares[k]);
        else if (mark.colors) context.fillStyle = inkOf(style, mark.palette[mark.colors[k] % mark.palette.length]);
        context.beginPath();
      }
      traceSymbol(context, mark.symbol, left, top, radius);
      if (many) finish();
    }
    if (!many) finish();
  }
}

class CurveDrawer extends Still {
  /** @type {import('./marks.js').Line} */
  mark;

  /** @param {import('./marks.js').Line} mark */
  constructor(mark) {
    super(mark);
    this.mark = mark;
  }

  /**
   * @param {Pen} pen
   * @param {number} moment
   */
  draw({ context, style }, moment) {
    const { mark, box } = this;
    const [x, y] = [rowAt(mark.x, moment), rowAt(mark.y, moment)];
    context.setLineDash(dashOf(style, mark.dash));
    context.lineDashOffset = 0;
    context.lineWidth = widthOf(style, mark.weight);
    context.strokeStyle = inkOf(style, mark.color);
    context.beginPath();
    for (let k = 0; k < y.length; k++) {
      const up = pixelAt(box.y, y[k]);
      context.lineTo(pixelAt(box.x, x[k]), Math.min(FAR, Math.max(-FAR, up)));
    }
    context.stroke();
    context.setLineDash([]);
  }
}

class SignDrawer extends Still {
  /** @type {import('./marks.js').Sign} */
  mark;

  /** @param {import('./marks.js').Sign} mark */
  constructor(mark) {
    super(mark);
    this.mark = mark;
  }

  /** @param {Pen} pen */
  draw({ context, style }) {
    const { mark, box } = this;
    const path = pixelsOf(mark.x, mark.y, mark.x.length, box);
    const [size, width] = style.strokes.signs[mark.symbol];
    context.setLineDash([]);
    context.lineWidth = thick(style, width);
    context.strokeStyle = style.ink;
    for (let k = 0; k < mark.x.length; k++) {
      const [left, top] = [path[2 * k], path[2 * k + 1]];
      if (!inside(left, top, box)) continue;
      outline(context, mark.symbol, left, top, thick(style, size / 2));
      context.stroke();
    }
  }
}

class WordsDrawer extends Still {
  /** @type {import('./marks.js').Text} */
  mark;

  /** @param {import('./marks.js').Text} mark */
  constructor(mark) {
    super(mark);
    this.mark = mark;
  }

  /**
   * @param {Pen} pen
   * @param {number} moment
   * @param {Label[]} labels
   */
  draw({ context, style, font }, moment, labels) {
    const { mark, box } = this;
    const text = mark.words[moment] ?? '';
    if (!text) return;
    const [x, y] = [mark.x, mark.y].map((values) => (typeof values === 'number' ? values : values[moment]));
    const left = mark.within ? x * box.width : pixelAt(box.x, x);
    const top = mark.within ? (1 - y) * box.height : pixelAt(box.y, y);
    const tall = lettersOf(style, 'label');
    context.font = `${mark.italic ? 'italic ' : ''}${mark.bold ? '600 ' : ''}${tall}px ${font}`;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    const wide = context.measureText(text).width;
    const gap = letters(style, style.strokes.words.gap);
    const at = beside(mark.side, left, top, wide, tall, gap);
    if (mark.time) {
      // texts that move stay within the frame and do not overlap
      if (at.x + wide > box.width) at.x = left - gap - wide;
      const tight = letters(style, 14);
      /** @type {(label: Label) => boolean} */
      const covered = (label) =>
        at.x < label.x + label.width + 4 && label.x < at.x + wide + 4 && Math.abs(at.y - label.y) < tight;
      while (labels.some(covered)) at.y += 1;
      labels.push({ ...at, width: wide });
    }
    if (mark.backing) {
      context.save();
      context.globalAlpha *= opacityOf(style, 'backing');
      context.fillStyle = style.paper;
      context.fillRect(at.x - 2, at.y - tall / 2 - 2, wide + 4, tall + 4);
      context.restore();
    }
    caption(context, text, at.x, at.y, inkOf(style, mark.color), style.paper);
  }
}

/**
 * The left end and the height of a text on a side of a point.
 * @param {string} side
 * @param {number} left
 * @param {number} top
 * @param {number} wide
 * @param {number} tall
 * @param {number} gap
 */
function beside(side, left, top, wide, tall, gap) {
  const y = side.includes('top') ? top - gap - tall / 2 : side.includes('bottom') ? top + gap + tall / 2 : top;
  if (side.includes('right')) return { x: left + gap, y };
  if (side.includes('left')) return { x: left - gap - wide, y };
  return { x: left - wide / 2, y };
}

class TilesDrawer extends Still {
  /** @type {import('./marks.js').Tiles} */
  mark;
  picture = document.createElement('canvas');

  /** @param {import('./marks.js').Tiles} mark */
  constructor(mark) {
    super(mark);
    this.mark = mark;
    const [first] = mark.values;
    this.picture.width = first[0].length;
    this.picture.height = first.length;
    this.pen = penOf(this.picture);
    this.image = this.pen.createImageData(this.picture.width, this.picture.height);
  }

  /**
   * @param {Pen} pen
   * @param {number} moment
   */
  draw(pen, moment) {
    const { context, style } = pen;
    const { mark, box } = this;
    fillTiles(this.image.data, mark, moment, style);
    this.pen.putImageData(this.image, 0, 0);
    context.imageSmoothingEnabled = mark.smooth;
    context.drawImage(this.picture, 0, 0, box.width, box.height);
    context.lineWidth = 1;
    context.strokeStyle = style.grid;
    context.strokeRect(-0.5, -0.5, box.width + 1, box.height + 1);
    if (mark.numbers) this.write(pen, mark.values[moment]);
    if (mark.names.length) this.name(pen);
  }

  /**
   * Writes the percentage of each cell, if there is room.
   * @param {Pen} pen
   * @param {ArrayLike<number>[]} shares
   */
  write({ context, style, font }, shares) {
    const { box } = this;
    const [wide, tall] = [box.width / shares[0].length, box.height / shares.length];
    if (wide < letters(style, 24)) return;
    context.font = `${lettersOf(style, 'small')}px ${font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = style.ink;
    shares.forEach((row, r) => {
      for (let c = 0; c < row.length; c++) {
        const share = Math.round((100 * row[c]) / 255);
        if (share) context.fillText(String(share), (c + 0.5) * wide, (r + 0.5) * tall);
      }
    });
  }

  /** @param {Pen} pen */
  name({ context, style, font }) {
    const { box, mark } = this;
    const cell = box.width / mark.names.length;
    if (cell < letters(style, 13)) return;
    context.font = `${lettersOf(style, 'label')}px ${font}`;
    context.fillStyle = style.muted;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    mark.names.forEach((name, k) =>
      context.fillText(cut(context, name, cell), (k + 0.5) * cell, box.height + letters(style, 9)),
    );
    if (mark.values[0].length !== mark.names.length) return;
    const row = box.height / mark.names.length;
    // a name that is too wide for the room at the left is written upwards
    const upright = mark.names.every((name) => context.measureText(name).width <= letters(style, 12));
    mark.names.forEach((name, k) => {
      context.save();
      context.translate(-letters(style, 9), (k + 0.5) * row);
      if (!upright) context.rotate(-Math.PI / 2);
      context.fillText(upright ? name : cut(context, name, row), 0, 0);
      context.restore();
    });
  }
}

/**
 * Fills an image with the cells of a moment.
 * @param {Uint8ClampedArray} pixels red, green, blue and opacity of each
 * @param {import('./marks.js').Tiles} mark
 * @param {number} moment
 * @param {import('./strokes.js').Style} style
 */
export function fillTiles(pixels, mark, moment, style) {
  const paper = channels(style.paper);
  const values = mark.values[moment];
  const classes = mark.classes?.[moment];
  const palette = mark.palette.map((color) => channels(inkOf(style, color)));
  const plain = channels(inkOf(style, mark.color));
  const [unsure, sure] = [opacityOf(style, 'unsure'), opacityOf(style, 'sure')];
  let k = 0;
  values.forEach((row, r) => {
    for (let i = 0; i < row.length; i++, k += 4) {
      const color = classes ? palette[classes[r][i] % palette.length] : plain;
      const share = classes ? unsure + sure * (row[i] / 255) : row[i] / 255;
      for (let c = 0; c < 3; c++) pixels[k + c] = paper[c] + share * (color[c] - paper[c]);
      pixels[k + 3] = 255;
    }
  });
}

class BarsDrawer extends Still {
  /** @type {import('./marks.js').Bars} */
  mark;

  /** @param {import('./marks.js').Bars} mark */
  constructor(mark) {
    super(mark);
    this.mark = mark;
  }

  /**
   * @param {Pen} pen
   * @param {number} moment
   */
  draw({ context, style, font }, moment) {
    const { mark, box } = this;
    const { width, height } = box;
    if (width < 4 || height < 4) return;
    const [now, first] = [mark.heights[moment], mark.heights[0]];
    const wide = width / now.length;
    /** @type {(value: number) => number} */
    const top = (value) => pixelAt(box.y, value);
    context.fillStyle = inkOf(style, mark.color);
    for (let k = 0; k < now.length; k++) context.fillRect(k * wide, top(now[k]), wide + 0.3, height - top(now[k]));
    context.setLineDash([]);
    context.lineWidth = 1;
    context.strokeStyle = style.ink;
    context.beginPath();
    for (let k = 0; k < first.length; k++) {
      context.lineTo(k * wide, top(first[k]));
      context.lineTo((k + 1) * wide, top(first[k]));
    }
    context.stroke();
    context.strokeStyle = style.grid;
    context.beginPath();
    context.moveTo(0, height + 0.5);
    context.lineTo(width, height + 0.5);
    context.stroke();
    context.font = `${lettersOf(style, 'small')}px ${font}`;
    context.fillStyle = style.muted;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    context.fillText(cut(context, mark.captions[moment] ?? '', width + 6), width / 2, height + 3);
  }
}

class RuleDrawer extends Still {
  /** @type {import('./marks.js').Rule} */
  mark;

  /** @param {import('./marks.js').Rule} mark */
  constructor(mark) {
    super(mark);
    this.mark = mark;
  }

  /** @param {Pen} pen */
  draw({ context, style, font }) {
    const { mark, box } = this;
    const left = pixelAt(box.x, mark.x);
    context.setLineDash(dashOf(style, mark.dash));
    context.lineWidth = widthOf(style, 'hair');
    context.strokeStyle = inkOf(style, mark.color);
    context.beginPath();
    context.moveTo(left, box.height);
    context.lineTo(left, 0);
    context.stroke();
    context.setLineDash([]);
    if (!mark.label) return;
    context.font = `${lettersOf(style, 'small')}px ${font}`;
    context.textAlign = 'left';
    context.textBaseline = 'top';
    context.fillStyle = inkOf(style, mark.color);
    context.fillText(mark.label, left + 3, 2);
  }
}

/**
 * The drawer of a mark that is still or replaced; undefined for marks that are drawn in another way.
 * @param {import('./marks.js').AnyMark} mark
 * @param {import('./marks.js').ColorScale} scale the colours of shares
 * @returns {Drawer | undefined}
 */
export function drawerOf(mark, scale) {
  switch (mark.type) {
    case 'dots':
      return new DotsDrawer(mark, scale);
    case 'line':
      return isReplaced(mark) ? new CurveDrawer(mark) : undefined;
    case 'sign':
      return mark.handle ? undefined : new SignDrawer(mark);
    case 'text':
      return new WordsDrawer(mark);
    case 'tiles':
      return new TilesDrawer(mark);
    case 'cells':
      return new CellsDrawer(mark);
    case 'bars':
      return new BarsDrawer(mark);
    case 'graph':
      return new GraphDrawer(mark);
    case 'rule':
      return mark.clock ? undefined : new RuleDrawer(mark);
  }
  return undefined;
}

/**
 * The text of the share beside the title of a pair of axes.
 * @param {Drawer[]} drawers the drawers of the axes
 * @param {number} position
 */
export function scoreOf(drawers, position) {
  for (const { mark } of drawers) {
    if (mark.type !== 'tiles' || !mark.score) continue;
    const score = mark.score[momentAt(mark.time, position)];
    return Number.isFinite(score) ? percent(score) : '';
  }
  return '';
}
