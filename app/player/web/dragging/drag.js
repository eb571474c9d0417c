// An invisible handle over the mark of the start on the map, which the pointer can drag.

import { h } from '../core/dom.js';

/**
 * @typedef {Object} StartListeners
 * @property {(x: number, y: number) => void} dragged the start follows the pointer to a point of the plane
 * @property {(x: number, y: number) => void} dropped the pointer releases the start there
 *
 * @typedef {import('../core/geometry.js').Frame & {left: number, top: number}} PlacedFrame
 */

/** A press that moves by fewer pixels is not a drag. */
const TREMBLE = 3;

export class StartHandle {
  /** The pointer that holds the handle. @type {number | null} */
  held = null;
  moved = false;
  /** Where the pointer was pressed. @type {[number, number]} */
  from = [0, 0];

  /**
   * @param {HTMLElement} host the element that also holds the plot
   * @param {() => PlacedFrame | undefined} frame
   * @param {StartListeners} listeners
   */
  constructor(host, frame, listeners) {
    this.host = host;
    this.frame = frame;
    this.listeners = listeners;
    this.element = h('div', {
      ...{ class: 'handle', 'data-testid': 'start-handle', title: 'Drag the start', hidden: true },
      pointerdown: (event) => this.press(event),
      pointermove: (event) => this.move(event),
      pointerup: (event) => this.lift(event),
      pointercancel: (event) => this.lift(event),
    });
    host.append(this.element);
  }

  /** @param {number[]} start a point of the plane; empty where the start cannot be dragged */
  place(start) {
    const frame = this.frame();
    if (!frame || this.held !== null || start.length < 2) return;
    const [x, y] = [frame.x.offset + frame.x.slope * start[0], frame.y.offset + frame.y.slope * start[1]];
    this.element.hidden = !(x >= 0 && y >= 0 && x <= frame.width && y <= frame.height);
    this.put(frame.left + x, frame.top + y);
  }

  /**
   * @param {number} left
   * @param {number} top
   */
  put(left, top) {
    this.element.style.transform = `translate(${left}px, ${top}px)`;
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button) return;
    this.held = event.pointerId;
    this.moved = false;
    this.from = [event.clientX, event.clientY];
    this.element.setPointerCapture(event.pointerId);
  }

  /**
   * Moves the handle to the pointer, but not out of the frame.
   * @param {PointerEvent} event
   * @param {PlacedFrame} frame
   * @returns {[number, number]} the point of the plane under the handle
   */
  follow(event, frame) {
    const { left, top } = this.host.getBoundingClientRect();
    /** @type {(value: number, size: number) => number} */
    const within = (value, size) => Math.min(size, Math.max(0, value));
    const x = within(event.clientX - left - frame.left, frame.width);
    const y = within(event.clientY - top - frame.top, frame.height);
    this.put(frame.left + x, frame.top + y);
    return [(x - frame.x.offset) / frame.x.slope, (y - frame.y.offset) / frame.y.slope];
  }

  /** @param {PointerEvent} event */
  move(event) {
    const frame = this.frame();
    if (event.pointerId !== this.held || !frame) return;
    this.moved ||= Math.hypot(event.clientX - this.from[0], event.clientY - this.from[1]) > TREMBLE;
    if (this.moved) this.listeners.dragged(...this.follow(event, frame));
  }

  /** @param {PointerEvent} event */
  lift(event) {
    if (event.pointerId !== this.held) return;
    this.held = null;
    const frame = this.frame();
    if (this.moved && frame) this.listeners.dropped(...this.follow(event, frame));
  }
}
