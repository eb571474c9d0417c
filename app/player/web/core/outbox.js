// Events on their way to Python. Each waits for the answer to the one before it: of two events in the same rerun
// Streamlit would keep only the last.

/** @typedef {import('./types.js').PlayerEvent} PlayerEvent */

/** Milliseconds after which an event counts as handled without an answer, unless the script still runs. */
const PATIENCE = 1500;

/** Milliseconds between two looks at whether the script still runs. */
const MOMENT = 20;

/** Events by which a widget of the page may change its value. */
const ACTIONS = ['change', 'click', 'focusout', 'keydown'];

/** Milliseconds within which an action on another widget of the page starts a run, if it starts one at all. */
const ELSEWHERE = 400;

const CAPTURE = { capture: true };

export class Outbox {
  /** @type {PlayerEvent[]} */
  waiting = [];
  /** Whether an event is on its way. */
  busy = false;
  /** Until when another widget's run may still begin. */
  until = 0;
  /** Hands an event to Streamlit. @type {((event: PlayerEvent) => void) | undefined} */
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

  /** @param {PlayerEvent} event */
  send(event) {
    // The answer to any event brings the news that a poll asks for.
    this.waiting = [...this.waiting.filter(({ kind }) => kind !== 'poll'), event];
    this.next();
  }

  /**
   * The script has answered: the next event may go.
   * @param {(event: PlayerEvent) => void} deliver
   */
  open(deliver) {
    this.deliver = deliver;
    clearTimeout(this.timer);
    this.busy = false;
    if (this.waiting.length) this.timer = setTimeout(() => this.next());
  }

  /** The script has answered and runs again on its own: no event may go before that run has answered too. */
  hold() {
    clearTimeout(this.timer);
    this.busy = true;
    this.timer = setTimeout(() => this.handled(), PATIENCE);
  }

  /** Whether no event waits or is on its way. */
  get idle() {
    return !this.busy && !this.waiting.length && !this.held();
  }

  /** Whether the script runs, or may be about to run, or the server is out of reach. */
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
    this.deliver(event);
    this.timer = setTimeout(() => this.handled(), PATIENCE);
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
 * Whether the page's script runs. An event reruns the player's fragment alone. A run of a fragment that begins before
 * the end of a whole run has reached the browser makes Streamlit's server drop what that run drew in the fragment, but
 * not the message that it is finished: the front end then takes the player for a leftover, and mounts another.
 */
function running() {
  const state = streamlitState()?.testScriptState;
  return state === 'running' || state === 'rerunRequested';
}

/** Whether the page has lost its server: Streamlit drops events then. */
function disconnected() {
  const state = streamlitState()?.testConnectionState;
  return state !== undefined && state !== 'CONNECTED';
}

/** What Streamlit's front end writes on the page about itself; undefined in a recording. */
function streamlitState() {
  const app = document.querySelector('[data-testid="stApp"]');
  return app instanceof HTMLElement ? app.dataset : undefined;
}
