// The one clock: every panel is painted from its position, and nothing else moves.

/** Seconds in which a whole race is played at speed 1. */
export const RACE = 8;
const HOLD = 0.9;
const REDUCED_RATE = 10;

export class Clock {
  /**
   * @param {(position: number) => void} tick called with the position after every change
   * @param {() => void} changed called when playing starts or stops
   */
  constructor(tick, changed) {
    this.tick = tick;
    this.changed = changed;
    this.steps = 0;
    this.position = 0;
    this.speed = 1;
    this.loop = false;
    /** How far the playhead may be moved, other than by playing. */
    this.limit = Infinity;
    this.playing = false;
    this.reduced = window.matchMedia('(prefers-reduced-motion: reduce)');
    this.frames = [];
  }

  /** A race of another length: the playhead stays where it is, and at the end if it was at the end. */
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
    this.held = 0;
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

  /** Moves the playhead to a whole step. A clock that plays goes on from there. */
  seek(position) {
    this.position = Math.min(this.steps, this.limit, Math.max(0, Math.round(position)));
    this.exact = this.position;
    this.held = 0;
    this.tick(this.position);
  }

  step(by) {
    this.pause();
    this.seek(Math.floor(this.position) + by);
  }

  frame(now) {
    // A tab that was hidden resumes where it was: at most a tenth of a second passes in one frame.
    const passed = this.before === undefined ? 0 : now - this.before;
    this.before = now;
    if (passed) this.note(passed);
    this.advance(Math.min(passed, 100) / 1000);
    if (this.playing) this.request = requestAnimationFrame((later) => this.frame(later));
  }

  advance(seconds) {
    if (this.position >= this.steps) {
      this.held += seconds;
      if (this.held < HOLD) return;
      this.exact = this.position = this.held = 0;
    } else {
      this.exact = Math.min(this.steps, this.exact + (seconds * this.speed * this.steps) / RACE);
      this.position = this.reduced.matches ? this.jump() : this.exact;
    }
    if (this.position >= this.steps && !this.loop) this.pause();
    else this.tick(this.position);
  }

  /** With reduced motion the playhead jumps, ten times a second, from one whole step to another. */
  jump() {
    if (this.exact >= this.steps) return this.steps;
    const stride = Math.max(1, (this.speed * this.steps) / RACE / REDUCED_RATE);
    return Math.floor(Math.floor(this.exact / stride) * stride);
  }

  note(duration) {
    this.frames.push(duration);
    if (this.frames.length > 600) this.frames.shift();
  }
}
