import type { EventSink, ResponseHead } from "../response/sink.ts";

/** For clients that do not stream: they see no events, only the response at the end. */
export class JsonSink implements EventSink {
  readonly live = false;
  head: ResponseHead | undefined;

  open(head: ResponseHead): void {
    this.head = head;
  }

  emit(): void {}

  ready(): undefined {
    return undefined;
  }
}
