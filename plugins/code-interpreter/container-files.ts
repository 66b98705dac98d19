import { createHash } from "node:crypto";
import { NotFoundError, within } from "../../core/index.ts";
import type { Container } from "./container.ts";
import type { Interpreter } from "./interpreter.ts";
import { RuntimeError, type Session, type SessionFile } from "./runtime.ts";

/** Where the working directory appears to be, whatever it is called where the code runs. OpenAI API: `path`. */
const WORKING_DIRECTORY = "/mnt/data";
/** Milliseconds that listing and reading wait for an execution to end, and for the answer. */
const TIMEOUT_MS = 30_000;
/** Control characters, which no name that is shown may hold. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu;

/** Files of the working directory; none while nothing was run there. @throws RuntimeError */
export async function listFiles(
  interpreter: Interpreter,
  container: Container,
  ending: AbortSignal,
): Promise<SessionFile[]> {
  const files = await inTurn(interpreter, container, ending, (session, signal) =>
    session.files(interpreter.limits.files, signal),
  );
  return files ?? [];
}

/** One file by its id. @throws NotFoundError */
export async function findFile(
  interpreter: Interpreter,
  container: Container,
  fileId: string,
  ending: AbortSignal,
): Promise<SessionFile> {
  const files = await listFiles(interpreter, container, ending);
  const file = files.find(({ path }) => fileIdOf(container, path) === fileId);
  if (!file) throw notFound(fileId);
  return file;
}

/** The content of one file by its id. @throws NotFoundError, RuntimeError `too_large` */
export async function readFile(
  interpreter: Interpreter,
  container: Container,
  fileId: string,
  ending: AbortSignal,
): Promise<{ file: SessionFile; content: Uint8Array }> {
  const file = await findFile(interpreter, container, fileId, ending);
  const content = await inTurn(interpreter, container, ending, (session, signal) =>
    session.read(file.path, interpreter.limits.fileBytes, signal),
  );
  if (!content) throw notFound(fileId);
  return { file, content };
}

/** What `work` gives when no execution is in its way; `undefined` where there is no session. */
async function inTurn<T>(
  { queue }: Interpreter,
  container: Container,
  ending: AbortSignal,
  work: (session: Session, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  if (!container.session?.alive) return undefined;
  const late = () => new RuntimeError("busy", "The container is busy: try again later.");
  return within({ ms: TIMEOUT_MS, stop: ending, late }, (signal) =>
    container.use(() =>
      // What holds the turn may have ended the session.
      queue.run(container.id, signal, async () => container.session && work(container.session, signal)),
    ),
  );
}

const notFound = (fileId: string) =>
  new NotFoundError(`File "${fileId.slice(0, 100)}" not found in this container.`, {
    param: "file_id",
    code: "file_not_found",
  });

export function toFileObject(container: Container, { path, bytes, modifiedAt }: SessionFile) {
  return {
    id: fileIdOf(container, path),
    object: "container.file",
    container_id: container.id,
    created_at: Math.floor(modifiedAt),
    bytes,
    path: `${WORKING_DIRECTORY}/${printable(path)}`,
    source: "assistant",
  };
}

/** What may be shown: code chose the name. */
export function printable(path: string): string {
  return path.toWellFormed().replace(UNPRINTABLE, "\u{fffd}");
}

/** The same path has the same id as long as the container lives: nothing needs to be kept. */
function fileIdOf({ id }: Container, path: string): string {
  return `cfile_${createHash("sha256").update(`${id}\0${path}`).digest("hex").slice(0, 48)}`;
}
