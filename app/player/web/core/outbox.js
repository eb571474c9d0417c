// Events on their way to Python, one a rerun: of two in the same rerun Streamlit would keep the last.

/** Milliseconds after which an event counts as handled although nothing new came back, unless Python is still at it. */
const PATIENCE = 1500;

/** Milliseconds after which it is asked again whether Python rests. */
const MOMENT = 20;

/** How a widget is left with another value. */
const ACTIONS = ['change', 'click', 'focusout', 'keydown'];

/** Milliseconds within which what was done to another widget of the page starts a run, if it starts one. */
const ELSEWHERE = 400;

const CAPTURE = { capture: true };

export class Outbox {
  /** @param {HTMLElement} [root] the player's; what is done outside it goes to Python by Streamlit's own ways */
  constructor(root) {
    this.waiting = [];
    this.busy = false;
    this.until = 0;
    this.onelsewhere = (event) => {
      if (event.type === 'keydown' && event.key !== 'Enter') return;
      if (!root?.contains(event.target)) this.until = performance.now() + ELSEWHERE;
    };
    for (const type of ACTIONS) document.addEventListener(type, this.onelsewhere, CAPTURE);
  }

  /** @param {object} event */
  send(event) {
    // whatever comes back brings the news with it
    this.waiting = [...this.waiting.filter(({ kind }) => kind !== 'poll'), event];
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
    return !this.busy && !this.waiting.length && !this.held();
  }

  /** Whether the script runs, or may be about to, or the server cannot be reached. */
  held() {
    if (running()) this.until = 0;
    return running() || away() || performance.now() < this.until;
  }

  next() {
    if (this.busy || !this.waiting.length || !this.deliver) return;
    clearTimeout(this.timer);
    if (this.held()) {
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
    for (const type of ACTIONS) document.removeEventListener(type, this.onelsewhere, CAPTURE);
    this.waiting = [];
    this.deliver = undefined;
  }
}

/**
 * Whether the page's script runs. An event goes to the player's fragment alone, and a run of a fragment that begins
 * before the end of a whole run has been sent makes Streamlit's server drop what that run drew in the fragment, but not
 * the word that it is finished: the front end then takes the player down as left over, to mount another.
 */
function running() {
  const state = page()?.testScriptState;
  return state === 'running' || state === 'rerunRequested';
}

/** Whether the page has lost its server: Streamlit drops what is sent to it then. */
function away() {
  const state = page()?.testConnectionState;
  return state !== undefined && state !== 'CONNECTED';
}

/** What Streamlit says of itself; nothing in a recording. */
function page() {
  return document.querySelector('[data-testid="stApp"]')?.dataset;
}
