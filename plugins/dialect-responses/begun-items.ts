import type { wire } from "../../core/index.ts";
import { saysTheSame } from "./says-the-same.ts";
import { isTextItem } from "./text-items.ts";
import { ToldText } from "./told-text.ts";
import type { ServerEvent } from "./wire-event.ts";

/** What an event is about. */
export type Kind = "call" | "message" | "reasoning" | "hosted";

/** An item that the server has begun. */
export interface Begun {
  readonly kind: Kind;
  /** Tells calls apart; the server's own numbers may be wrong. */
  readonly number: number;
  /** As it was first told; without it for an item whose opening has not come. */
  item: wire.OutputItem | undefined;
  /** The server's name of it, which no later event changes. */
  readonly id: string | undefined;
  /** The server's number of it. */
  readonly index: unknown;
  /** Its `output_item.added` has come. */
  added: boolean;
  /** Nothing more is told of it. */
  done: boolean;
  /** Of a message or of reasoning. */
  readonly text: ToldText;
  /** Of a call: the arguments that have come. Of a hosted tool's item: the code. */
  args: string;
  /** It has gone out that it began. */
  told: boolean;
  /** Of a hosted tool's item: stages that were told. */
  stage: number;
  /** Of a text item that is not its turn yet. */
  waiting: ServerEvent[] | undefined;
}

/**
 * The items of one answer. An event says by an id and by a number of which item it is, and servers get both wrong:
 * they number all items 0, number none, use one id twice, or make up a new one for each event. What the two agree
 * on is believed first, then an id that is known, then a number, then what is open and fits.
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
      text: new ToldText(kind === "reasoning" ? kind : "message"),
      args: "",
      told: false,
      stage: 0,
      waiting: undefined,
    };
    this.all.push(begun);
    if (typeof index === "number") this.#byIndex.set(index, begun);
    if (begun.id !== undefined) this.#byId.set(begun.id, begun);
    return begun;
  }

  /** The item that an event within an item is of. Called for every delta. */
  of(kind: Kind, index: unknown, id: unknown): Begun | undefined {
    const at = this.#byIndex.get(index);
    if (at?.kind === kind && at.id === id) return at;
    const named = this.#byId.get(id);
    if (named?.kind === kind) return named;
    if (at?.kind === kind || kind === "hosted") return at?.kind === kind ? at : undefined;
    // An index that another kind of item has is wrong, and one that is new may belong to an item never opened.
    const isNew = typeof index === "number" && at === undefined;
    return isNew ? undefined : this.#lastOpen(kind);
  }

  /** The item of a hosted tool that an event is of: without a name and a number, by its type. */
  hosted(type: unknown, index: unknown, id: unknown): Begun | undefined {
    if (index !== undefined || id !== undefined) return this.of("hosted", index, id);
    const isOf = ({ item }: Begun) => typeof type === "string" && type.startsWith(`response.${item?.type}`);
    return this.all.findLast((begun) => begun.kind === "hosted" && !begun.done && isOf(begun));
  }

  /** The item whose opening comes once more, or comes late. */
  again(kind: Kind, index: unknown, item: wire.OutputItem): Begun | undefined {
    const id = idOf((item as { id?: unknown }).id);
    const at = this.#byIndex.get(index);
    if (at?.kind === kind && sameCall(at, item)) {
      // Without an id a server that numbers all items alike begins the next.
      if (at.id === id) return id === undefined && at.done ? undefined : at;
      const isEmpty = at.args === "" && at.text.words === "";
      if (!at.added || (kind !== "hosted" && !at.done && isEmpty)) return at;
    }
    const named = this.#byId.get(id);
    if (named?.kind !== kind || !sameCall(named, item)) return undefined;
    const goesOn = kind === "call" || (index === undefined && !named.done);
    return goesOn || !named.added ? named : undefined;
  }

  /** The item that ends, by its end. */
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
    // An end that comes again, under another id.
    if (at?.kind === kind && (!at.done || saysTheSame(at, item))) return at;
    return index === undefined || at !== undefined ? this.#lastOpen(kind) : undefined;
  }

  /** The message or reasoning that an event about a part means; servers open parts of the one in the other. */
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

/** Whether nothing speaks against it that two items are one: calls have an id of their own. */
function sameCall(begun: Begun, item: wire.OutputItem): boolean {
  const [one, other] = [callIdOf(begun.item), callIdOf(item)];
  return one === other || one === undefined || other === undefined;
}
