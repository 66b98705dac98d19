import type { EventDraft } from "../protocol/events.ts";
import type { ModelRequest } from "../protocol/model-request.ts";
import type { ReasoningItem } from "../protocol/wire.ts";
import { Assembler } from "../response/assembler.ts";
import { ResponseDocument } from "../response/document.ts";
import type { Mask } from "../response/output.ts";
import { Sequencer } from "../response/sequencer.ts";
import type { EventSink } from "../response/sink.ts";
import type { ResponseScope } from "../scopes.ts";
import type { ListedItem, Tool } from "../tool.ts";
import type { Candidate } from "../upstream.ts";
import { approvedTools } from "./approvals.ts";
import type { Engine } from "./engine.ts";
import type { Conversation } from "./hydrate.ts";
import { wantsLogprobs } from "./model-request.ts";
import type { ResolvedTools } from "./resolve-tools.ts";

/** What a response starts from. */
export interface Prepared {
  conversation: Conversation;
  tools: ResolvedTools;
  /** As the client named it, an alias too; the default of the first candidate where it named none. */
  model: string;
  /** Who may answer requests for `model`, in the order to try. */
  candidates: readonly Candidate[];
  /** Extra parameters that at least one of them takes. */
  extra: ModelRequest["extra"];
}

/** One response on its way: what every stage of the pipeline works on. */
export class Run {
  readonly engine: Engine;
  readonly context: ResponseScope;
  readonly sink: EventSink;
  readonly conversation: Conversation;
  readonly tools: ResolvedTools;
  readonly model: string;
  readonly candidates: readonly Candidate[];
  readonly extra: ModelRequest["extra"];
  readonly assembler: Assembler;
  readonly document: ResponseDocument;
  readonly sequencer: Sequencer;
  /** Items of `tools` that have not been shown. */
  readonly unlisted: ListedItem[];
  /** Approved calls that have not begun, by the id of the approval request. */
  readonly approved: Map<string, Tool>;
  /** Whether `beforeUpstream` has accepted the request. Input of a refused one is not stored. */
  admitted = false;
  /** Unstreamed responses count as begun once a turn is complete: from then on a failure is theirs. */
  begun = false;

  /** @throws InvalidRequestError when an approved tool is not among those of this request */
  constructor(engine: Engine, context: ResponseScope, sink: EventSink, prepared: Prepared) {
    this.engine = engine;
    this.context = context;
    this.sink = sink;
    this.conversation = prepared.conversation;
    this.tools = prepared.tools;
    this.model = prepared.model;
    this.candidates = prepared.candidates;
    this.extra = prepared.extra;
    this.unlisted = [...prepared.tools.listed];
    this.approved = approvedTools(prepared.conversation.approvals, prepared.tools.gateway);
    const { id, request, warnings, startedAt } = context;
    this.assembler = new Assembler(id, maskOf(engine, request.include), wantsLogprobs(request));
    this.assembler.calls.left = request.max_tool_calls ?? Number.POSITIVE_INFINITY;
    this.document = new ResponseDocument(id, Math.floor(startedAt / 1000), prepared.model, request);
    this.sequencer = new Sequencer(sink, engine.limits, { id, warnings }, () =>
      this.document.snapshot({ status: "in_progress", output: [], usage: null }),
    );
  }

  /** Whether a failure can no longer be a plain HTTP status. */
  get opened(): boolean {
    return this.begun || this.sequencer.opened;
  }

  /** Sends the opening events, if somebody watches. */
  open(): void {
    if (this.sink.live) this.sequencer.open();
  }

  emit(events: readonly EventDraft[]): void {
    if (this.sink.live) this.sequencer.emit(events);
  }
}

/** Hides what the client did not ask to `include`, by the kinds that own the items. */
export function maskOf(
  engine: Engine,
  include: Parameters<NonNullable<Engine["registry"]["kinds"][0]["mask"]>>[1],
): Mask {
  const masking = engine.registry.kinds.filter((kind) => kind.mask);
  const sealed = !include.has("reasoning.encrypted_content");
  return (item) => {
    if (item.type === "reasoning") return sealed ? withoutEncrypted(item) : item;
    if (masking.length === 0) return item;
    const owner = masking.find((kind) => kind.items?.includes(item.type));
    return owner?.mask?.(item, include) ?? item;
  };
}

/** What only the upstream can read is kept for it, and shown to who asked for it. */
function withoutEncrypted(item: ReasoningItem): ReasoningItem {
  if (item.encrypted_content === undefined) return item;
  const { encrypted_content: _, ...shown } = item;
  return shown;
}
