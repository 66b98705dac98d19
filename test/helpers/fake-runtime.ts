import type {
  CodeRuntime,
  ExecutionEnd,
  ExecutionLimits,
  OutputSink,
  RuntimeFactory,
  Session,
  SessionFile,
} from "../../plugins/code-interpreter/runtime.ts";

/** What a session does with code. Default: prints "ran <code>". */
export type Behave = (
  code: string,
  sink: OutputSink,
  limits: ExecutionLimits,
  session: FakeSession,
) => Promise<ExecutionEnd> | ExecutionEnd;

export interface FakeSession extends Session {
  readonly number: number;
  readonly executed: string[];
  content: Map<string, Uint8Array>;
  closed: boolean;
  end(reason: string): void;
}

export interface FakeRuntime extends RuntimeFactory {
  /** In the order in which they were opened. */
  readonly sessions: FakeSession[];
  readonly closed: boolean;
  behave: Behave;
  /** Called before a session opens; may throw or wait. */
  opening: (signal: AbortSignal) => Promise<void> | void;
  network: "none" | "open";
}

/** A runtime without Python, for what the plugin does around one. */
export function fakeRuntime(behave?: Behave): FakeRuntime {
  const sessions: FakeSession[] = [];
  let closed = false;
  const fake: FakeRuntime = {
    name: "fake",
    sessions,
    get closed() {
      return closed;
    },
    behave:
      behave ??
      ((code, sink) => {
        sink.text("stdout", `ran ${code}\n`);
        return { kind: "finished" };
      }),
    opening: () => {},
    network: "none",
    create: (): CodeRuntime => ({
      name: "fake",
      description: "a fake",
      abilities: "It can do nothing.",
      network: fake.network,
      async open(signal) {
        await fake.opening(signal);
        signal.throwIfAborted();
        const session = openSession(sessions.length + 1, (...args) => fake.behave(...args));
        sessions.push(session);
        return session;
      },
      check: async () => ({ fake: true }),
      examine: async () => ({ examined: true }),
      async close() {
        closed = true;
      },
    }),
  };
  return fake;
}

function openSession(number: number, behave: Behave): FakeSession {
  let alive = true;
  const listeners: ((reason: string) => void)[] = [];
  const session: FakeSession = {
    number,
    executed: [],
    content: new Map(),
    closed: false,
    get alive() {
      return alive;
    },
    onEnd: (run) => void listeners.push(run),
    async execute(code, sink, limits) {
      session.executed.push(code);
      return behave(code, sink, limits, session);
    },
    async files(limit): Promise<SessionFile[]> {
      const files = [...session.content].map(([path, bytes]) => ({
        path,
        bytes: bytes.length,
        modifiedAt: 1.5,
      }));
      return files.sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, limit);
    },
    async read(path) {
      return session.content.get(path) ?? new Uint8Array();
    },
    end(reason) {
      alive = false;
      for (const run of listeners) run(reason);
    },
    async close() {
      alive = false;
      session.closed = true;
    },
  };
  return session;
}
