import type { MaybePromise } from "./context.ts";

export interface TimeLimit {
  /** Milliseconds until the task is given up. */
  readonly ms: number;
  /** Gives the task up earlier. */
  readonly stop?: AbortSignal | undefined;
  /** Reads what sockets have brought before the time is up: an answer that came to a busy event loop is in time. */
  readonly afterReads?: boolean;
  /** The error when the time is up. */
  late(): unknown;
}

/**
 * Settles like the task, or gives it up when the time is up or `stop` aborts. A task that is a function gets a signal,
 * which then aborts. A task that ignores its signal is left behind: a later result is ignored.
 * @throws what `late` gives, the reason of `stop`, or what the task throws
 */
export function within<T>(
  limit: TimeLimit,
  task: PromiseLike<T> | ((signal: AbortSignal) => MaybePromise<T>),
): Promise<T> {
  const { ms, stop, late } = limit;
  const ending = typeof task === "function" ? new AbortController() : undefined;
  return new Promise((resolve, reject) => {
    let open = true;
    const close = () => {
      open = false;
      clearTimeout(timer);
      stop?.removeEventListener("abort", abort);
    };
    const giveUp = (reason: unknown) => {
      close();
      reject(reason);
      ending?.abort(reason);
    };
    const abort = () => giveUp(stop?.reason);
    const expire = () => {
      if (open) giveUp(late());
    };
    const timer = setTimeout(limit.afterReads ? () => setImmediate(expire) : expire, ms);
    if (stop?.aborted) abort();
    else stop?.addEventListener("abort", abort);
    if (typeof task === "function" && !open) return;
    settleLike(task, ending?.signal).then(
      (value) => {
        if (!open) return;
        close();
        resolve(value);
      },
      (error: unknown) => {
        if (!open) return;
        close();
        reject(error);
      },
    );
  });
}

function settleLike<T>(
  task: PromiseLike<T> | ((signal: AbortSignal) => MaybePromise<T>),
  signal: AbortSignal | undefined,
): PromiseLike<T> {
  if (typeof task !== "function") return task;
  try {
    return Promise.resolve(task(signal as AbortSignal));
  } catch (error) {
    return Promise.reject(error);
  }
}
