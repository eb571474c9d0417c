// What can be done with the graph of a panel: a node is shown large under the pointer or by the arrow keys, and buttons
// stand above.

import { short } from '../core/digits.js';
import { h, mark } from '../core/dom.js';
import { pixelAt } from '../drawing/canvas.js';
import { GraphDrawer, nodeAt, nodeBeside, paintNode, sizeOf } from '../drawing/graph.js';
import { momentAt } from '../drawing/marks.js';

/**
 * @typedef {import('../drawing/marks.js').Graph} Graph
 */

/** The side of the large picture, its distances from the pointer and the window's edge, and the width of two buttons. */
const [LARGE, AWAY, EDGE, PAIR] = [168, 16, 4, 52];

export class Nodes {
  /** @type {{graph: Graph, node: number} | null} */
  pointed = null;
  drawn = '';
  /** The node that the arrow keys have reached. */
  chosen = 0;

  /**
   * @param {import('./plot.js').PlotPanel} plot
   * @param {HTMLElement} element the parent of the plot
   * @param {string} testid
   * @param {(name: string) => void} press called when a button is pressed
   */
  constructor(plot, element, testid, press) {
    this.plot = plot;
    this.element = element;
    this.press = press;
    this.canvas = h('canvas', { 'aria-hidden': 'true' });
    this.canvas.style.width = this.canvas.style.height = `${LARGE}px`;
    this.words = h('div', {});
    this.tip = h(
      'div',
      { class: 'node', role: 'status', 'data-testid': `node-${testid}`, hidden: true },
      this.canvas,
      this.words,
    );
    this.buttons = h('div', { class: 'columns', 'data-testid': `columns-${testid}` });
    this.walker = h('div', {
      ...{ class: 'walker', role: 'img', tabindex: 0, 'data-testid': `walker-${testid}`, hidden: true },
      focus: () => this.walk(this.chosen),
      blur: () => this.leave(),
      keydown: (event) => this.key(event),
    });
    element.append(this.tip, this.walker, this.buttons);
    for (const kind of /** @type {const} */ (['pointermove', 'pointerdown'])) {
      element.addEventListener(kind, (event) => this.point(event));
    }
    element.addEventListener('pointerleave', () => this.leave());
  }

  /** The graph of the panel, if it has one. @returns {Graph | undefined} */
  get graph() {
    const { panel } = this.plot;
    if (panel?.message) return undefined;
    return panel?.marks.find(/** @returns {one is Graph} */ (one) => one.type === 'graph');
  }

  /** Follows a new scene: the node that is shown may be another now, and the buttons stand above their columns. */
  arrange() {
    const { graph, pointed } = this;
    this.walker.hidden = !graph;
    if (pointed && pointed.graph !== graph) {
      const there = graph && pointed.node < graph.x.length;
      this.focus(there ? { graph, node: pointed.node } : null);
      this.tip.hidden = !there;
    }
    if (graph) this.stand(Math.min(this.chosen, graph.x.length - 1));
    this.place();
  }

  /** Replaces the buttons if they have changed, and puts each in the middle of its column. */
  place() {
    const { panel } = this.plot;
    const offered = panel?.message ? [] : (panel?.buttons ?? []);
    const key = JSON.stringify(offered);
    if (key !== this.drawn) {
      this.drawn = key;
      /** @type {HTMLElement | null} */
      const active = this.buttons.contains(document.activeElement)
        ? /** @type {HTMLElement} */ (document.activeElement)
        : null;
      const { name: focused } = active?.dataset ?? {};
      /** @type {Map<number, HTMLElement>} */
      const columns = new Map();
      for (const { name, text, label, x, enabled } of offered) {
        const button = h(
          'button',
          {
            ...{ type: 'button', 'aria-label': label, title: label, 'data-name': name, disabled: !enabled },
            click: () => this.press(name),
          },
          text,
        );
        if (!columns.has(x)) columns.set(x, h('div', { role: 'group', 'data-x': x }));
        columns.get(x)?.append(button);
      }
      this.buttons.replaceChildren(...columns.values());
      const again = focused && this.buttons.querySelector(`[data-name="${focused}"]`);
      if (again) /** @type {HTMLElement} */ (again).focus();
    }
    const [group] = this.plot.painter.groups;
    if (!group || !offered.length) return;
    const { frame } = group;
    // where columns are narrower than their buttons, only the last ones, which change the layers, have room
    const narrow = Math.abs(frame.x.slope) < PAIR;
    const groups = /** @type {HTMLElement[]} */ ([...this.buttons.children]);
    groups.forEach((column, k) => {
      const last = k === groups.length - 1;
      column.hidden = narrow && !last;
      const middle = frame.left + pixelAt(frame.x, Number(column.dataset.x));
      const half = column.offsetWidth / 2;
      const left = Math.min(Math.max(0, middle - half), this.element.clientWidth - 2 * half);
      column.style.left = `${Math.round(left)}px`;
    });
  }

