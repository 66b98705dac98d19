/**
 * What a plugin promised, unless the signal aborts first: a plugin that never answers holds up neither a client
 * that leaves nor a gateway that shuts down. What it says after that is not heard.
 * @throws the signal's reason
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const heard = () => signal.removeEventListener("abort", abort);
    promise.then(resolve, reject).finally(heard);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
}
