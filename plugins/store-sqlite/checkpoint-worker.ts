import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

// Runs in a thread of its own, on a connection of its own: copying the log into the database and waiting for
// the disk would hold up every request otherwise.
const db = new DatabaseSync(workerData as string, { timeout: 1_000 });
db.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");

parentPort?.on("message", () => {
  try {
    checkpoint.get();
    parentPort?.postMessage({});
  } catch (error) {
    parentPort?.postMessage({ error: String(error) });
  }
});
