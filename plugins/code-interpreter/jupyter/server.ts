import { isObject } from "../../../core/index.ts";
import { RuntimeError } from "../runtime.ts";
import type { Address } from "./address.ts";

/** Bytes of an answer: lists of kernelspecs are shorter, and a page may have no end. */
const MAX_ANSWER_BYTES = 4_194_304;

export interface KernelSpec {
  name: string;
  /** As the kernelspec says: "python", "R". */
  language: string | undefined;
}

/** The REST API of a Jupyter server; each call ends within `requestTimeoutMs`. */
export class Server {
  /** Without the token. */
  readonly base: string;
  readonly #token: string | undefined;
  readonly #timeoutMs: number;

  constructor({ base, token }: Address, requestTimeoutMs: number) {
    this.base = base;
    this.#token = token;
    this.#timeoutMs = requestTimeoutMs;
  }

  get headers(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `token ${this.#token}` };
  }

  /** The kernelspecs, and the name of the default one. @throws RuntimeError */
  async kernelSpecs(signal?: AbortSignal): Promise<{ usual: string | undefined; specs: KernelSpec[] }> {
    const said = await this.#ask("GET", "/api/kernelspecs", { signal });
    const { default: usual, kernelspecs } = (said ?? {}) as Record<string, unknown>;
    if (!isObject(kernelspecs)) throw notJupyter();
    const specs = Object.entries(kernelspecs).map(([name, entry]) => {
      const language = (entry as { spec?: { language?: unknown } } | null)?.spec?.language;
      return { name, language: typeof language === "string" ? language : undefined };
    });
    return { usual: typeof usual === "string" ? usual : undefined, specs };
  }

  /**
   * Resolves with the id. Cannot be aborted, since the kernel could then not be deleted by its id.
   * @throws RuntimeError
   */
  async createKernel(name: string | undefined): Promise<string> {
    const body = name === undefined ? {} : { name };
    const said = await this.#ask("POST", "/api/kernels", { body, timeoutMs: LONGEST_START_MS });
    const id = (said as { id?: unknown } | null)?.id;
    // It becomes part of a path.
    if (typeof id !== "string" || !/^[\w-]{1,100}$/.test(id)) throw notJupyter();
    return id;
  }

  /** @throws RuntimeError */
  async interrupt(id: string): Promise<void> {
    await this.#ask("POST", `/api/kernels/${id}/interrupt`);
  }

  /** @throws RuntimeError when the server could not do it within `timeoutMs` */
  async restart(id: string, timeoutMs: number): Promise<void> {
    await this.#ask("POST", `/api/kernels/${id}/restart`, { timeoutMs });
  }

  /** Whether there was such a kernel. @throws RuntimeError */
  async deleteKernel(id: string): Promise<boolean> {
    return (await this.#ask("DELETE", `/api/kernels/${id}`, { allow404: true })) !== NOT_FOUND;
  }

  async #ask(method: string, path: string, how: Asking = {}): Promise<unknown> {
    const limit = AbortSignal.timeout(how.timeoutMs ?? this.#timeoutMs);
    const signal = how.signal ? AbortSignal.any([limit, how.signal]) : limit;
    try {
      const answer = await fetch(`${this.base}${path}`, {
        method,
        headers: { ...this.headers, accept: "application/json", "content-type": "application/json" },
        // A redirect leads to a page for people, or elsewhere, where the token must not go.
        redirect: "manual",
        signal,
        ...(how.body ? { body: JSON.stringify(how.body) } : {}),
      });
      const text = await readText(answer);
      if (answer.ok) return text === "" ? null : parseJson(text);
      if (answer.status === 404 && how.allow404) return NOT_FOUND;
      throw refusal(answer.status, this.#token !== undefined);
    } catch (error) {
      how.signal?.throwIfAborted();
      if (error instanceof RuntimeError) throw error;
      const late = limit.aborted ? "did not answer in time" : `cannot be reached${codeOf(error)}`;
      throw new RuntimeError("unavailable", `The Jupyter server ${late}.`, { cause: error });
    }
  }
}

interface Asking {
  body?: object;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  allow404?: boolean;
}

const NOT_FOUND = Symbol("404");
/** A kernel gateway answers when its kernel has started; on a host under load that takes long. */
const LONGEST_START_MS = 120_000;

async function readText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) throw notJupyter();
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJupyter();
  }
}

const notJupyter = () =>
  new RuntimeError("unavailable", "What answers is no Jupyter server: is the path of its URL right?");

function refusal(status: number, hasToken: boolean): RuntimeError {
  const why =
    status === 401 || status === 403
      ? `refused ${hasToken ? "the token" : "to work without a token"}`
      : status === 404 || (status >= 300 && status < 400)
        ? "does not know what it was asked for: is the path of its URL right?"
        : "failed";
  return new RuntimeError("unavailable", `The Jupyter server ${why} (${status}).`);
}

/** " (ECONNREFUSED)" */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const one = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = (one as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? ` (${code})` : "";
}
