// A click on a map moves the start. Two in quick succession are a double click, which resets the zoom and nothing else,
// so a click is shown at once and carried out only when no second one has followed.

/**
 * @typedef {Object} Clickable a map whose start can be moved
 * @property {unknown} panel what it shows now
 * @property {[number, number] | null} start where the start is, if there is one
 * @property {(x: number, y: number) => void} move moves the mark of the start
 *
 * @typedef {Object} Actions
 * @property {(x: number, y: number) => void} show shows the runs from a start
 * @property {() => void} putBack shows the runs from the start before
 * @property {(x: number, y: number) => void} send makes a point the start
 */

/** Milliseconds within which a second click makes a double click. */
const DOUBLE = 400;

/** Pixels between them. */
const APART = 5;

/**
 * Whether two presses make a double click.
 * @param {PointerEvent} first
 * @param {PointerEvent} second
 */
export function isDouble(first, second) {
  const apart = Math.hypot(second.clientX - first.clientX, second.clientY - first.clientY);
  return second.timeStamp - first.timeStamp < DOUBLE && apart < APART;
}

export class StartClick {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** Moves the mark of the start back. @type {(() => void) | undefined} */
  undo;

  /**
   * @param {() => Clickable | undefined} find
   * @param {Actions} actions
   */
  constructor(find, actions) {
    this.find = find;
    this.actions = actions;
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  click(x, y) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.undo = undefined;
      this.actions.send(x, y);
    }, DOUBLE);
    const map = this.find();
    if (!map?.start) return;
    const { panel, start } = map;
    this.undo ??= () => {
      if (map.panel === panel) map.move(...start);
    };
    this.actions.show(x, y);
  }

  /** Takes the click back that was the first half of a double click. */
  withdraw() {
    clearTimeout(this.timer);
    if (!this.undo) return;
    this.undo();
    this.undo = undefined;
    this.actions.putBack();
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
