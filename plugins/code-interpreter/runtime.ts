import { type Log, VrError } from "../../core/index.ts";

/** What is known of a runtime before anything of it is loaded. */
export interface RuntimeFacts {
  /** "pyodide", "jupyter" or that of a runtime of your own. */
  readonly name: string;
  /** One line for `vr check`: what and where. */
  readonly description: string;
  /** Told to the model after "Runs Python code": what is there and what is not, in one or two sentences. */
  readonly abilities: string;
  /** Whether code could reach a network: what a request's `network_policy` is held against. */
  readonly network: "none" | "open";
}

/** What a runtime does. */
export interface RuntimeWork {
  /**
   * Starts a session that nobody has used, ready to execute.
   * @throws RuntimeError when none can be had, at the latest after the runtime's own time limit; the signal's reason
   */
  open(signal: AbortSignal): Promise<Session>;
  /** For `GET /ready`: cheap, and starts nothing. @throws RuntimeError when no session could be opened now */
  check(signal: AbortSignal): Promise<Record<string, unknown>>;
  /** For `vr check`: tries the runtime out and says what holds on this host. @throws RuntimeError */
  examine(signal: AbortSignal): Promise<Record<string, unknown>>;
  /** Ends all sessions; resolves when no process of theirs is left that could be ended. */
  close(): Promise<void>;
}

/** Where code runs. One per gateway; it opens sessions, of which each container has one. */
export interface CodeRuntime extends RuntimeFacts, RuntimeWork {}

/** Variables and files of one container. Calls come one at a time. */
export interface Session {
  /** False once it cannot execute any more: the container then opens another. */
  readonly alive: boolean;
  /** Runs when the session ends by itself, between executions too; at once if it has ended. */
  onEnd(run: (reason: string) => void): void;
  /**
   * Runs code to its end, to `timeoutMs` or to the abort of `signal`. The two interrupt it; code that does not obey
   * within a short grace is killed. Outputs go to `sink` in order while it runs. Never rejects for what code does.
   */
  execute(code: string, sink: OutputSink, limits: ExecutionLimits): Promise<ExecutionEnd>;
  /** What is in the working directory, its folders included, links left out; `limit` entries at most, sorted by path. */
  files(limit: number, signal: AbortSignal): Promise<SessionFile[]>;
  /**
   * One file of `files`. @throws RuntimeError `too_large` over `maxBytes`, `not_found` when there is no such regular
   * file inside the working directory
   */
  read(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Ends it with everything that its code has started. */
  close(): Promise<void>;
}

export interface ExecutionLimits {
  /** Milliseconds of wall time. */
  timeoutMs: number;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  /** Characters of text that the sink keeps: more need not be transported but the last `logCharacters / 2`. */
  logCharacters: number;
}

/** How an execution ended. `lost`: variables of the session are gone. */
export type ExecutionEnd =
  | { kind: "finished" }
  /** An exception; its traceback is among the outputs. */
  | { kind: "raised" }
  /** The code ended its process, as by `exit()`: its effects remain, its variables are gone. */
  | { kind: "exited" }
  | { kind: "timed_out"; lost: boolean }
  /** By the signal. */
  | { kind: "interrupted"; lost: boolean }
  /** The process ended or was ended; variables are gone. `reason` is a sentence for the model, about the cause alone. */
  | { kind: "died"; reason: string };

/** Takes what code prints and shows, in order. */
export interface OutputSink {
  /** A fragment; streams may interleave. `result`: the value of the last expression. */
  text(stream: "stdout" | "stderr" | "result" | "traceback", text: string): void;
  /** `count` characters were not transported. */
  cut(count: number): void;
  /** A whole image; SVG as base64 of its UTF-8 too. */
  image(mediaType: "image/png" | "image/jpeg" | "image/svg+xml", base64: string): void;
}

export interface SessionFile {
  /** Relative to the working directory, with "/". */
  path: string;
  bytes: number;
  /** Seconds since the Unix epoch. */
  modifiedAt: number;
}

/** Why a runtime cannot do what it was asked. */
type Reason = "unavailable" | "busy" | "too_large" | "not_found";

/** What a client is answered for each reason. */
const ANSWERS: Record<Reason, [status: number, type: VrError["type"], code: string]> = {
  not_found: [404, "invalid_request_error", "file_not_found"],
  too_large: [400, "invalid_request_error", "file_too_large"],
  busy: [503, "server_error", "container_busy"],
  unavailable: [503, "server_error", "runtime_unavailable"],
};

/** What a runtime throws. The message is shown to the model and to clients: no URLs, no secrets. */
export class RuntimeError extends VrError {
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options: ErrorOptions = {}) {
    const [status, type, code] = ANSWERS[reason];
    super(status, type, message, { code, ...options });
    this.reason = reason;
  }
}

/** What `codeInterpreter({ runtime })` takes: made by `pyodide({…})`, `jupyter({…})` or by hand. */
export interface RuntimeFactory {
  readonly name: string;
  create(environment: RuntimeEnvironment): CodeRuntime;
}

export interface RuntimeEnvironment {
  readonly log: Log;
  /** `VR_JUPYTER_URL` and `VR_JUPYTER_TOKEN` */
  readonly jupyterUrl?: string | undefined;
  readonly jupyterToken?: string | undefined;
}
