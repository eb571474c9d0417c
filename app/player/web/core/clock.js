// The clock of a player. Every panel is painted from its position, and nothing else moves.

/** The duration of a race of any length at speed 1, in seconds. */
export const RACE = 8;
/** How long a looping clock rests at its end, in seconds. */
const HOLD = 0.9;
/** The number of jumps per second if the reader prefers reduced motion. */
const REDUCED_RATE = 10;
/** The longest duration of a frame that counts, in seconds, so that a hidden tab resumes where it was. */
const LONGEST_FRAME = 0.1;
/** The number of frame durations that are kept for tests. */
const HISTORY = 600;

export class Clock {
  steps = 0;
  /** The position of the playhead, which is between two steps while the clock plays. */
  position = 0;
  speed = 1;
  loop = false;
  playing = false;
  /** The largest position to which the playhead can be moved, except by playing. */
  limit = Infinity;
  /** The durations of the latest frames, in milliseconds. @type {number[]} */
  frames = [];
  /** The position without jumps. */
  exact = 0;
  /** How long the clock has rested at its end, in seconds. */
  rested = 0;
  /** The time of the latest frame, in milliseconds. @type {number | undefined} */
  before;
  request = 0;

  /**
   * @param {(position: number) => void} tick called with the position after every change
   * @param {() => void} changed called when playing starts or stops
   */
  constructor(tick, changed) {
    this.tick = tick;
    this.changed = changed;
    this.reduced = window.matchMedia('(prefers-reduced-motion: reduce)');
  }

  /**
   * Sets the length of the race. The playhead stays where it is, but a playhead at the end stays at the end.
   * @param {number} steps
   */
  resize(steps) {
    const ended = this.position >= this.steps;
    this.steps = steps;
    this.position = ended ? steps : Math.min(this.position, steps);
  }

  play() {
    if (this.playing || this.steps === 0) return;
    if (this.position >= this.steps) this.position = 0;
    this.playing = true;
    this.exact = this.position;
    this.rested = 0;
    this.before = undefined;
    this.changed();
    this.request = requestAnimationFrame((now) => this.frame(now));
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.request);
    this.playing = false;
    this.position = Math.floor(this.position);
    this.changed();
    this.tick(this.position);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /**
   * Moves the playhead to a whole step. A clock that plays continues from there.
   * @param {number} position
   */
  seek(position) {
    this.position = Math.min(this.steps, this.limit, Math.max(0, Math.round(position)));
    this.exact = this.position;
    this.rested = 0;
    this.tick(this.position);
  }

  /**
   * Pauses, and moves the playhead by a number of steps.
   * @param {number} steps
   */
  step(steps) {
    this.pause();
    this.seek(Math.floor(this.position) + steps);
  }

  /**
   * Paints a frame and requests the next one.
   * @param {number} now in milliseconds
   */
  frame(now) {
    const passed = this.before === undefined ? 0 : now - this.before;
    this.before = now;
    if (passed) this.record(passed);
    this.advance(Math.min(passed / 1000, LONGEST_FRAME));
    if (this.playing) this.request = requestAnimationFrame((later) => this.frame(later));
  }

  /** @param {number} seconds */
  advance(seconds) {
    if (this.position >= this.steps) {
      this.rested += seconds;
      if (this.rested < HOLD) return;
      this.exact = this.position = this.rested = 0;
    } else {
      this.exact = Math.min(this.steps, this.exact + (seconds * this.speed * this.steps) / RACE);
      this.position = this.reduced.matches ? this.jump() : this.exact;
    }
    if (this.position >= this.steps && !this.loop) this.pause();
    else this.tick(this.position);
  }

  /** The whole step at which the playhead stands until its next jump. */
  jump() {
    if (this.exact >= this.steps) return this.steps;
    const stride = Math.max(1, (this.speed * this.steps) / RACE / REDUCED_RATE);
    return Math.floor(Math.floor(this.exact / stride) * stride);
  }

  /** @param {number} duration of a frame, in milliseconds */
  record(duration) {
    this.frames.push(duration);
    if (this.frames.length > HISTORY) this.frames.shift();
  }
}
