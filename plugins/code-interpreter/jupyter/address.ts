/** Where a Jupyter server is. */
export interface Address {
  /** Without a query and without the last "/": `http://host:8888/user/ada`. */
  readonly base: string;
  /** From `?token=…`, as Jupyter prints its URLs. */
  readonly token: string | undefined;
}

/** Said instead of the text itself, which may hold a token. */
export const URL_FORM = "expected http://host:8888 or https://host/path, without user and password";

/**
 * `undefined` unless it is the URL of a server. The pages of a Jupyter server, `/lab` and `/tree`, are taken off: what
 * a user copies from a terminal works.
 */
export function parseAddress(text: string): Address | undefined {
  const url = URL.parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  const path = url.pathname.replace(/(?<!\/)\/+$/, "").replace(/\/(?:lab|tree)$/, "");
  return { base: `${url.origin}${path}`, token: url.searchParams.get("token") || undefined };
}
