// The queue of events for Python. Each event waits for the answer to the previous one, because of two events in the
// same rerun, Streamlit would keep only the last.

/** @typedef {import('./types.js').PlayerEvent} PlayerEvent */

/**
 * Milliseconds after which an event counts as handled without an answer, unless the script still runs. A poll that
 * brings no news has none; any other event has one unless it was lost.
 */
const PATIENCE = { poll: 1500, event: 4000 };

/** Milliseconds between two checks of whether the script still runs. */
const MOMENT = 20;

/** Events by which a widget of the page may change its value. */
const ACTIONS = ['change', 'click', 'focusout', 'keydown'];

/** Milliseconds within which an action on another widget of the page starts a run, if it starts one at all. */
const ELSEWHERE = 400;

const CAPTURE = { capture: true };

/** The number of the last event: ascending also where one player follows another, as after a reload. */
let last = 0;

export class Outbox {
  /** @type {PlayerEvent[]} */
  waiting = [];
  /** Whether an event is on its way. */
  busy = false;
  /** The event that was delivered last. @type {PlayerEvent | undefined} */
  sent;
  /** The time until which a run of another widget may still begin. */
  until = 0;
  /** Passes an event to Streamlit. @type {((event: PlayerEvent) => void) | undefined} */
  deliver;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /** @param {HTMLElement} [root] the player's element; actions outside it reach Python in Streamlit's own ways */
  constructor(root) {
    this.onelsewhere = (/** @type {Event} */ event) => {
      if (event instanceof KeyboardEvent && event.key !== 'Enter') return;
      if (!(event.target instanceof Node && root?.contains(event.target))) this.until = performance.now() + ELSEWHERE;
    };
    for (const type of ACTIONS) document.addEventListener(type, this.onelsewhere, CAPTURE);
  }

  /** @param {PlayerEvent} message */
  send(message) {
    const event = message.kind === 'poll' ? message : { ...message, number: (last = Math.max(last + 1, Date.now())) };
    // The answer to any event contains what a poll asks for.
    this.waiting = this.waiting.filter(({ kind }) => kind !== 'poll');
    const before = this.waiting.at(-1);
    if (before && outdates(event, before)) this.waiting.pop();
    this.waiting.push(event);
    this.next();
  }

  /**
   * Whether an event like this one waits, or has not been answered yet.
   * @param {(event: PlayerEvent) => boolean} like
   */
  holds(like) {
    return this.waiting.some(like) || Boolean(this.busy && this.sent && like(this.sent));
  }

  /**
   * Called when the script has run. If it has answered, the next event may be sent.
   * @param {(event: PlayerEvent) => void} deliver
   * @param {number} [answered] the number of the last event that was carried out
   */
  open(deliver, answered = Infinity) {
    this.deliver = deliver;
    if (this.busy && (this.sent?.number ?? 0) > answered) return;
    clearTimeout(this.timer);
    this.busy = false;
    if (this.waiting.length) this.timer = setTimeout(() => this.next());
  }

  /** Called when the script has answered and reruns by itself. No event is sent before that run has answered too. */
  hold() {
    clearTimeout(this.timer);
    this.busy = true;
    this.sent = undefined; // its answer has come
    this.timer = setTimeout(() => this.handled(), PATIENCE.event);
  }

  /** Whether no event waits or is on its way. */
  get idle() {
    return !this.busy && !this.waiting.length && !this.held();
  }

  /** Whether the script runs or may be about to run, or the server cannot be reached. */
  held() {
    if (running()) this.until = 0;
    return running() || disconnected() || performance.now() < this.until;
  }

  next() {
    if (this.busy || !this.waiting.length || !this.deliver) return;
    clearTimeout(this.timer);
    if (this.held()) {
      this.timer = setTimeout(() => this.next(), MOMENT);
      return;
    }
    const [event, ...rest] = this.waiting;
    this.waiting = rest;
    this.busy = true;
    this.sent = event;
    this.deliver(event);
    this.timer = setTimeout(() => this.handled(), event.kind === 'poll' ? PATIENCE.poll : PATIENCE.event);
  }

  handled() {
    if (running()) {
      this.timer = setTimeout(() => this.handled(), MOMENT);
      return;
    }
    this.busy = false;
    this.next();
  }

  close() {
    clearTimeout(this.timer);
    for (const type of ACTIONS) document.removeEventListener(type, this.onelsewhere, CAPTURE);
    this.waiting = [];
    this.deliver = undefined;
  }
}

/**
 * Whether an event sets the same number as the one before it, whose value is then never needed. Between the two nothing
 * else was done, so that a card that was duplicated in between has the value of that time.
 * @param {PlayerEvent} event
 * @param {PlayerEvent} before
 */
function outdates(event, before) {
  const same = event.kind === before.kind && Boolean(event.beside) === Boolean(before.beside);
  if (['start', 'cell', 'window'].includes(event.kind)) return same;
  const number = event.kind === 'parameter' || event.kind === 'slide';
  return same && number && event.racer === before.racer && event.name === before.name;
}

/**
 * Whether the page's script runs. An event reruns only the player's fragment. If that begins before the browser knows
 * that a whole run has ended, Streamlit's server drops what that run drew in the fragment, but not the message that it
 * has finished. The front end would then consider the player stale, and mount another one.
 */
function running() {
  const state = streamlitState()?.testScriptState;
  return state === 'running' || state === 'rerunRequested';
}

/** Whether the page has lost the connection to its server, in which case Streamlit drops events. */
function disconnected() {
  const state = streamlitState()?.testConnectionState;
  return state !== undefined && state !== 'CONNECTED';
}

/** The data attributes with the state of Streamlit's front end; undefined in a recording. */
function streamlitState() {
  const app = document.querySelector('[data-testid="stApp"]');
  return app instanceof HTMLElement ? app.dataset : undefined;
}
