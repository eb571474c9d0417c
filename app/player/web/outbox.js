// Events on their way to Python, one a rerun: of two in the same rerun Streamlit would keep the last.

/** Milliseconds after which an event counts as handled although nothing new came back. */
const PATIENCE = 1500;

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

  next() {
    if (this.busy || !this.waiting.length || !this.deliver) return;
    this.busy = true;
    this.deliver(this.waiting.shift());
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.busy = false;
      this.next();
    }, PATIENCE);
  }

  close() {
    clearTimeout(this.timer);
    this.waiting.length = 0;
    this.deliver = undefined;
  }
}
