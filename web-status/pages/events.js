// The one stream of events from the appliance, and whether it is there at all.
//
// Tells "job" and "alert" with their record in `detail`, "status" when something else changed (at
// most once in two seconds), "lost" when the appliance is gone, "back" when it has come back.
import { api_events } from './api.js';

const kStatusPause = 2_000;
const kLongestWait = 15_000;

class Live extends EventTarget {
  #source = null;
  #wait = 1_000;
  #timer = 0;
  #status_timer = 0;
  #is_lost = false;
  #is_on = false;

  constructor() {
    super();
    api_events.addEventListener('unreachable', () => {
      if (this.#is_on) this.#lose();
    });
  }

  get is_lost() {
    return this.#is_lost;
  }

  start() {
    this.stop();
    this.#is_on = true;
    this.#open();
  }

  stop() {
    this.#is_on = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#status_timer);
    this.#status_timer = 0;
    this.#source?.close();
    this.#source = null;
  }

  // Asks now instead of at the end of the wait.
  retry() {
    this.#wait = 1_000;
    clearTimeout(this.#timer);
    this.#open();
  }

  #open() {
    this.#source?.close();
    this.#source = new EventSource('api/v1/events');
    this.#source.addEventListener('open', () => this.#come_back());
    this.#source.addEventListener('error', () => this.#lose());
    for (const type of ['job', 'alert']) {
      this.#source.addEventListener(type, (event) => {
        this.dispatchEvent(new CustomEvent(type, { detail: JSON.parse(event.data) }));
      });
    }
    this.#source.addEventListener('status', () => this.#tell_status());
  }

  #tell_status() {
    if (this.#status_timer) return;
    this.#status_timer = setTimeout(() => {
      this.#status_timer = 0;
      this.dispatchEvent(new Event('status'));
    }, kStatusPause);
  }

  // The browser tries again by itself after some failures and not after others: we always do.
  #lose() {
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(kLongestWait, this.#wait * 2);
    if (this.#is_lost) return;
    this.#is_lost = true;
    this.dispatchEvent(new Event('lost'));
  }

  #come_back() {
    this.#wait = 1_000;
    if (!this.#is_lost) return;
    this.#is_lost = false;
    this.dispatchEvent(new Event('back'));
  }
}

export const live = new Live();
