import type { wire } from "../../core/index.ts";
import { saysTheSame } from "./says-the-same.ts";
import { SentText } from "./sent-text.ts";
import { isTextItem } from "./text-items.ts";
import type { ServerEvent } from "./wire-event.ts";

/** The kind of item that an event belongs to. */
export type Kind = "call" | "message" | "reasoning" | "hosted";

/** An item that the server has begun. */
export interface Begun {
  readonly kind: Kind;
  /** A number of our own, since the server's may be wrong. */
  readonly number: number;
  /** The item as first received; `undefined` until its opening has come. */
  item: wire.OutputItem | undefined;
  /** The item's id at the server. Later events do not change it. */
  readonly id: string | undefined;
  /** The item's index at the server. */
  readonly index: unknown;
  /** Whether its `output_item.added` has come. */
  added: boolean;
  /** Whether it has ended: further events about it are ignored. */
  done: boolean;
  /** The text of a message or of reasoning. */
  readonly text: SentText;
  /** The arguments of a call so far, or the code of a hosted tool's item. */
  args: string;
  /** Whether its start was passed on. */
  sent: boolean;
  /** The number of stages of a hosted tool's item that were passed on. */
  stage: number;
  /** Events of a text item that must wait for an earlier one. */
  waiting: ServerEvent[] | undefined;
}

/**
 * The items of one answer. An event names its item by an id and an index, and servers get both wrong: they use index 0
 * for all items, no index, one id twice, or a new id for each event. So an item that matches both comes first, then a
 * known id, then an index, then an open item of that kind.
 */
export class BegunItems {
  readonly all: Begun[] = [];
  readonly #byIndex = new Map<unknown, Begun>();
  readonly #byId = new Map<unknown, Begun>();

  begin(kind: Kind, index: unknown, id: unknown, item: wire.OutputItem | undefined): Begun {
    const begun: Begun = {
      kind,
      number: this.all.length,
      item,
      id: idOf(id),
      index,
      added: false,
      done: false,
      text: new SentText(kind === "reasoning" ? kind : "message"),
      args: "",
      sent: false,
      stage: 0,
      waiting: undefined,
    };
    const before = this.#byId.get(begun.id);
    if (kind === "hosted" && before?.kind === kind && !before.done) this.#replace(before, begun);
    this.all.push(begun);
    if (typeof index === "number") this.#byIndex.set(index, begun);
    if (begun.id !== undefined) this.#byId.set(begun.id, begun);
    return begun;
  }

  /** One hosted tool's item at a time is open under an id. Further events of the first one belong to the second. */
  #replace(before: Begun, begun: Begun): void {
    before.done = true;
    for (const [index, at] of this.#byIndex) if (at === before) this.#byIndex.set(index, begun);
  }

  /** The item of an event within an item. Runs for every delta. */
  of(kind: Kind, index: unknown, id: unknown): Begun | undefined {
    const at = this.#byIndex.get(index);
    if (at?.kind === kind && at.id === id) return at;
    const named = this.#byId.get(id);
    if (named?.kind === kind) return named;
    if (at?.kind === kind || kind === "hosted") return at?.kind === kind ? at : undefined;
    // The index of another kind of item is wrong. A new index may belong to an item that was never opened.
    const isNew = typeof index === "number" && at === undefined;
    return isNew ? undefined : this.#lastOpen(kind);
  }

  /** The hosted tool's item of an event: found by the event's type if it has no id and no index. */
  hosted(type: unknown, index: unknown, id: unknown): Begun | undefined {
    if (index !== undefined || id !== undefined) return this.of("hosted", index, id);
    const isOf = ({ item }: Begun) => typeof type === "string" && type.startsWith(`response.${item?.type}`);
    return this.all.findLast((begun) => begun.kind === "hosted" && !begun.done && isOf(begun));
  }

  /** The item whose opening is repeated or comes late. */
  again(kind: Kind, index: unknown, item: wire.OutputItem): Begun | undefined {
    const id = idOf((item as { id?: unknown }).id);
    const at = this.#byIndex.get(index);
    if (at?.kind === kind && sameCall(at, item)) {
      // A server without ids that uses one index for all items begins the next item.
      if (at.id === id) return id === undefined && at.done ? undefined : at;
      const isEmpty = at.args === "" && at.text.words === "";
      if (!at.added || (kind !== "hosted" && !at.done && isEmpty)) return at;
    }
    const named = this.#byId.get(id);
    if (named?.kind !== kind || !sameCall(named, item)) return undefined;
    const goesOn = kind === "call" || (index === undefined && !named.done);
    return goesOn || !named.added ? named : undefined;
  }

  /** The item that an end belongs to. */
  ending(kind: Kind, index: unknown, item: wire.OutputItem): Begun | undefined {
    const id = idOf((item as { id?: unknown }).id);
    const at = this.#byIndex.get(index);
    if (at?.kind === kind && at.id === id && sameCall(at, item)) return at;
    if (kind === "call") {
      const same = this.all.find((begun) => begun.kind === kind && callIdOf(begun.item) === callIdOf(item));
      if (same && callIdOf(item) !== undefined) return same;
    }
    const named = this.#byId.get(id);
    if (named?.kind === kind) return named;
    // The end may be repeated under another id.
    if (at?.kind === kind && (!at.done || saysTheSame(at, item))) return at;
    return index === undefined || at !== undefined ? this.#lastOpen(kind) : undefined;
  }

  /** The message or reasoning of an event about a part. Servers open parts of one kind in an item of the other. */
  withParts(index: unknown, id: unknown): Begun | undefined {
    const at = this.#byIndex.get(index);
    const begun = at?.id === id ? at : (this.#byId.get(id) ?? at);
    return begun?.kind === "message" || begun?.kind === "reasoning" ? begun : undefined;
  }

  #lastOpen(kind: Kind): Begun | undefined {
    return this.all.findLast((begun) => begun.kind === kind && !begun.done);
  }
}

export function kindOf(item: wire.OutputItem): Kind {
  if (item.type === "function_call") return "call";
  return isTextItem(item) ? item.type : "hosted";
}

export function idOf(id: unknown): string | undefined {
  return typeof id === "string" && id !== "" ? id : undefined;
}

function callIdOf(item: wire.OutputItem | undefined): string | undefined {
  return item?.type === "function_call" ? idOf(item.call_id) : undefined;
}

/** Whether two items may be the same call: their call ids, if both have one, must be equal. */
function sameCall(begun: Begun, item: wire.OutputItem): boolean {
  const [one, other] = [callIdOf(begun.item), callIdOf(item)];
  return one === other || one === undefined || other === undefined;
}
