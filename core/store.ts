import type { MaybePromise } from "./context.ts";
import type { StoredItem } from "./protocol/items.ts";
import type { IncludeEnum, Response as ResponseObject } from "./protocol/wire.ts";

/** A response without its output, which is stored as items. */
export type ResponseShell = Omit<ResponseObject, "output"> & {
  /** The request's `include`. It decides which parts of the items are shown. */
  include?: IncludeEnum[];
};

/** A response as a store keeps it. */
export interface StoredResponse {
  response: ResponseShell;
  /**
   * The response's own items: input, then output, complete (with parts that were not `include`d). Output items have a
   * `turn`, input items do not. References are resolved before they are stored.
   */
  items: StoredItem[];
  /** The response that this one continues, if any. */
  previousId?: string | undefined;
  /** Ids of output items that came from an upstream and do not name their response. `responseOfItem` finds them. */
  itemIds?: readonly string[];
  /** `response` as JSON text. A store may keep it instead of encoding again. */
  responseJson?: string;
}

/**
 * Keeps responses. Errors are `StoreError`s: a store that cannot be reached must not answer "not found". When
 * `putResponse` resolves, the response is as durable as the store can make it.
 */
export interface Store {
  readonly name: string;
  /** Shown in the start banner after the name: where the store is. Must not contain secrets. */
  readonly description?: string;
  /** Details for `vr check`, such as where the store is. JSON, without secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Writes only the response's own items, however long the conversation is. @throws StoreError */
  putResponse(record: StoredResponse): MaybePromise<void>;
  /** `undefined` if it expired or never existed. @throws StoreError */
  getResponse(id: string): MaybePromise<StoredResponse | undefined>;
  /**
   * The items of `id` and of all responses that it continues, one list per response, oldest first. The number of reads
   * must not grow with the conversation. `undefined` if any of the responses is gone, so that a conversation never
   * silently starts in the middle. Items that are given to several responses must be frozen (`deepFreeze`), since a
   * plugin's change would show in all of them.
   * @throws StoreError
   */
  getHistory(id: string): MaybePromise<StoredItem[][] | undefined>;
  /**
   * The id of the response that was stored with this id in its `itemIds`. `undefined` if it expired or never existed.
   * If a store lacks this method, such items cannot be referenced.
   * @throws StoreError
   */
  responseOfItem?(itemId: string): MaybePromise<string | undefined>;
  /** Resolves to false if there was no such response. @throws StoreError */
  deleteResponse(id: string): MaybePromise<boolean>;
  /** Resolves when the store works. @throws StoreError */
  check?(): MaybePromise<void>;
  close?(): MaybePromise<void>;
}
