// A picture a racer: where its classes lie at the playhead, or which classes it takes for which.

import { cut, layer, place, wipe } from '../drawing/canvas.js';
import { momentAt } from './chart.js';
import { percent } from '../core/digits.js';
import { emphasis } from '../drawing/emphasis.js';
import { letters, thick } from '../core/scale.js';
import { channels } from '../core/theme.js';

const HEAD = 22;
const GAP = 14;

export class TilesView {
  constructor(plotly, listeners, host) {
    Object.assign(this, { listeners, host, lit: null });
    this.ground = layer(host, 'tiles');
    this.marks = layer(host, 'tiles');
    this.pen = document.createElement('canvas');
  }

  hand(scene) {
    this.scene = scene;
  }

  async draw(panel, scene, style, theme) {
    Object.assign(this, { panel, scene, style, theme, shown: undefined });
    const { clientWidth: width, clientHeight: height } = this.host;
    for (const one of [this.ground, this.marks]) place(one, { left: 0, top: 0, width, height });
    const tiles = panel.tiles.filter((tile) => !scene.cards[tile.racer]?.hidden);
    this.boxes = arrange(tiles, width, height, letters(style, HEAD));
    this.pen.width = this.pen.height = panel.side;
    this.paintMarks();
  }

  light(id) {
    this.lit = id;
    this.shown = undefined;
  }

  paint(position) {
    if (!this.boxes) return;
    const moments = this.boxes.map(({ tile }) => momentAt(tile.steps, position)).join();
    if (moments === this.shown) return;
    this.shown = moments;
    wipe(this.ground);
    const { context } = this.ground;
    for (const { tile, left, top, size } of this.boxes) {
      const card = this.scene.cards[tile.racer];
      const moment = momentAt(tile.steps, position);
      context.globalAlpha = emphasis(this.lit, card);
      this.title(context, card, tile.accuracy[moment], left, top, size);
      this.fill(tile, moment, card);
      context.imageSmoothingEnabled = this.panel.smooth;
      context.drawImage(this.pen, left, top, size, size);
      context.lineWidth = 1;
      context.strokeStyle = this.style.grid;
      context.strokeRect(left - 0.5, top - 0.5, size + 1, size + 1);
      if (tile.shares) this.numbers(context, tile.shares[moment], left, top, size);
    }
    context.globalAlpha = 1;
  }

  title(context, card, accuracy, left, top, size) {
    const { font } = this.theme;
    context.textBaseline = 'alphabetic';
    const share = Number.isFinite(accuracy) ? percent(accuracy) : '';
    context.font = `${letters(this.style, 12)}px ${font}`;
    const room = context.measureText(share).width;
    context.fillStyle = this.style.muted;
    context.textAlign = 'right';
    context.fillText(share, left + size, top - 7);
    context.font = `600 ${letters(this.style, 12)}px ${font}`;
    context.textAlign = 'left';
    context.fillStyle = card.color;
    context.fillText(cut(context, card.title, size - room - 8), left, top - 7);
  }

  /** The picture of a moment, a pixel a point of the grid. */
  fill(tile, moment, card) {
    const { side, colors } = this.panel;
    const pen = this.pen.getContext('2d');
    const image = pen.createImageData(side, side);
    const paper = channels(this.style.paper);
    const classes = tile.classes?.[moment];
    const values = (tile.sure ?? tile.shares)[moment];
    for (let k = 0; k < side * side; k++) {
      // a boundary's first row is at the bottom, a table's at the top
      const from = classes ? (side - 1 - Math.floor(k / side)) * side + (k % side) : k;
      const color = classes ? channels(colors[classes[from] % colors.length]) : channels(card.color);
      const share = classes ? 0.1 + 0.5 * (values[from] / 255) : values[from] / 255;
      for (let c = 0; c < 3; c++) image.data[4 * k + c] = paper[c] + share * (color[c] - paper[c]);
      image.data[4 * k + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
  }

  /** The samples, which stay where they are. */
  paintMarks() {
    wipe(this.marks);
    const { context } = this.marks;
    const { colors } = this.panel;
    const radius = thick(this.style, this.boxes.length > 4 ? 1.8 : 2.6);
    for (const { left, top, size } of this.boxes) {
      context.save();
      context.beginPath();
      context.rect(left, top, size, size);
      context.clip();
      for (const { part, x, y, classes } of this.panel.points) {
        for (let k = 0; k < x.length; k++) {
          const [at, up] = [left + x[k] * size, top + (1 - y[k]) * size];
          context.beginPath();
          if (part === 'training') context.arc(at, up, radius, 0, 2 * Math.PI);
          else context.rect(at - radius, up - radius, 2 * radius, 2 * radius);
          context.lineWidth = 0.8;
          context.fillStyle = colors[classes[k] % colors.length];
          context.strokeStyle = this.style.paper;
          context.fill();
          context.stroke();
        }
      }
      context.restore();
    }
    const { names } = this.panel;
    if (names) for (const box of this.boxes) this.names(context, names, box);
  }

  names(context, names, { left, top, size }) {
    const cell = size / names.length;
    if (cell < letters(this.style, 13)) return;
    context.font = `${letters(this.style, 11)}px ${this.theme.font}`;
    context.fillStyle = this.style.muted;
    context.textBaseline = 'middle';
    names.forEach((name, k) => {
      context.textAlign = 'center';
      context.fillText(cut(context, name, cell), left + (k + 0.5) * cell, top + size + letters(this.style, 9));
    });
  }

  /** Shares in hundredths, where there is room for them. */
  numbers(context, shares, left, top, size) {
    const { side } = this.panel;
    const cell = size / side;
    if (cell < letters(this.style, 24)) return;
    context.font = `${letters(this.style, 10)}px ${this.theme.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = this.style.ink;
    for (let k = 0; k < side * side; k++) {
      const share = Math.round((100 * shares[k]) / 255);
      if (share)
        context.fillText(String(share), left + ((k % side) + 0.5) * cell, top + (Math.floor(k / side) + 0.5) * cell);
    }
  }

  destroy() {}
}

/** The largest equal squares with room for a title above each. */
function arrange(tiles, width, height, head) {
  let best = { size: 0, columns: 1 };
  for (let columns = 1; columns <= tiles.length; columns++) {
    const rows = Math.ceil(tiles.length / columns);
    const size = Math.floor(
      Math.min((width - GAP * (columns + 1)) / columns, (height - 14) / rows - head - 6),
    );
    if (size > best.size) best = { size, columns };
  }
  const { columns } = best;
  const size = Math.max(20, best.size);
  const gap = Math.min(40, Math.max(0, (width - columns * size) / (columns + 1)));
  const indent = (width - columns * size - (columns - 1) * gap) / 2;
  return tiles.map((tile, k) => ({
    ...{ tile, size },
    left: Math.round(indent + (k % columns) * (size + gap)),
    top: Math.round(head + Math.floor(k / columns) * (size + head + 6)),
  }));
}
