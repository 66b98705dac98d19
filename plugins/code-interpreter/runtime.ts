import { type Log, VrError } from "../../core/index.ts";

/** The facts about a runtime that are known before its code is loaded. */
export interface RuntimeFacts {
  /** "pyodide", "jupyter" or the name of your own runtime. */
  readonly name: string;
  /** One line for `vr check`: what the runtime is, and where. */
  readonly description: string;
  /** One or two sentences for the model, after "Runs Python code": what is available and what is not. */
  readonly abilities: string;
  /** Whether code could reach a network. A request's `network_policy` is compared with it. */
  readonly network: "none" | "open";
}

/** What a runtime does. */
export interface RuntimeWork {
  /**
   * Starts a new session that is ready to execute.
   * @throws RuntimeError if that is not possible within the runtime's own time limit; the signal's reason
   */
  open(signal: AbortSignal): Promise<Session>;
  /** For `GET /ready`. Must be cheap and start nothing. @throws RuntimeError if no session can be opened now */
  check(signal: AbortSignal): Promise<Record<string, unknown>>;
  /** For `vr check`: tries the runtime and reports what works on this host. @throws RuntimeError */
  examine(signal: AbortSignal): Promise<Record<string, unknown>>;
  /** Ends all sessions. Resolves when all their processes that can be ended have ended. */
  close(): Promise<void>;
}

/** Where code runs. One per gateway. It opens a session for each container. */
export interface CodeRuntime extends RuntimeFacts, RuntimeWork {}

/** The variables and files of one container. Calls come one at a time. */
export interface Session {
  /** False once the session can no longer execute. The container then opens another. */
  readonly alive: boolean;
  /** Runs `run` when the session ends by itself, also between executions; at once if it has already ended. */
  onEnd(run: (reason: string) => void): void;
  /**
   * Runs code until it ends. `timeoutMs` and the abort of `signal` interrupt it; code that does not obey soon is
   * killed. Outputs go to `sink` in order while it runs. Never rejects because of what the code does.
   */
  execute(code: string, sink: OutputSink, limits: ExecutionLimits): Promise<ExecutionEnd>;
  /** The files in the working directory and its folders, without links: at most `limit`, sorted by path. */
  files(limit: number, signal: AbortSignal): Promise<SessionFile[]>;
  /**
   * One file of `files`. @throws RuntimeError `too_large` over `maxBytes`, `not_found` when there is no such regular
   * file inside the working directory
   */
  read(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Ends the session with everything that its code has started. */
  close(): Promise<void>;
}

export interface ExecutionLimits {
  /** Milliseconds of wall time. */
  timeoutMs: number;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  /**
   * Most characters that the sink keeps. Of longer text only the last `logCharacters / 2` must still be transported.
   */
  logCharacters: number;
}

/** How an execution ended. `lost`: variables of the session are gone. */
export type ExecutionEnd =
  | { kind: "finished" }
  /** The code raised an exception. The traceback is among the outputs. */
  | { kind: "raised" }
  /** The code ended its process, for example by `exit()`. Its effects remain, its variables are gone. */
  | { kind: "exited" }
  | { kind: "timed_out"; lost: boolean }
  /** The signal interrupted the code. */
  | { kind: "interrupted"; lost: boolean }
  /** The process ended or was killed; variables are gone. `reason` is a sentence for the model about the cause. */
  | { kind: "died"; reason: string };

/** Receives what code prints and shows, in order. */
export interface OutputSink {
  /** A fragment; streams may interleave. `result`: the value of the last expression. */
  text(stream: "stdout" | "stderr" | "result" | "traceback", text: string): void;
  /** Call if `count` characters were not transported. */
  cut(count: number): void;
  /** A whole image in base64; SVG too, as base64 of its UTF-8. */
  image(mediaType: "image/png" | "image/jpeg" | "image/svg+xml", base64: string): void;
}

export interface SessionFile {
  /** The path relative to the working directory, with "/". */
  path: string;
  bytes: number;
  /** Seconds since the Unix epoch. */
  modifiedAt: number;
}

/** Why a runtime has failed. */
type Reason = "unavailable" | "busy" | "too_large" | "not_found";

/** The error for the client, by reason. */
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
