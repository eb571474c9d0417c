// An invisible handle over the mark of the start on the map, which the pointer can drag and the arrow keys can move.

import { short } from '../core/digits.js';
import { h, mark } from '../core/dom.js';

/**
 * @typedef {Object} StartListeners
 * @property {(x: number, y: number) => void} dragged the start follows the pointer to a point of the plane
 * @property {(x: number, y: number) => void} dropped the pointer releases the start there
 *
 * @typedef {import('../core/geometry.js').Frame & {left: number, top: number}} PlacedFrame
 */

/** A press that moves by fewer pixels is not a drag. */
const TREMBLE = 3;
/** What holds the handle while the arrow keys move it; pointers have numbers of their own. */
const KEYS = -1;
/** By how many pixels an arrow key moves it, and how many times as far with Shift. */
const STRIDE = 4;
const FAR = 5;
/** Milliseconds after the latest key at which the start is dropped. */
const PAUSE = 300;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class StartHandle {
  /** The pointer that holds the handle, or `KEYS`. @type {number | null} */
  held = null;
  /** Where it is in the frame, in pixels. @type {[number, number]} */
  at = [0, 0];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
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
      ...{ class: 'handle', 'data-testid': 'start-handle', hidden: true },
      ...{ tabindex: 0, role: 'button', 'aria-roledescription': 'movable point' },
      title: 'Drag the start, or move it with the arrow keys',
      keydown: (event) => this.key(event),
      blur: () => this.held === KEYS && this.drop(),
      // A drag takes no focus: the arrow keys go on moving the clock.
      mousedown: (event) => event.preventDefault(),
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
    this.put(x, y, frame);
  }

  /**
   * Moves the handle to a place of the frame, or to the nearest one, and returns the point of the plane there.
   * @param {number} x
   * @param {number} y
   * @param {PlacedFrame} frame
   * @returns {[number, number]}
   */
  put(x, y, frame) {
    /** @type {(value: number, size: number) => number} */
    const within = (value, size) => Math.min(size, Math.max(0, value));
    this.at = [within(x, frame.width), within(y, frame.height)];
    const [left, top] = this.at;
    this.element.style.transform = `translate(${frame.left + left}px, ${frame.top + top}px)`;
    /** @type {[number, number]} */
    const point = [(left - frame.x.offset) / frame.x.slope, (top - frame.y.offset) / frame.y.slope];
    const words = point.map((value) => short(value, 3)).join(', ');
    mark(this.element, 'aria-label', `Start at ${words}. Move it with the arrow keys.`);
    return point;
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
    return this.put(event.clientX - left - frame.left, event.clientY - top - frame.top, frame);
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

  /** @param {KeyboardEvent} event */
  key(event) {
    const arrow = ARROWS[event.key];
    const frame = this.frame();
    if (!arrow || !frame || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const far = STRIDE * (event.shiftKey ? FAR : 1);
    this.held = KEYS;
    this.listeners.dragged(...this.put(this.at[0] + far * arrow[0], this.at[1] + far * arrow[1], frame));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.drop(), PAUSE);
  }

  /** Releases the start where the keys have moved it. */
  drop() {
    clearTimeout(this.timer);
    const frame = this.frame();
    if (this.held !== KEYS) return;
    this.held = null;
    if (frame) this.listeners.dropped(...this.put(...this.at, frame));
  }
}
