// Events on their way to Python, one a rerun: of two in the same rerun Streamlit would keep the last.

/** Milliseconds after which an event counts as handled although nothing new came back, unless Python is still at it. */
const PATIENCE = 1500;

/** Milliseconds after which it is asked again whether Python rests. */
const MOMENT = 20;

export class Outbox {
  constructor() {
    this.waiting = [];
    this.busy = false;
  }

  /** @param {object} event */
  send(event) {
    this.waiting.push(event);
    this.next();
  }

  /** A rerun answered: the next event may go. */
  open(deliver) {
    this.deliver = deliver;
    clearTimeout(this.timer);
    this.busy = false;
    if (this.waiting.length) this.timer = setTimeout(() => this.next());
  }

  /** A rerun answered, and another follows without being asked for: nothing may go before that has answered too. */
  hold() {
    clearTimeout(this.timer);
    this.busy = true;
    this.timer = setTimeout(() => this.handled(), PATIENCE);
  }

  /** Whether nothing is on its way. */
  get idle() {
    return !this.busy && !this.waiting.length;
  }

  next() {
    if (this.busy || !this.waiting.length || !this.deliver) return;
    clearTimeout(this.timer);
    if (running()) {
      this.timer = setTimeout(() => this.next(), MOMENT);
      return;
    }
    this.busy = true;
    this.deliver(this.waiting.shift());
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
    this.waiting.length = 0;
    this.deliver = undefined;
  }
}

/**
 * Whether the page's script runs. An event goes to the player's fragment alone, and a run of a fragment that begins
 * before the end of a whole run has been sent makes Streamlit's server drop what that run drew in the fragment, but not
 * the word that it is finished: the front end then takes the player down as left over, to mount another.
 */
function running() {
  const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
  return state === 'running' || state === 'rerunRequested';
}
