import { createHash } from "node:crypto";
import { NotFoundError } from "../../core/index.ts";
import type { Container } from "./container.ts";
import type { Interpreter } from "./interpreter.ts";
import type { SessionFile } from "./runtime.ts";

/** Where the working directory appears to be, whatever it is called where the code runs. OpenAI API: `path`. */
const WORKING_DIRECTORY = "/mnt/data";
/** Milliseconds that listing and reading wait for an execution to end, and for the answer. */
const TIMEOUT_MS = 30_000;
/** Control characters, which no name that is shown may hold. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu;

/** Files of the working directory; none while nothing was run there. @throws RuntimeError */
export async function listFiles(
  { queue, limits }: Interpreter,
  container: Container,
  ending: AbortSignal,
): Promise<SessionFile[]> {
  const { session } = container;
  if (!session?.alive) return [];
  const signal = AbortSignal.any([ending, AbortSignal.timeout(TIMEOUT_MS)]);
  container.touch();
  return queue.run(container.id, signal, () => session.files(limits.files, signal));
}

/** One file by its id. @throws NotFoundError, RuntimeError `too_large` */
export async function readFile(
  interpreter: Interpreter,
  container: Container,
  fileId: string,
  ending: AbortSignal,
  { content }: { content: boolean },
): Promise<{ entry: SessionFile; content: Uint8Array }> {
  const files = await listFiles(interpreter, container, ending);
  const entry = files.find(({ path }) => fileIdOf(container, path) === fileId);
  const { session } = container;
  if (!entry || !session)
    throw new NotFoundError(`File "${fileId.slice(0, 100)}" not found in this container.`, {
      param: "file_id",
      code: "file_not_found",
    });
  if (!content) return { entry, content: new Uint8Array() };
  const signal = AbortSignal.any([ending, AbortSignal.timeout(TIMEOUT_MS)]);
  return {
    entry,
    content: await interpreter.queue.run(container.id, signal, () =>
      session.read(entry.path, interpreter.limits.fileBytes, signal),
    ),
  };
}

export function toFileObject(container: Container, { path, bytes, modifiedAt }: SessionFile) {
  return {
    id: fileIdOf(container, path),
    object: "container.file",
    container_id: container.id,
    created_at: modifiedAt,
    bytes,
    path: `${WORKING_DIRECTORY}/${path.toWellFormed().replace(UNPRINTABLE, "\u{fffd}")}`,
    source: "assistant",
  };
}

/** The same path has the same id as long as the container lives: nothing needs to be kept. */
function fileIdOf({ id }: Container, path: string): string {
  return `cfile_${createHash("sha256").update(`${id}\0${path}`).digest("hex").slice(0, 48)}`;
}
