import { Channels, type Fate } from "./channels.ts";
import { asRecord, type Message } from "./messages.ts";
import type { Server } from "./server.ts";

/** How a run of code ended. `reply`: the content of its `execute_reply`. */
export type RunEnd =
  | { kind: "replied"; ok: boolean; reply: Readonly<Record<string, unknown>> }
  | { kind: Fate };

export interface Run {
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** Resolves when the code has ended, though outputs may be on their way. */
  readonly replied: Promise<void>;
  /** Ignores all further messages. */
  abandon(): void;
}

export interface RunOptions {
  /**
   * Whether this is vr's own code: it is not in the history, shows nothing, and the kernel's fate also goes to
   * `onFate`.
   */
  silent?: boolean;
  /** Evaluated after the code; their values are in the reply. */
  expressions?: Record<string, string>;
  onOutput?: (message: Message) => void;
}

/** A kernel's facts about itself. */
export interface KernelInfo {
  /** "python", "R"; "" when it does not say. */
  language: string;
  version: string;
}

/** Milliseconds between two questions to a kernel that is starting: what is sent too early gets lost. */
const ASK_AGAIN_MS = 500;
/** Milliseconds that outputs may lag behind the end of their code: in a flood the word that all is out may get lost. */
const LONGEST_LAG_MS = 30_000;

/** One kernel and its connection. Runs come one at a time. */
export class Kernel {
  readonly id: string;
  /** Called with the kernel's fate while nothing runs. */
  onFate: (fate: Fate) => void = () => {};
  readonly #channels: Channels;
  readonly #server: Server;

  /** Connects to a kernel that the server has started. @throws RuntimeError, or the signal's reason */
  static async connect(server: Server, id: string, signal: AbortSignal): Promise<Kernel> {
    return new Kernel(server, id, await Channels.connect(server, id, signal));
  }

  private constructor(server: Server, id: string, channels: Channels) {
    this.#server = server;
    this.id = id;
    this.#channels = channels;
    this.#listen();
  }

  /**
   * Resolves when it answers and its outputs arrive: after a start some time goes by until both hold.
   * @throws the fate that befell it; the signal's reason
   */
  async becomeReady(signal: AbortSignal): Promise<KernelInfo> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<KernelInfo>();
    let info: KernelInfo | undefined;
    let idle = false;
    const asked: string[] = [];
    const ask = () =>
      asked.push(
        this.#request("kernel_info_request", {}, ({ type, content }) => {
          if (type === "kernel_info_reply") info = toInfo(content);
          if (type === "status" && content.execution_state === "idle") idle = true;
          if (info && idle) resolve(info);
        }),
      );
    this.#channels.onFate = (fate) => {
      if (fate !== "restarting") reject(new Error(`the kernel is ${fate}`));
    };
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    const again = setInterval(ask, ASK_AGAIN_MS);
    try {
      if (!this.#channels.open) throw new Error("the kernel is disconnected");
      ask();
      return await promise;
    } finally {
      clearInterval(again);
      signal.removeEventListener("abort", abort);
      for (const id of asked) this.#channels.forget(id);
      this.#listen();
    }
  }

  run(code: string, { silent = false, expressions = {}, onOutput }: RunOptions): Run {
    const { promise, resolve } = Promise.withResolvers<RunEnd>();
    const replying = Promise.withResolvers<void>();
    let replied: RunEnd | undefined;
    let idle = false;
    let lag: NodeJS.Timeout | undefined;
    const content = {
      code,
      silent,
      store_history: !silent,
      user_expressions: expressions,
      allow_stdin: false,
      stop_on_error: false,
    };
    const id = this.#request("execute_request", content, (message) => {
      const { channel, type, content } = message;
      if (type === "execute_reply") {
        replied = { kind: "replied", ok: content.status === "ok", reply: content };
        replying.resolve();
        lag = setTimeout(end, LONGEST_LAG_MS, replied);
      } else if (type === "status") idle ||= content.execution_state === "idle";
      else if (channel === "iopub") onOutput?.(message);
      // The two come on channels of their own, in any order.
      if (replied && idle) end(replied);
    });
    const end = (how: RunEnd) => {
      clearTimeout(lag);
      this.#channels.forget(id);
      this.#listen();
      resolve(how);
    };
    this.#channels.onFate = (fate) => {
      end({ kind: fate });
      if (silent) this.onFate(fate);
    };
    if (!this.#channels.open) end({ kind: "disconnected" });
    return {
      ended: promise,
      replied: replying.promise,
      abandon: () => {
        clearTimeout(lag);
        this.#channels.forget(id);
        this.#listen();
      },
    };
  }

  /** @throws RuntimeError */
  interrupt(): Promise<void> {
    return this.#server.interrupt(this.id);
  }

  /** A new process in place of the old one, which is killed if it does not end. @throws RuntimeError, or an Error */
  async restart(timeoutMs: number): Promise<void> {
    // The server's own words on it say nothing new.
    this.#channels.onFate = () => {};
    await this.#server.restart(this.id, timeoutMs);
    this.#listen();
  }

  /** Whether messages can be sent. */
  get connected(): boolean {
    return this.#channels.open;
  }

  disconnect(): void {
    this.#channels.close();
  }

  #request(...[type, content, listener]: Parameters<Channels["request"]>): string {
    return this.#channels.request(type, content, listener);
  }

  #listen(): void {
    this.#channels.onFate = (fate) => this.onFate(fate);
  }
}

function toInfo({ language_info }: Readonly<Record<string, unknown>>): KernelInfo {
  const { name, version } = asRecord(language_info);
  return {
    language: typeof name === "string" ? name.slice(0, 100).toLowerCase() : "",
    version: typeof version === "string" ? version.slice(0, 100) : "",
  };
}
