import type { EventBatch } from "../protocol/events.ts";

/** What leaves with a response's first byte. */
export interface ResponseHead {
  /** `resp_…` */
  readonly id: string;
  /** One line each, printable ASCII, for `x-vr-warning`. */
  readonly warnings: readonly string[];
}

/** Where the events of a response go: SSE, nothing (JSON), a WebSocket, a log. One pipeline feeds them all. */
export interface EventSink {
  /** False: nobody watches; `open` comes at the end and `emit` never does. */
  readonly live: boolean;
  /** Before the first batch. */
  open(head: ResponseHead): void;
  /** Everything that one read of the upstream brought, to be sent in one write. */
  emit(batch: EventBatch): void;
  /** While the reader lags: resolves when it has caught up. Awaited before the upstream is read on. */
  ready(): Promise<void> | undefined;
}
