import { type OutputSink, RuntimeError, type Session } from "../runtime.ts";

const ROUNDS = 5;
const TIMEOUT_MS = 20_000;
/** Milliseconds: above, the server waits for acknowledgements before it sends on. */
const SLOW_ROUND_TRIP_MS = 30;

/** Runs a little code in a session of its own. @throws RuntimeError when it cannot run */
export async function examine(session: Session, signal: AbortSignal): Promise<Record<string, unknown>> {
  const found = await run(
    session,
    'print(__import__("importlib.util").util.find_spec("matplotlib") is not None)',
    signal,
  );
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    await run(session, "1", signal);
    times.push(performance.now() - start);
  }
  const roundTripMs = Math.round((times.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0) * 10) / 10;
  return {
    matplotlib: found.trim() === "True",
    roundTripMs,
    ...(roundTripMs > SLOW_ROUND_TRIP_MS
      ? {
          hint: "slow: the server does not set TCP_NODELAY (examples/code-interpreter/jupyter_server_config.py)",
        }
      : {}),
  };
}

async function run(session: Session, code: string, signal: AbortSignal): Promise<string> {
  let text = "";
  const sink: OutputSink = {
    text: (_stream, more) => {
      text += more;
    },
    cut: () => {},
    image: () => {},
  };
  const end = await session.execute(code, sink, { timeoutMs: TIMEOUT_MS, signal, logCharacters: 1000 });
  signal.throwIfAborted();
  if (end.kind === "finished" || end.kind === "raised") return text;
  throw new RuntimeError(
    "unavailable",
    `Code could not be run in the kernel: it ${end.kind.replace("_", " ")}.`,
  );
}
