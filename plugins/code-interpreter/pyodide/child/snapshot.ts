import { closeSync, fstatSync, readSync, writeSync } from "node:fs";
import { SNAPSHOT_FD, SNAPSHOT_HEADER_BYTES } from "./limits.ts";

/** The snapshot that the gateway has checked. @throws when it cannot be read whole */
export function readSnapshot(): Uint8Array {
  const snapshot = new Uint8Array(fstatSync(SNAPSHOT_FD).size - SNAPSHOT_HEADER_BYTES);
  for (let at = 0; at < snapshot.length; ) {
    const read = readSync(SNAPSHOT_FD, snapshot, at, snapshot.length - at, SNAPSHOT_HEADER_BYTES + at);
    if (read === 0) throw new Error("the snapshot is shorter than its file");
    at += read;
  }
  closeSync(SNAPSHOT_FD);
  return snapshot;
}

/** Leaves the header to the gateway. Closed before any code of strangers runs: other sessions will load it. */
export function writeSnapshot(snapshot: Uint8Array): void {
  for (let at = 0; at < snapshot.length; )
    at += writeSync(SNAPSHOT_FD, snapshot, at, snapshot.length - at, SNAPSHOT_HEADER_BYTES + at);
  closeSync(SNAPSHOT_FD);
}
