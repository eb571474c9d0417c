// The start, dragged with the pointer: a handle that lies over its mark on the map.

import { h } from '../core/dom.js';

/**
 * @typedef {Object} StartListeners
 * @property {(x: number, y: number) => void} dragged the pointer is there
 * @property {(x: number, y: number) => void} dropped
 */

export class StartHandle {
  /**
   * @param {HTMLElement} host the element that also holds the plot
   * @param {() => (import('../core/geometry.js').Frame & {left: number, top: number}) | undefined} frame
   * @param {StartListeners} listeners
   */
  constructor(host, frame, listeners) {
    Object.assign(this, { host, frame, listeners, held: null });
    this.element = h('div', {
      ...{ class: 'handle', 'data-testid': 'start-handle', title: 'Drag the start', hidden: true },
      pointerdown: (event) => this.press(event),
      pointermove: (event) => this.move(event),
      pointerup: (event) => this.lift(event),
      pointercancel: (event) => this.lift(event),
    });
    host.append(this.element);
  }

  /** @param {[number, number]} start */
  place(start) {
    const frame = this.frame();
    if (!frame || this.held !== null || start.length < 2) return;
    const [x, y] = [frame.x.offset + frame.x.slope * start[0], frame.y.offset + frame.y.slope * start[1]];
    this.element.hidden = !(x >= 0 && y >= 0 && x <= frame.width && y <= frame.height);
    this.put(frame.left + x, frame.top + y);
  }

  put(left, top) {
    this.element.style.transform = `translate(${left}px, ${top}px)`;
  }

  press(event) {
    if (event.button) return;
    this.held = event.pointerId;
    this.moved = false;
    this.from = [event.clientX, event.clientY];
    this.element.setPointerCapture(event.pointerId);
  }

  /** The point of the plane under the pointer, kept within what is in view. */
  under(event) {
    const frame = this.frame();
    const { left, top } = this.host.getBoundingClientRect();
    const within = (value, size) => Math.min(size, Math.max(0, value));
    const x = within(event.clientX - left - frame.left, frame.width);
    const y = within(event.clientY - top - frame.top, frame.height);
    this.put(frame.left + x, frame.top + y);
    return [(x - frame.x.offset) / frame.x.slope, (y - frame.y.offset) / frame.y.slope];
  }

  move(event) {
    if (event.pointerId !== this.held) return;
    // a press that trembles is no drag
    this.moved ||= Math.hypot(event.clientX - this.from[0], event.clientY - this.from[1]) > 3;
    if (this.moved) this.listeners.dragged(...this.under(event));
  }

  lift(event) {
    if (event.pointerId !== this.held) return;
    this.held = null;
    if (this.moved) this.listeners.dropped(...this.under(event));
  }
}
