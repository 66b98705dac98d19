#!/usr/bin/env node
// Nothing is imported before the version is known: older versions could not even read what follows.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(
    `vr needs Node 24 or newer, and this is ${process.versions.node}: install Node 24 from https://nodejs.org\n`,
  );
  process.exit(1);
}
const { main } = await import("./cli-main.ts");
await main(process.argv.slice(2));

export {};
