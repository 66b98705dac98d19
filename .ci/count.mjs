// node count.mjs <vitest's JSON report> <steps that failed>: prints the verdict and exits with it.
import { existsSync, readFileSync } from "node:fs";

const [path, broken] = process.argv.slice(2);
const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
const tests = report?.testResults.flatMap((file) => file.assertionResults) ?? [];
const passed = tests.filter(({ status }) => status === "passed").length;
const notPassed = tests.filter(({ status }) => status !== "passed");
for (const { status, fullName } of notPassed) console.log(`${status}: ${fullName}`);
// A step may fail for other reasons than its tests: a file that does not load, an unhandled rejection.
const failed = Math.max(notPassed.length, Number(broken), passed === 0 ? 1 : 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
