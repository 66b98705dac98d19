import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { Copied } from "./checkpoint.ts";

// Runs in its own thread, with its own connection. Otherwise copying the log into the database and waiting for the disk
// would delay every request.
const db = new DatabaseSync(workerData as string, { timeout: 1_000 });
db.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
const { page_size: pageSize } = db.prepare("PRAGMA page_size").get() as { page_size: number };

parentPort?.on("message", () => {
  let copied: Copied;
  try {
    // The size of the log, and how much of it has been copied into the database, both in pages.
    const { log, checkpointed } = checkpoint.get() as { log: number; checkpointed: number };
    copied = { isWhole: checkpointed === log, logBytes: log * pageSize };
  } catch (error) {
    copied = { error: String(error) };
  }
  parentPort?.postMessage(copied);
});
