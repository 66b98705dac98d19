import type { MaybePromise } from "./context.ts";
import type { StoredItem } from "./protocol/items.ts";
import type { IncludeEnum, Response as ResponseObject } from "./protocol/wire.ts";

/** A response without its output, which its items hold whole. */
export type ResponseShell = Omit<ResponseObject, "output"> & {
  /** What its creator asked to include: decides what of the whole items is shown. */
  include?: IncludeEnum[];
};

/** What is kept of a response. */
export interface StoredResponse {
  response: ResponseShell;
  /**
   * The turn's own items, input then output, in full (parts that were not `include`d too). Output items
   * carry their `turn`, input items do not. References are resolved before they are stored.
   */
  items: StoredItem[];
  /** The response that this one continues, if any. */
  previousId?: string | undefined;
  /** Ids of output items that do not name their response, since an upstream gave them: `responseOfItem` finds it. */
  itemIds?: readonly string[];
  /** `response` as JSON text, already encoded: stores may keep this instead of encoding again. */
  responseJson?: string;
}

/**
 * Keeps responses. Errors are `StoreError`s: a store that cannot be reached never answers as if nothing
 * were there. What `putResponse` resolved is durable as far as the store can make it.
 */
export interface Store {
  readonly name: string;
  /** Said in the start banner behind the name: where it is. No secrets. */
  readonly description?: string;
  /** What `vr check` shows of it, such as where it is. JSON, no secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Writes as much as the response's own items, however long the conversation. @throws StoreError */
  putResponse(record: StoredResponse): MaybePromise<void>;
  /** `undefined` if it expired or never existed. @throws StoreError */
  getResponse(id: string): MaybePromise<StoredResponse | undefined>;
  /**
   * The items of `id` and of all that it continues, one list per response, oldest first, in a number of
   * reads that does not grow with the conversation. `undefined` if `id` or any of them is gone: a
   * conversation never silently starts in the middle. Items that it gives to several responses must be frozen
   * (`deepFreeze`), since a plugin's change to one would show in all. @throws StoreError
   */
  getHistory(id: string): MaybePromise<StoredItem[][] | undefined>;
  /**
   * The id of the response that was stored with this one of its `itemIds`. `undefined` if it expired or never
   * existed. A store without it keeps none: such items cannot be referred to. @throws StoreError
   */
  responseOfItem?(itemId: string): MaybePromise<string | undefined>;
  /** False if there was none. @throws StoreError */
  deleteResponse(id: string): MaybePromise<boolean>;
  /** Resolves when the store works. @throws StoreError */
  check?(): MaybePromise<void>;
  close?(): MaybePromise<void>;
}
