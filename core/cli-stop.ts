/** Milliseconds between checks whether npx's shell is still running. */
const LOOK_MS = 250;

/**
 * The first of SIGTERM, SIGINT and SIGHUP drains and exits with 0, the second exits at once. npx runs the command in its
 * own shell and sends signals to that shell alone. So the end of the shell counts as a signal too.
 */
export function stopOnSignals(env: NodeJS.ProcessEnv, close: () => Promise<void>): void {
  let stopping = false;
  const drain = () => {
    stopping = true;
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  const stop = () => {
    if (stopping) process.exit(1);
    drain();
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
  if (env.npm_lifecycle_event === "npx")
    whenParentEnds(() => {
      if (!stopping) drain();
    });
}

function whenParentEnds(ended: () => void): void {
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    ended();
  }, LOOK_MS).unref();
}
