import type { Gateway } from "../../core/gateway.ts";
import { newId } from "../../core/ids.ts";
import { parseRequest } from "../../core/pipeline/parse.ts";
import { respond } from "../../core/pipeline/respond.ts";
import type { EventBatch, EventDraft } from "../../core/protocol/events.ts";
import type { Response as ResponseObject } from "../../core/protocol/wire.ts";
import type { EventSink } from "../../core/response/sink.ts";
import { ResponseScope } from "../../core/scopes.ts";

/** A sink that keeps every batch, as the objects it was given and as they looked then. */
export class RecordingSink implements EventSink {
  readonly live = true;
  readonly batches: EventBatch[] = [];
  readonly asTheyLooked: string[] = [];
  opened = 0;
  /** What `ready` answers; `undefined` for a reader that keeps up. */
  pause: Promise<void> | undefined;
  /** How often the pipeline asked. */
  asked = 0;

  open(): void {
    this.opened++;
  }

  emit(batch: EventBatch): void {
    this.batches.push(batch);
    this.asTheyLooked.push(JSON.stringify(batch));
  }

  ready(): Promise<void> | undefined {
    this.asked++;
    return this.pause;
  }

  get events(): readonly EventDraft[] {
    return this.batches.flatMap(({ events }) => events);
  }

  /** All events with their numbers, as clients would have them. */
  get numbered(): object[] {
    return this.batches.flatMap(({ first, events }) =>
      events.map((event, i) => ({ ...event, sequence_number: first + i })),
    );
  }
}

/** A streamed response of this gateway's pipeline, into a sink of the test's instead of HTTP. */
export function respondInto(
  gateway: Gateway,
  sink: EventSink,
  body: object = {},
  signal = new AbortController().signal,
): Promise<ResponseObject> {
  const request = parseRequest({ input: "hello", stream: true, ...body });
  const context = new ResponseScope(newId("resp"), request, { signal }, signal, gateway.engine.log);
  return respond(gateway.engine, context, sink);
}
