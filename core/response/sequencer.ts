import type { EventDraft } from "../protocol/events.ts";
import type { Response as ResponseObject } from "../protocol/wire.ts";
import type { EventSink, ResponseHead } from "./sink.ts";

export interface SequencerTimes {
  /** Milliseconds until the opening events leave by themselves. */
  headersAfterMs: number;
  /** Milliseconds without an event until `response.in_progress` is sent again. */
  keepAliveMs: number;
}

/**
 * Numbers the events of one response, opens its stream and keeps it alive. The only place that knows
 * `sequence_number`s.
 */
export class Sequencer {
  readonly #sink: EventSink;
  readonly #times: SequencerTimes;
  readonly #head: ResponseHead;
  readonly #takeSnapshot: () => ResponseObject;
  #snapshot: ResponseObject | undefined;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #opened = false;
  /** The reader is behind: no keep-alive until it has caught up. */
  #lags = false;

  /** `takeSnapshot` gives the response as the opening events show it; called once, if the stream opens. */
  constructor(
    sink: EventSink,
    times: SequencerTimes,
    head: ResponseHead,
    takeSnapshot: () => ResponseObject,
  ) {
    this.#sink = sink;
    this.#times = times;
    this.#head = head;
    this.#takeSnapshot = takeSnapshot;
  }

  /** Whether anything has left: from now on errors are `response.failed`. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Starts the clock of `headersAfterMs`. */
  arm(): void {
    if (!this.#opened) this.#timer ??= setTimeout(() => this.open(), this.#times.headersAfterMs);
  }

  /** Sends the opening events, unless they have left. */
  open(): void {
    if (this.#opened) return;
    this.#opened = true;
    clearTimeout(this.#timer);
    this.#sink.open(this.#head);
    const response = this.#takeSnapshot();
    this.#snapshot = response;
    this.#send([
      { type: "response.created", response },
      { type: "response.in_progress", response },
    ]);
    this.#timer = setTimeout(() => this.#keepAlive(), this.#times.keepAliveMs);
  }

  emit(events: readonly EventDraft[]): void {
    if (events.length === 0) return;
    this.open();
    this.#timer?.refresh();
    this.#send(events);
  }

  /** The terminal event; nothing follows. */
  end(event: EventDraft): void {
    this.open();
    this.stop();
    this.#send([event]);
  }

  /** Stops the clocks without an event. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Not to a reader that lags: it has enough to read, and the same again would only fill memory. */
  #keepAlive(): void {
    if (this.#lags) return;
    const lagging = this.#sink.ready();
    if (lagging) {
      this.#lags = true;
      void lagging.then(() => {
        this.#lags = false;
        this.#timer?.refresh();
      });
      return;
    }
    this.#timer?.refresh();
    if (this.#snapshot) this.#send([{ type: "response.in_progress", response: this.#snapshot }]);
  }

  /** @throws what the sink does for an event that cannot be written; the others have left, without a gap */
  #send(events: readonly EventDraft[]): void {
    try {
      this.#sink.emit({ first: this.#next, events });
      this.#next += events.length;
    } catch (error) {
      if (events.length > 1) for (const event of events) this.#sendAlone(event);
      throw error;
    }
  }

  #sendAlone(event: EventDraft): void {
    try {
      this.#send([event]);
    } catch {
      // It is the one that cannot be written.
    }
  }
}