  /** @param {PointerEvent} event */
  point(event) {
    if (this.buttons.contains(/** @type {Node} */ (event.target))) {
      this.leave();
      return;
    }
    const box = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const found = this.at(x, y);
    if (!found) {
      this.leave();
      return;
    }
    this.enlarge(found, x, y, AWAY);
  }

  /**
   * Shows a node large beside a place of the panel.
   * @param {{graph: Graph, node: number}} found
   * @param {number} x
   * @param {number} y
   * @param {number} away pixels between the place and the large picture
   */
  enlarge(found, x, y, away) {
    this.focus(found);
    this.tip.hidden = false;
    this.paint(this.plot.painter.position);
    const box = this.element.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.tip;
    const left = x + away + offsetWidth > box.width ? Math.max(0, x - away - offsetWidth) : x + away;
    const lowest = window.innerHeight - box.top - offsetHeight - EDGE;
    const top = Math.max(EDGE - box.top, Math.min(y - offsetHeight / 2, lowest));
    this.tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { graph } = this;
    if (!graph || event.ctrlKey || event.metaKey || event.altKey || !event.key.startsWith('Arrow')) return;
    event.preventDefault();
    event.stopPropagation(); // the arrow keys would move the clock
    this.walk(nodeBeside(graph, this.chosen, event.key) ?? this.chosen);
  }

  /**
   * Shows a node large that the keyboard has reached.
   * @param {number} node
   */
  walk(node) {
    const { graph } = this;
    if (!graph) return;
    const [x, y, half] = this.stand(node);
    this.enlarge({ graph, node: this.chosen }, x, y, half + AWAY);
  }

  /**
   * Puts the focus of the keyboard around a node.
   * @param {number} node
   * @returns {[number, number, number]} the middle of the node in the panel, and half its side
   */
  stand(node) {
    const { graph } = this;
    const [group] = this.plot.painter.groups;
    if (!graph || !group) return [0, 0, 0];
    this.chosen = node;
    const { frame } = group;
    const size = sizeOf(graph, frame);
    const [x, y] = [frame.left + pixelAt(frame.x, graph.x[node]), frame.top + pixelAt(frame.y, graph.y[node])];
    const { style } = this.walker;
    style.width = style.height = `${size}px`;
    style.transform = `translate(${Math.round(x - size / 2)}px, ${Math.round(y - size / 2)}px)`;
    mark(this.walker, 'aria-label', `${graph.names[node]}. The arrow keys lead to the other nodes.`);
    return [x, y, size / 2];
  }

  leave() {
    this.tip.hidden = true;
    this.focus(null);
  }

  /**
   * The node at a place of the panel.
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    for (const { frame, moments } of this.plot.painter.groups) {
      for (const drawer of moments) {
        if (!(drawer instanceof GraphDrawer)) continue;
        const node = nodeAt(drawer.mark, frame, x - frame.left, y - frame.top);
        if (node !== null) return { graph: drawer.mark, node };
      }
    }
    return null;
  }

  /**
   * Makes the edges of a node strong, and those of others faint.
   * @param {{graph: Graph, node: number} | null} pointed
   */
  focus(pointed) {
    if (pointed?.graph === this.pointed?.graph && pointed?.node === this.pointed?.node) return;
    this.pointed = pointed;
    const { painter } = this.plot;
    for (const drawer of painter.groups.flatMap(({ moments }) => moments)) {
      if (drawer instanceof GraphDrawer) drawer.focus = pointed?.graph === drawer.mark ? pointed.node : null;
    }
    painter.moments.drawn = undefined;
    painter.paint(painter.position);
  }

  /**
   * Draws the node under the pointer as it is at a position of the clock.
   * @param {number} position
   */
  paint(position) {
    const { pointed, plot } = this;
    if (!pointed || this.tip.hidden || !plot.style) return;
    const { graph, node } = pointed;
    const moment = momentAt(graph.time, position);
    paintNode(this.canvas, graph, moment, node, plot.style);
    mark(this.canvas, 'data-moment', moment);
    const rows = graph.hover.flatMap(([word, numbers]) => {
      const number = numbers[moment][node];
      return number === null || Number.isNaN(number) ? [] : [h('div', {}, `${word} ${short(number, 3)}`)];
    });
    this.words.replaceChildren(h('b', {}, graph.names[node]), ...rows);
  }
}
